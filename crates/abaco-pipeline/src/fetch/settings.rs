//! How addresses are fetched over HTTP, as a configuration says it.

use serde::{Deserialize, Serialize};

/// How addresses are fetched over HTTP.
///
/// ```
/// let settings = abaco_pipeline::fetch::HttpSettings::default();
/// assert_eq!((settings.retries, settings.retry_base_ms), (3, 1_500));
/// assert_eq!((settings.circuit_failures, settings.circuit_open_seconds), (3, 120));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpSettings {
    /// The environment variable that holds a bearer token; without it none is sent.
    pub token_env: Option<String>,
    /// How long a connection may take to come about.
    pub connect_timeout_seconds: u64,
    /// How long a server may be silent before or within its answer.
    pub read_timeout_seconds: u64,
    /// How long one try may take in all.
    pub total_timeout_seconds: u64,
    /// How often a try that failed is repeated.
    pub retries: u32,
    /// The first wait before a repetition, which doubles and gets some jitter.
    pub retry_base_ms: u64,
    /// The longest wait that a server may ask for with `Retry-After`.
    pub retry_after_limit_seconds: u64,
    /// How many requests start within a second at most.
    pub requests_per_second: Option<u32>,
    /// After so many failed fetches in a row a host is left alone for a while.
    pub circuit_failures: u32,
    /// How long.
    pub circuit_open_seconds: u64,
    /// The most bytes that an answer may have.
    pub max_bytes: u64,
    /// Whether plain `http://` may leave this machine.
    pub allow_http: bool,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            token_env: None,
            connect_timeout_seconds: 10,
            read_timeout_seconds: 30,
            total_timeout_seconds: 1_800,
            retries: 3,
            retry_base_ms: 1_500,
            retry_after_limit_seconds: 60,
            requests_per_second: None,
            circuit_failures: 3,
            circuit_open_seconds: 120,
            max_bytes: 16 << 30,
            allow_http: false,
        }
    }
}
