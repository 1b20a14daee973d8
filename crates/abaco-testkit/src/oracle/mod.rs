//! A naive exact oracle: formulas interpreted row by row over rational numbers.
//!
//! It follows the rules on NULL, on empty scopes and on rounding from their text, shares no code with the engine
//! or with `Formula::evaluate`, and is slow. Its only virtue is that there is nothing in it to get wrong: no
//! plan, no slots, no partial states, no widths.
//!
//! It expects descriptions that the engine accepts: an ill-typed one is [`Verdict::Failed`] as soon as a row
//! shows it.

mod expect;
mod formula;
mod gone;
mod keyed;
mod measure;
mod round;
mod row;
mod scope;
mod truth;
mod value;

use std::collections::BTreeMap;

use abaco_kpi::{Column, Kpi, RowExpr};
use chrono::NaiveDate;
use num_rational::BigRational;

pub use self::expect::{Expected, Verdict, difference, rational};
pub use self::scope::GroupBy;
use self::scope::Scopes;
use crate::Tape;

/// Which rows are asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// All rows, whatever their snapshot.
    Always,
    /// The rows of the snapshot of this date.
    At(NaiveDate),
}

/// Computes what an engine must find on a tape.
///
/// ```
/// use abaco_kpi::{FormulaKpi, KpiSpec, Unit, sum};
/// use abaco_testkit::{Oracle, Tape, oracle::{Verdict, When}};
///
/// let rate = FormulaKpi::new(KpiSpec::new("rate", "Rate", Unit::Percent), 100 * sum("paid_fees") / sum("due_fees"));
/// let tape = Tape::new().money("paid_fees", [1_00, 0])?.money("due_fees", [1_00, 2_00])?;
/// let expected = Oracle::new(&tape).expect(&rate, When::Always, &[]);
/// let Verdict::Value { exact, rounded, .. } = expected.verdict else { panic!("{expected:?}") };
/// assert_eq!((exact.to_string().as_str(), rounded.as_str()), ("100/3", "33.33"));
/// # Ok::<(), abaco_testkit::TapeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Oracle<'t> {
    tape: &'t Tape,
    bindings: BTreeMap<Column, RowExpr>,
    snapshot: Option<Column>,
}

impl<'t> Oracle<'t> {
    /// An oracle for a tape without snapshots that speaks canonical names.
    pub fn new(tape: &'t Tape) -> Self {
        Self { tape, bindings: BTreeMap::new(), snapshot: None }
    }

    /// Binds a canonical column to an expression over the tape's columns.
    #[must_use]
    pub fn bind(mut self, column: impl Into<Column>, expr: RowExpr) -> Self {
        self.bindings.insert(column.into(), expr);
        self
    }

    /// Names the column that dates the snapshots.
    #[must_use]
    pub fn snapshot(mut self, column: impl Into<Column>) -> Self {
        self.snapshot = Some(column.into());
        self
    }

    /// The dates of the snapshots, oldest first.
    pub fn snapshots(&self) -> Vec<NaiveDate> {
        Scopes::new(self).snapshots()
    }

    /// The groups that have rows, in the order of their values, NULL first.
    pub fn groups(&self, when: When, by: &[Column]) -> Vec<GroupBy> {
        Scopes::new(self).groups(when, by)
    }

    /// What `kpi` is for the group `by` (the totals if it is empty).
    pub fn expect(&self, kpi: &dyn Kpi, when: When, by: &[(Column, Option<String>)]) -> Expected {
        expect::expect(self, kpi, when, by)
    }

    /// What `kpi` was one snapshot earlier, if there is an earlier one.
    pub fn expect_prior(
        &self,
        kpi: &dyn Kpi,
        when: When,
        by: &[(Column, Option<String>)],
    ) -> Option<Expected> {
        let earlier = Scopes::new(self).moment(when, 1).ok()?;
        Some(self.expect(kpi, earlier, by))
    }
}

/// A whole number.
fn whole(value: i128) -> BigRational {
    BigRational::from_integer(value.into())
}

/// Ten to the power of `exponent`.
fn ten_to(exponent: u32) -> BigRational {
    // 32 bits fit any pointer width that has memory for the result.
    num_traits::pow(whole(10), exponent as usize)
}
