//! Where runs come from and go to beyond the local disk: HTTP, object stores, PostgreSQL.
//!
//! [`Sources`] brings inputs that have an address, and [`outputs`] makes what a configuration lists able to take published
//! runs. Neither knows what a KPI means; the pipeline knows neither, only the traits `Fetch` and `Deliver`.

pub mod http;
pub mod objects;
pub mod postgres;

mod digest;
mod folder;
mod outputs;
mod runtime;
mod sources;

pub use self::folder::FolderOutput;
pub use self::outputs::{Named, outputs};
pub use self::sources::Sources;
