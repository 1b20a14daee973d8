//! Runs as tables in PostgreSQL: schema `analytics`, figures as `NUMERIC`.
//!
//! A run arrives in one transaction, under its identity. Sent twice it changes nothing; a restated snapshot is another row
//! with a later `known_at`; nothing is ever updated or deleted. Figures travel as text, never as a float.

mod connect;
mod error;
mod migrations;
mod rows;
mod send;

use std::path::Path;

use abaco_pipeline::fetch::SecretUrl;
use abaco_pipeline::outbox::{Deliver, DeliveryError, PublishedRun, Tls};

use self::connect::Connector;
use self::rows::Rows;

/// Sends runs to a database.
#[derive(Debug)]
pub struct PostgresOutput {
    connector: Connector,
}

impl PostgresOutput {
    /// An output for this database; nothing is connected yet.
    ///
    /// `ca_file` names certificates, in PEM, that are trusted instead of the system's.
    ///
    /// # Errors
    /// An address or a file that cannot be used.
    pub fn new(url: &SecretUrl, tls: Tls, ca_file: Option<&Path>) -> Result<Self, String> {
        Ok(Self { connector: Connector::new(url, tls, ca_file)? })
    }
}

impl Deliver for PostgresOutput {
    fn deliver(&self, run: &PublishedRun) -> Result<(), DeliveryError> {
        let rows = Rows::of(run).map_err(DeliveryError::lasting)?;
        let mut client = self.connector.connect()?;
        let told = |error: send::SendError| self.connector.told(error);
        migrations::apply(&mut client).map_err(told)?;
        send::send(&mut client, &rows).map_err(told)
    }
}
