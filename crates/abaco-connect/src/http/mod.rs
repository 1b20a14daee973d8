//! Inputs over HTTP: fetched whole or not at all, politely, and without giving a token to anybody else.

mod body;
mod breaker;
mod clock;
mod pace;
mod request;
mod retry_after;
mod webhook;

use std::collections::HashMap;
use std::io::{Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use abaco_pipeline::fetch::{Fetch, FetchError, HttpSettings};
use abaco_pipeline::{Retry, Watch};
use url::Url;

use self::breaker::Breaker;
pub use self::clock::{Clock, SystemClock};
use self::pace::Pace;
use self::request::{Agents, Attempt};
pub use self::webhook::WebhookOutput;

/// How finely a wait is cut, so that a cancelled one ends soon.
const SLICE: Duration = Duration::from_millis(50);

/// What was fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fetched {
    /// How long it is.
    pub bytes: u64,
    /// How many tries it took.
    pub tries: u64,
}

/// A client that remembers, between fetches, which hosts are down and when it asked last.
///
/// Plain `http://` is only for this machine unless the settings allow it. Redirects are followed, five at most, never from
/// `https` to `http`, and the token goes only to the host for which it was meant. A body that is shorter than announced,
/// or of which nobody says where it ends, is an error.
pub struct Http {
    settings: HttpSettings,
    agents: Agents,
    clock: Arc<dyn Clock>,
    breakers: Mutex<HashMap<String, Breaker>>,
    pace: Mutex<Pace>,
}

/// Fetches one address with a client of its own.
///
/// # Errors
/// As [`Http::new`] and [`Http::fetch`].
pub fn fetch(
    url: &str,
    into: &mut dyn Write,
    settings: &HttpSettings,
    watch: &Watch,
) -> Result<Fetched, FetchError> {
    Http::new(settings.clone(), &|name| std::env::var(name).ok())?.fetch(url, into, watch)
}

impl Http {
    /// A client; `env` finds the variable that holds the token.
    ///
    /// # Errors
    /// A token that is named and not there, or is no token.
    pub fn new(settings: HttpSettings, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, FetchError> {
        Self::with_clock(settings, env, Arc::new(SystemClock))
    }

    /// A client that tells the time by another clock.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_clock(
        settings: HttpSettings,
        env: &dyn Fn(&str) -> Option<String>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, FetchError> {
        let token = settings.token_env.as_deref().map(|name| token(name, env)).transpose()?;
        Ok(Self {
            agents: Agents::new(&settings, token),
            pace: Mutex::new(Pace::new(settings.requests_per_second)),
            breakers: Mutex::default(),
            clock,
            settings,
        })
    }

    /// Writes the bytes behind `url` to `into` once all of them are there; each try starts with an empty file.
    ///
    /// # Errors
    /// [`FetchError`], without user, password, query or token.
    pub fn fetch(&self, url: &str, into: &mut dyn Write, watch: &Watch) -> Result<Fetched, FetchError> {
        let url = request::parse(url, self.settings.allow_http)?;
        let host =
            format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(0));
        let now = self.clock.now();
        self.breaker(&host, |breaker| breaker.allow(now)).map_err(|left| {
            FetchError::passing(format!(
                "the host failed {} times in a row; it is asked again in {} s",
                self.settings.circuit_failures,
                left.as_secs()
            ))
        })?;
        let result = self.tries(&url, into, watch);
        let now = self.clock.now();
        self.breaker(&host, |breaker| match &result {
            Err(error) if error.cancelled => breaker.abandoned(now),
            // A host that refuses is alive.
            Err(error) if error.retry => breaker.failed(now),
            _ => breaker.succeeded(),
        });
        result
    }

    fn tries(&self, url: &Url, into: &mut dyn Write, watch: &Watch) -> Result<Fetched, FetchError> {
        let retry = Retry {
            base: Duration::from_millis(self.settings.retry_base_ms),
            times: usize::try_from(self.settings.retries).unwrap_or(usize::MAX),
        };
        let mut waits = retry.waits();
        for tries in 1.. {
            let wait = held(&self.pace).next(self.clock.now());
            self.wait(wait, watch)?;
            let mut file = tempfile::tempfile().map_err(|error| disk(&error))?;
            let attempt = Attempt { agents: &self.agents, settings: &self.settings, watch };
            let failed = match attempt.fetch(url, &mut file) {
                Ok(bytes) => {
                    file.seek(SeekFrom::Start(0)).map_err(|error| disk(&error))?;
                    std::io::copy(&mut file, into).map_err(|error| disk(&error))?;
                    return Ok(Fetched { bytes, tries });
                }
                Err(failed) => failed,
            };
            if !failed.error.retry {
                return Err(failed.error);
            }
            let Some(wait) = waits.next() else { return Err(failed.error) };
            let wait = match failed.retry_after {
                Some(asked) if asked > Duration::from_secs(self.settings.retry_after_limit_seconds) => {
                    let message = format!("{}; it asks to wait {} s", failed.error, asked.as_secs());
                    return Err(FetchError { message, ..failed.error });
                }
                Some(asked) => asked.max(wait),
                None => wait,
            };
            self.wait(wait, watch)?;
        }
        // The loop has no end of its own.
        Err(FetchError::lasting("tried too often"))
    }

    fn wait(&self, wait: Duration, watch: &Watch) -> Result<(), FetchError> {
        let mut left = wait;
        loop {
            if watch.is_cancelled() {
                return Err(FetchError::cancelled());
            }
            if left.is_zero() {
                return Ok(());
            }
            let slice = left.min(SLICE);
            self.clock.sleep(slice);
            left -= slice;
        }
    }

    fn breaker<T>(&self, host: &str, use_it: impl FnOnce(&mut Breaker) -> T) -> T {
        let mut breakers = held(&self.breakers);
        let new = || {
            let open = Duration::from_secs(self.settings.circuit_open_seconds);
            Breaker::new(self.settings.circuit_failures, open)
        };
        use_it(breakers.entry(host.to_owned()).or_insert_with(new))
    }
}

impl Fetch for Http {
    fn fetch(&self, url: &str, into: &mut dyn Write, watch: &Watch) -> Result<(), FetchError> {
        Http::fetch(self, url, into, watch).map(drop)
    }
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http").field("settings", &self.settings).finish_non_exhaustive()
    }
}

fn token(name: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<String, FetchError> {
    let token =
        env(name).ok_or_else(|| FetchError::lasting(format!("environment variable `{name}` is not set")))?;
    let token = token.trim();
    let plain = |byte: u8| byte.is_ascii_graphic();
    if token.is_empty() || !token.bytes().all(plain) {
        return Err(FetchError::lasting(format!(
            "environment variable `{name}`: expected a token of visible characters"
        )));
    }
    Ok(token.to_owned())
}

fn disk(error: &std::io::Error) -> FetchError {
    FetchError::lasting(format!("a temporary file: {error}"))
}

/// What these locks guard is whole after each use, so a thread that panicked has spoilt nothing.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
