//! Telling somebody that a run is published.

use abaco_pipeline::fetch::{FetchError, HttpSettings, SecretUrl};
use abaco_pipeline::outbox::{Deliver, DeliveryError, PublishedRun};
use serde_json::{Value, json};
use url::Url;

use super::request::{Agents, Asked, is_local, parse};
use super::token;

/// How long the other side may take to answer: it is told of a run, and need not have worked on it.
const ANSWER_SECONDS_MAX: u64 = 30;

/// Sends a short JSON document about each published run to an address, for dashboards and whatever else waits for runs.
///
/// It names the run, its digest and its snapshot, and holds no figure: who wants figures reads the run. Any status from 200
/// to 299 means that it has arrived; redirects are not followed. It may come twice, and always with the same
/// `Idempotency-Key`. Errors name the host alone: the rest of the address may be a secret.
pub struct WebhookOutput {
    url: SecretUrl,
    agents: Agents,
}

impl WebhookOutput {
    /// An output; `env` finds the variable that holds the bearer token, if one is named.
    ///
    /// # Errors
    /// What is wrong with the address or the token, without either.
    pub fn new(
        url: SecretUrl,
        token_env: Option<&str>,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        address(&url).map_err(|error| error.message)?;
        let token = token_env.map(|name| token(name, env)).transpose().map_err(|error| error.message)?;
        let settings = HttpSettings {
            read_timeout_seconds: ANSWER_SECONDS_MAX,
            total_timeout_seconds: 2 * ANSWER_SECONDS_MAX,
            ..HttpSettings::default()
        };
        Ok(Self { url, agents: Agents::new(&settings, token) })
    }
}

impl Deliver for WebhookOutput {
    fn deliver(&self, run: &PublishedRun) -> Result<(), DeliveryError> {
        let url = address(&self.url).map_err(|error| DeliveryError::lasting(error.message))?;
        // The path of such an address is often what opens it.
        let told = |error: String| format!("{}: {error}", url.origin().ascii_serialization());
        let body = about(run).to_string();
        let asked = self.agents.post(&url, &run.run_id, body.as_bytes());
        match asked {
            Ok(Asked::Taken) => Ok(()),
            Ok(Asked::Refused { status, may_pass }) => {
                let message = told(format!("expected a status from 200 to 299, found {status}"));
                Err(DeliveryError { message, retry: may_pass })
            }
            Err(error) => Err(DeliveryError { message: told(error.message), retry: error.retry }),
        }
    }
}

/// An address that may be told; `allow_http` is a setting of inputs, not of outputs.
fn address(url: &SecretUrl) -> Result<Url, FetchError> {
    let url = parse(url.expose(), true)?;
    match url.scheme() == "https" || is_local(&url) {
        true => Ok(url),
        false => Err(FetchError::lasting("expected https; plain http is for this machine only")),
    }
}

/// What is told of a run.
fn about(run: &PublishedRun) -> Value {
    let of = |key: &str| run.document.get(key).cloned().unwrap_or(Value::Null);
    json!({
        "schema_version": 1,
        "event": "run_published",
        "run_id": run.run_id,
        "identity": of("identity"),
        "portfolio": of("portfolio"),
        "as_of": of("as_of"),
        "known_at": of("known_at"),
        "manifest_sha256": run.manifest_sha256,
    })
}

impl std::fmt::Debug for WebhookOutput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookOutput").finish_non_exhaustive()
    }
}
