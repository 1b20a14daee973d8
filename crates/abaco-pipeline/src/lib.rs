//! How a run happens: ingest, validate, transform, calculate, publish.
//!
//! A [`contract`] says what a tape must look like, a [`source`] reads CSV, JSON lines, Parquet or Arrow IPC, and [`ingest`]
//! turns both into a stream of exact Arrow record batches and a report; a [`run`] computes the KPIs of a [`config`] and publishes them.
//! No number passes through a float unless a column of the contract says `from_float: shortest`.
//!
//! ```no_run
//! use abaco_pipeline::contract::Contract;
//! use abaco_pipeline::ingest::{self, IngestOptions, Needed};
//!
//! # fn main() -> Result<(), abaco_pipeline::PipelineError> {
//! let contract = Contract::load("config/contracts/par_balances.yml")?;
//! let mut tape = ingest::open("tape.csv", &contract, &Needed::all(), &IngestOptions::default())?;
//! for batch in &mut tape {
//!     println!("{} rows", batch?.num_rows());
//! }
//! println!("{} rows in all", tape.report().rows);
//! # Ok(())
//! # }
//! ```

pub mod artefacts;
pub mod audit;
pub mod calendar;
pub mod canonical_json;
pub mod chain;
pub mod config;
pub mod contract;
pub mod duplicates;
pub mod fetch;
pub mod history;
pub mod ingest;
pub mod ledger;
pub mod lock;
pub mod mask;
pub mod outbox;
pub mod quality;
pub mod quarantine;
pub mod run;
pub mod seal;
pub mod signature;
pub mod source;
pub mod spans;
pub mod storage;
pub mod transform;
pub mod verify;
pub mod yaml;

mod catalogue;
mod env;
mod error;
mod panel;
mod published;
mod retry;
mod watch;

pub use catalogue::Catalogue;
pub use config::PipelineConfig;
pub use retry::Retry;
pub use run::{Pipeline, Run, RunOptions, RunRequest};
pub use watch::Watch;

pub use error::{CellError, CellProblem, ErrorKind, PipelineError, RuleError};

/// The Arrow whose types this crate returns, so that versions match.
pub use arrow;
