//! The connection: encrypted unless told otherwise, and with a limit for every wait.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use abaco_pipeline::fetch::SecretUrl;
use abaco_pipeline::outbox::{DeliveryError, Tls};
use postgres::config::SslMode;
use postgres::{Client, Config, NoTls};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::described;
use super::send::SendError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the network may swallow what was sent.
const SILENCE: Duration = Duration::from_secs(60);
/// A statement that takes longer is given up by the server, and so is a transaction that waits for a lock or for us.
const LIMITS: &str = "SET statement_timeout = '60s'; SET lock_timeout = '30s'; \
     SET idle_in_transaction_session_timeout = '60s'; SET client_min_messages = 'warning'";

/// What is needed to connect.
pub(super) struct Connector {
    url: SecretUrl,
    config: Config,
    tls: Option<MakeRustlsConnect>,
}

impl Connector {
    pub(super) fn new(url: &SecretUrl, tls: Tls, ca_file: Option<&Path>) -> Result<Self, String> {
        let text = url.expose();
        let wrong = || "expected a URL such as postgres://user:password@host:5432/database".to_owned();
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(wrong());
        }
        // The parser's message may show a part of what it did not understand.
        let mut config: Config = text.parse().map_err(|_| wrong())?;
        if config.get_hosts().is_empty() {
            return Err(wrong());
        }
        config
            .application_name("abaco")
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_user_timeout(SILENCE)
            .keepalives_idle(SILENCE);
        let tls = match tls {
            Tls::Require => {
                config.ssl_mode(SslMode::Require);
                Some(MakeRustlsConnect::new(client_config(ca_file)?))
            }
            Tls::Disable => {
                config.ssl_mode(SslMode::Disable);
                None
            }
        };
        Ok(Self { url: url.clone(), config, tls })
    }

    pub(super) fn connect(&self) -> Result<Client, DeliveryError> {
        let client = match &self.tls {
            Some(tls) => self.config.connect(tls.clone()),
            None => self.config.connect(NoTls),
        };
        let mut client = client.map_err(|error| self.told(error.into()))?;
        client.batch_execute(LIMITS).map_err(|error| self.told(error.into()))?;
        Ok(client)
    }

    /// An error in words that may be shown.
    pub(super) fn told(&self, error: SendError) -> DeliveryError {
        let error = match error {
            SendError::Postgres(error) => described(&error),
            SendError::Refused(message) => DeliveryError::lasting(message),
        };
        let mut message = error.message;
        if let Some(user) = self.config.get_user() {
            message = message.replace(&format!("\"{user}\""), "of the address");
        }
        DeliveryError { message: format!("{}: {message}", self.url), ..error }
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("url", &self.url).field("tls", &self.tls.is_some()).finish()
    }
}

fn client_config(ca_file: Option<&Path>) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    let certificates: Vec<CertificateDer<'_>> = match ca_file {
        Some(path) => CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect)
            .map_err(|error| format!("{}: {error}", path.display()))?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    let (added, _) = roots.add_parsable_certificates(certificates);
    if added == 0 {
        let place = ca_file.map_or("the system".to_owned(), |path| path.display().to_string());
        return Err(format!("{place}: expected certificates to trust, found none"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
