//! Portfolio KPIs from loan tapes, exact and explained: one crate to depend on.
//!
//! ```
//! use std::sync::Arc;
//! use abaco_loans::prelude::*;
//! use abaco_loans::arrow::array::{Decimal64Array, Int64Array, RecordBatch};
//!
//! let balances = Decimal64Array::from(vec![900_00, 100_00]).with_precision_and_scale(18, 2)?;
//! let batch = RecordBatch::try_from_iter([
//!     ("dpd", Arc::new(Int64Array::from(vec![0, 45])) as _),
//!     ("outstanding_balance", Arc::new(balances) as _),
//! ])?;
//! let par_30 = abaco_loans::calculators::par_ge(30).evaluate(&batch)?;
//! assert_eq!(par_30.value().map(|value| value.to_string()), Some("10.00".to_owned()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | what it is |
//! |---|---|
//! | [`kpi`] | what a KPI is: columns, measures, formulas, outcomes |
//! | [`calculators`] | the KPIs themselves |
//! | [`engine`] | plan, fold, state, finish, definitions |
//! | [`pipeline`] | from files to published runs |
//! | [`rollout`] | how one version of the numbers replaces another |

pub use abaco_calculators as calculators;
pub use abaco_engine as engine;
pub use abaco_kpi as kpi;
pub use abaco_pipeline as pipeline;
pub use abaco_rollout as rollout;

/// The Arrow that all these crates speak; use it so that types match.
pub use arrow;

pub use rust_decimal::Decimal;

/// What most programs need.
pub mod prelude {
    pub use abaco_engine::{
        AsOf, Bindings, Definitions, Evaluate, Finished, KpiEngine, KpiResult, Plan, PlanOptions, State,
        Status,
    };
    pub use abaco_kpi::{
        Decimal, Direction, Formula, FormulaKpi, Kpi, KpiSpec, Outcome, Rounding, Unit, case, col, count,
        lit, sum,
    };
    pub use abaco_pipeline::{Pipeline, PipelineConfig, RunRequest};
}

/// Every profile of [`calculators`], as a pipeline takes them.
///
/// ```
/// let names: Vec<String> = abaco_loans::catalogue().names().map(str::to_owned).collect();
/// assert_eq!(names, ["standard", "legacy_v2"]);
/// ```
pub fn catalogue() -> abaco_pipeline::Catalogue {
    let catalogue =
        abaco_calculators::PROFILES.iter().fold(abaco_pipeline::Catalogue::new(), |catalogue, profile| {
            catalogue.profile(profile.id, profile.kpis())
        });
    catalogue.pooling(abaco_calculators::LEGACY_V2.id)
}

/// The README's program compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
