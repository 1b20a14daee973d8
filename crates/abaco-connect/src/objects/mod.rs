//! Object stores: `file://`, and with the features `s3`, `azure` and `gcs` those of the clouds.
//!
//! Credentials come from the environment as the stores' own tools read it: `AWS_*`, `AZURE_*` and `GOOGLE_*`.

mod deliver;
mod fetch;

use abaco_pipeline::fetch::without_secrets;
use object_store::path::Path;
use object_store::{Error, ObjectStore};
use url::Url;

pub use self::deliver::ObjectOutput;
pub use self::fetch::fetch;

/// A store and a place in it.
pub(crate) type Place = (Box<dyn ObjectStore>, Path);

/// The store that an address names.
pub(crate) fn open(url: &str) -> Result<Place, String> {
    // The parser's message may show a part of what it did not understand.
    let url = Url::parse(url).map_err(|_| "expected an address such as s3://bucket/path".to_owned())?;
    match (url.scheme(), feature(url.scheme())) {
        ("file", _) => {}
        (_, Some((_, true))) => {}
        (scheme, Some((feature, false))) => {
            return Err(format!("`{scheme}://` needs a build with the feature `{feature}`"));
        }
        (scheme, None) => {
            return Err(format!("expected file, s3, az, gs, http or https, found `{scheme}`"));
        }
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("expected an address without user and password".to_owned());
    }
    object_store::parse_url_opts(&url, options()).map_err(|error| words(&error))
}

/// The feature that a scheme needs, and whether this build has it.
fn feature(scheme: &str) -> Option<(&'static str, bool)> {
    match scheme {
        "s3" | "s3a" => Some(("s3", cfg!(feature = "s3"))),
        "az" | "adl" | "azure" | "abfs" | "abfss" => Some(("azure", cfg!(feature = "azure"))),
        "gs" => Some(("gcs", cfg!(feature = "gcs"))),
        _ => None,
    }
}

/// What the environment says about the stores. Other variables could be taken for options by their names.
fn options() -> impl Iterator<Item = (String, String)> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os()
        .filter_map(text)
        .filter(|(name, _)| ["AWS_", "AZURE_", "GOOGLE_"].iter().any(|start| name.starts_with(start)))
}

/// What a store says, with no query or user in any address.
pub(crate) fn words(error: &Error) -> String {
    let text = error.to_string();
    let word = |word: &str| match word.find("://") {
        Some(_) => without_secrets(word),
        None => word.to_owned(),
    };
    text.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

/// Whether another try may help.
pub(crate) fn may_pass(error: &Error) -> bool {
    matches!(error, Error::Generic { .. } | Error::JoinError { .. } | Error::Precondition { .. })
}
