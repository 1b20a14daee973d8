//! The laws every KPI obeys, strategies for tapes, and a naive exact oracle.
//!
//! For everybody who writes a KPI: describe it with `abaco-kpi`, then let [`assert_kpi_laws`] show that any
//! order, split, batch size and thread count give the same bits, and that the engine agrees with an
//! interpretation of the formula that is too simple to be wrong.
//!
//! ```
//! use abaco_kpi::{FormulaKpi, KpiSpec, Unit, col, sum};
//!
//! let overdue = FormulaKpi::new(
//!     KpiSpec::new("overdue_share", "Overdue share", Unit::Percent),
//!     100 * sum("outstanding_balance").filter(col("dpd").gt(0)) / sum("outstanding_balance"),
//! );
//! abaco_testkit::assert_kpi_laws(&overdue);
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | [`Tape`] | a table of rows that becomes Arrow batches of any width |
//! | [`strategy`] | tapes with the values at which arithmetic breaks |
//! | [`oracle`] | formulas interpreted row by row over rational numbers |
//! | [`laws`] | what holds for every KPI, as functions and as one assertion |
#![deny(clippy::float_arithmetic)]

mod error;
pub mod laws;
pub mod oracle;
pub mod strategy;
mod tape;

pub use error::{ErrorKind, TapeError};
pub use laws::{Laws, Violation, assert_kpi_laws};
pub use oracle::Oracle;
pub use tape::{Cell, CellType, Layout, Tape, TextLayout, Width};
