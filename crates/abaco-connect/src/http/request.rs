//! One try: a request, the redirects that it meets, and the answer.

use std::fs::File;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime};

use abaco_pipeline::Watch;
use abaco_pipeline::fetch::{FetchError, HttpSettings};
use ureq::http::{Response, StatusCode, header};
use ureq::{Agent, Body};
use url::{Host, Url};

use super::{body, retry_after};

/// How often a server may point elsewhere.
const MAX_REDIRECTS: usize = 5;

/// Why a try failed, and how long the server asks to wait.
pub(super) struct Failed {
    pub(super) error: FetchError,
    pub(super) retry_after: Option<Duration>,
}

impl From<FetchError> for Failed {
    fn from(error: FetchError) -> Self {
        Self { error, retry_after: None }
    }
}

/// The clients: a proxy that the environment names is not for this machine's own addresses.
pub(super) struct Agents {
    remote: Agent,
    local: Agent,
    token: Option<String>,
}

impl Agents {
    pub(super) fn new(settings: &HttpSettings, token: Option<String>) -> Self {
        let seconds = Duration::from_secs;
        let config = || {
            Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .max_redirects_will_error(false)
                .user_agent(concat!("abaco/", env!("CARGO_PKG_VERSION")))
                .accept_encoding("identity")
                .timeout_connect(Some(seconds(settings.connect_timeout_seconds)))
                .timeout_recv_response(Some(seconds(settings.read_timeout_seconds)))
                .timeout_per_read(Some(seconds(settings.read_timeout_seconds)))
                .timeout_global(Some(seconds(settings.total_timeout_seconds)))
        };
        Self { remote: config().build().into(), local: config().proxy(None).build().into(), token }
    }
}

/// What became of something that was sent.
pub(super) enum Asked {
    Taken,
    Refused {
        status: u16,
        /// Whether the same may be taken another time.
        may_pass: bool,
    },
}

impl Agents {
    /// Sends a JSON document, with a key by which the other side knows it again.
    pub(super) fn post(&self, url: &Url, key: &str, json: &[u8]) -> Result<Asked, FetchError> {
        let agent = if is_local(url) { &self.local } else { &self.remote };
        let mut request = agent
            .post(url.as_str())
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", key);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let status = request.send(json).map_err(|error| described(&error))?.status();
        Ok(match status.is_success() {
            true => Asked::Taken,
            false => Asked::Refused { status: status.as_u16(), may_pass: may_pass(status) },
        })
    }
}

pub(super) struct Attempt<'a> {
    pub(super) agents: &'a Agents,
    pub(super) settings: &'a HttpSettings,
    pub(super) watch: &'a Watch,
}

impl Attempt<'_> {
    /// Writes the answer to the file, and gives its length.
    pub(super) fn fetch(&self, url: &Url, file: &mut File) -> Result<u64, Failed> {
        let mut at = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            if self.watch.is_cancelled() {
                return Err(FetchError::cancelled().into());
            }
            let response = self.ask(&at, at.origin() == url.origin())?;
            let status = response.status();
            match status {
                StatusCode::OK => return Ok(body::save(response, &at, file, self.settings, self.watch)?),
                _ if is_redirect(status) => at = self.redirected(&at, &response)?,
                _ => return Err(refused(status, &response)),
            }
        }
        Err(FetchError::lasting(format!("expected at most {MAX_REDIRECTS} redirects, found more")).into())
    }

    fn ask(&self, url: &Url, with_token: bool) -> Result<Response<Body>, FetchError> {
        let agent = if is_local(url) { &self.agents.local } else { &self.agents.remote };
        let mut request = agent.get(url.as_str());
        if let Some(token) = self.agents.token.as_ref().filter(|_| with_token) {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        request.call().map_err(|error| described(&error))
    }

    fn redirected(&self, from: &Url, response: &Response<Body>) -> Result<Url, FetchError> {
        let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
        let to = location.and_then(|location| from.join(location).ok());
        let to = to.ok_or_else(|| FetchError::lasting("a redirect without an address"))?;
        if from.scheme() == "https" && to.scheme() != "https" {
            return Err(FetchError::lasting("a redirect from https to an address without"));
        }
        check(&to, self.settings.allow_http)
            .map_err(|error| FetchError::lasting(format!("a redirect: {error}")))?;
        Ok(to)
    }
}

/// An address that may be asked.
pub(super) fn parse(text: &str, allow_http: bool) -> Result<Url, FetchError> {
    // The parser's message may show a part of what it did not understand.
    let url =
        Url::parse(text).map_err(|_| FetchError::lasting("expected an address such as https://host/path"))?;
    check(&url, allow_http)?;
    Ok(url)
}

fn check(url: &Url, allow_http: bool) -> Result<(), FetchError> {
    match url.scheme() {
        "https" => {}
        "http" if allow_http || is_local(url) => {}
        "http" => {
            return Err(FetchError::lasting(
                "expected https; plain http leaves this machine only with `allow_http`",
            ));
        }
        other => return Err(FetchError::lasting(format!("expected https, found `{other}`"))),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(FetchError::lasting(
            "expected an address without user and password; a token comes from the variable that `token_env` names",
        ));
    }
    Ok(())
}

pub(super) fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => Ipv4Addr::is_loopback(&address),
        Some(Host::Ipv6(address)) => Ipv6Addr::is_loopback(&address),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn may_pass(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
}

fn refused(status: StatusCode, response: &Response<Body>) -> Failed {
    let message = format!("expected status 200, found {}", status.as_u16());
    if !may_pass(status) {
        return FetchError::lasting(message).into();
    }
    let asked = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = asked.and_then(|text| retry_after::wait(text, SystemTime::now().into()));
    Failed { error: FetchError::passing(message), retry_after }
}

/// What went wrong on the way, in words without an address.
pub(super) fn described(error: &ureq::Error) -> FetchError {
    match error {
        ureq::Error::Timeout(what) => FetchError::passing(format!("timed out: {what}")),
        ureq::Error::HostNotFound => FetchError::passing("host not found"),
        ureq::Error::ConnectionFailed => FetchError::passing("the connection failed"),
        ureq::Error::Io(error) => {
            match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                Some(error) => tls(error),
                None => FetchError::passing(error.to_string()),
            }
        }
        ureq::Error::Protocol(error) => FetchError::passing(format!("a broken answer: {error}")),
        ureq::Error::Rustls(error) => tls(error),
        ureq::Error::Tls(error) => FetchError::lasting(format!("tls: {error}")),
        ureq::Error::LargeResponseHeader(..) => FetchError::lasting("the answer's header is too long"),
        // Whatever else there is may show the address.
        _ => FetchError::lasting("the request could not be made"),
    }
}

fn tls(error: &rustls::Error) -> FetchError {
    FetchError::lasting(format!("tls: {error}"))
}
