//! Inputs by the scheme of their address.

use std::io::Write;

use abaco_pipeline::Watch;
use abaco_pipeline::fetch::{Fetch, FetchError, HttpSettings};

use crate::http::Http;
use crate::objects;

/// Fetches `http` and `https` over HTTP, and everything else from object stores.
#[derive(Debug)]
pub struct Sources {
    http: Http,
}

impl Sources {
    /// Sources with these settings for HTTP; `env` finds the variable that holds the token.
    ///
    /// # Errors
    /// As [`Http::new`].
    pub fn new(http: HttpSettings, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, FetchError> {
        Ok(Self { http: Http::new(http, env)? })
    }
}

impl Fetch for Sources {
    fn fetch(&self, url: &str, into: &mut dyn Write, watch: &Watch) -> Result<(), FetchError> {
        let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme).to_ascii_lowercase();
        match scheme.as_str() {
            "http" | "https" => self.http.fetch(url, into, watch).map(drop),
            _ => objects::fetch(url, into, watch).map(drop),
        }
    }
}
