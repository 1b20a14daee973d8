//! Judgement: what an institution expects of a KPI, against the exact value.
//!
//! A level, a change since an earlier value, a covenant, what is possible at all, and what is unusual. Each rule that has
//! something to say leaves a [`Finding`]; the status is that of the worst.

mod change;
mod finding;
mod rules;

pub use self::change::{Change, ChangeError, Measured, Since};
pub use self::finding::{Finding, FindingKind};
pub use self::rules::{Baseline, Baselines, Covenant, Expectation, Limit, Reference};
