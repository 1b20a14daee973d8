//! A database of one's own on the server that `.ci/postgres` starts.

use abaco_connect::postgres::PostgresOutput;
use abaco_pipeline::outbox::Tls;
use postgres::{Client, NoTls};

/// The server's variable.
const SERVER: &str = "ABACO_TEST_POSTGRES";

/// A database that is dropped with this.
pub(crate) struct Database {
    server: String,
    name: String,
}

impl Database {
    /// A new database, or `None` with a word about it where there is no server.
    pub(crate) fn new() -> Option<Self> {
        let Ok(server) = std::env::var(SERVER) else {
            eprintln!(
                "skipped: `{SERVER}` does not name a PostgreSQL server; `.ci/postgres start DIR` makes one"
            );
            return None;
        };
        let name = format!("test_{}", uuid::Uuid::now_v7().simple());
        connect(&server).batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        Some(Self { server, name })
    }

    pub(crate) fn url(&self) -> String {
        let (server, _) = self.server.rsplit_once('/').unwrap();
        format!("{server}/{}", self.name)
    }

    pub(crate) fn client(&self) -> Client {
        connect(&self.url())
    }

    pub(crate) fn output(&self) -> PostgresOutput {
        PostgresOutput::new(&self.url().into(), Tls::Disable, None).unwrap()
    }

    /// The answer of a query as texts, NULL as `-`, a row to a line.
    pub(crate) fn rows(&self, query: &str) -> Vec<String> {
        let wrapped = format!("SELECT q::text FROM ({query}) AS q");
        self.client().query(&wrapped, &[]).unwrap().iter().map(|row| row.get(0)).collect()
    }

    /// How many rows the three tables have.
    pub(crate) fn counts(&self) -> [i64; 3] {
        let mut client = self.client();
        ["kpi_runs", "kpi_values", "kpi_timeseries"].map(|table| {
            client.query_one(&format!("SELECT COUNT(*) FROM analytics.{table}"), &[]).unwrap().get(0)
        })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        connect(&self.server).batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).unwrap();
    }
}

fn connect(url: &str) -> Client {
    Client::connect(url, NoTls).unwrap()
}
