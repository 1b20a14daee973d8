//! What a portfolio KPI *is*: a specification and a formula over exact, mergeable measures.
//!
//! A KPI describes; an engine executes. This crate holds the description and the exact arithmetic that
//! finishes it. It does no I/O, starts no thread, reads no clock and knows no floating-point number.
//!
//! | level | type | example |
//! |---|---|---|
//! | row expression | [`RowExpr`] | `paid_principal + paid_interest` |
//! | predicate | [`Predicate`] | `dpd >= 30` |
//! | measure | [`Measure`] | `SUM(outstanding_balance) FILTER (WHERE dpd >= 30)` |
//! | formula | [`Formula`] | `100 * SUM(a) / SUM(b)` |
//! | KPI | [`Kpi`] | a [`KpiSpec`] and a [`Formula`] |
//!
//! ```
//! use abaco_kpi::{FormulaKpi, Kpi, KpiSpec, Unit, col, sum};
//!
//! let par_30 = FormulaKpi::new(
//!     KpiSpec::new("par_30_plus", "Portfolio at risk, 30 days or more", Unit::Percent),
//!     100 * sum("outstanding_balance").filter(col("dpd").ge(30)) / sum("outstanding_balance"),
//! );
//! assert_eq!(
//!     par_30.formula().to_string(),
//!     "100 * SUM(outstanding_balance) FILTER (WHERE dpd >= 30) / SUM(outstanding_balance)",
//! );
//! ```
#![deny(clippy::float_arithmetic)]

mod basis;
mod build;
mod canonical;
mod class;
mod column;
mod dates;
mod display;
mod error;
mod evaluate;
mod exact;
mod expr;
mod formula;
mod fraction;
mod kpi;
mod literal;
mod measure;
mod outcome;
mod predicate;
mod rounding;
mod scaled;
mod spec;

pub use basis::Basis;
pub use build::{
    CaseBuilder, KeyedBuilder, by_key, case, col, count, count_distinct, count_of, lit, max, min, sum, total,
};
pub use canonical::{CANONICAL_COLUMNS, canonical_column};
pub use class::Class;
pub use column::{Column, ColumnKind, ColumnSpec, ColumnType};
pub use dates::{add_days, days_between, full_months_between};
pub use error::{ErrorKind, KpiError};
pub use evaluate::{Absent, Evaluation, Terms};
pub use exact::{ExactForm, exact_form};
pub use expr::{Branch, MAX_ADD_DAYS, RowExpr, RowOperator, Use};
pub use formula::{Formula, MAX_POWER};
pub use fraction::{Fraction, MAX_BITS};
pub use kpi::{FormulaKpi, Kpi};
pub use literal::Literal;
pub use measure::{Aggregate, KeyTerm, KeyedMeasure, Measure, NamedSum, Reduction, RowMeasure};
pub use outcome::{Outcome, Undefined, Value};
pub use predicate::{Comparison, Predicate};
pub use rounding::{Rounding, RoundingMode};
pub use scaled::{POW10, Scaled, pow10};
pub use spec::{Direction, KpiSpec, Unit};

/// The decimal type of every rounded result.
pub use rust_decimal::Decimal;
