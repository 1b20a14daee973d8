//! How KPIs are computed: a plan folds batches into a state, and a state is finished into outcomes.
//!
//! The engine knows what a KPI *is* and no particular one. The data's way is the order of the modules:
//! bindings -> plan -> fold -> state -> finish.
//!
//! - a [`Plan`] holds the distinct measures of a set of KPIs over a schema;
//! - [`Plan::fold`] adds a batch to a [`State`] in one pass;
//! - states merge in any order, serialise, and are keyed by snapshot and group;
//! - [`Plan::finish`] picks a snapshot and gives exact outcomes with their components;
//! - a [`KpiEngine`] adds [`Definitions`], judges the outcomes and keeps an audit of the steps.
#![deny(clippy::float_arithmetic)]

mod audit;
mod bindings;
mod contribution;
mod definitions;
mod engine;
mod error;
mod evaluate;
mod finish;
mod fold;
mod judgement;
mod language;
mod plan;
mod recent;
mod sql;
mod state;
mod suggest;
mod threshold;
mod yaml;

pub use audit::AuditEvent;
pub use bindings::Bindings;
pub use contribution::{
    AdditiveMeasure, Contribution, ContributionError, Contributions, DrillDown, GroupTotals, Others,
};
pub use definitions::{AddedColumn, Definition, DefinitionError, DefinitionProblem, Definitions, Refresh};
pub use engine::{Calculation, KpiEngine};
pub use error::{EngineError, ErrorKind};
pub use evaluate::Evaluate;
pub use finish::{AsOf, Finished, Group, GroupOutcomes, KpiResult, ObservedScales, Outcomes, Prior};
pub use fold::{Conditions, Projection};
pub use judgement::{
    Baseline, Baselines, Change, ChangeError, Covenant, Expectation, Finding, FindingKind, Limit, Measured,
    Reference, Since,
};
pub use language::{
    DimensionError, LanguageError, MAX_CHAIN, MAX_DEPTH, MAX_NODES, MAX_TEXT_BYTES, check_dimensions,
    parse_formula, parse_formula_with, parse_predicate, parse_row_expr,
};
pub use plan::{Plan, PlanOptions};
pub use sql::{LeftOut, SqlType, Statement, StatementMeasure, StatementOptions, statement};
pub use state::State;
pub use threshold::{Status, ThresholdError, Thresholds, ValidRange};

/// The Arrow that this crate speaks; use it so that types match.
pub use arrow;
