//! What the difference of two runs comes from, down to the loan.
//!
//! A KPI that is a sum over rows, or a quotient of such sums, differs by exactly what its loans differ by: each loan has a
//! share of every sum on each side, and the differences of those shares sum to the difference of the sum. Nothing is
//! allocated or rounded; what is no sum over rows is named with its reason.

mod attribute;
mod diff;
mod facts;
mod number;
mod open;
mod part;
mod ranking;
mod shape;
mod side;
mod tie;

pub use self::attribute::{
    Attribution, Compared, Effects, NotAttributed, Options, PartDifference, attribute,
};
pub use self::diff::{
    DerivedDifference, DiffRequest, KpiDifference, Published, RunDifference, RunHead, diff,
};
pub use self::facts::FactDifference;
pub use self::number::Amount;
pub use self::part::{Counted, GroupDifference, GroupingDifference, PartKind, Whereabouts};
pub use self::side::{Batches, Rows, Side, TapeFiles};
pub use self::tie::{Tie, TieSettings, TieSideSettings, tie};
