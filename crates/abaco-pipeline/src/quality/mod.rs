//! Whether the rows of a tape are what its contract says, and what becomes of those that are not.
//!
//! A [`Screen`] is a contract over the columns of one tape. It looks at batches as they were read, on whatever thread
//! decoded them: a row that a rule of severity `error` refuses is quarantined with all its reasons, and a warning is
//! only counted. What was counted are [`Counters`]; they merge in any order, and are finished into a [`TableQuality`].
//! Those of a run are its [`QualityDocument`].
//!
//! Rules on a whole tape, such as `unique`, `never_reverts` or `reconcile`, are known when it has been read: no row alone
//! is to blame, so that one of severity `error` refuses the tape, by [`TableQuality::refuse`].

mod check;
mod compile;
mod counters;
mod document;
mod exclusions;
mod finish;
mod outliers;
mod reason;
mod screen;
mod totals;
mod tracked;

pub use self::check::CheckKind;
pub use self::counters::{Counters, PartRows, RowCounts};
pub use self::document::{
    CheckResult, CheckState, ControlTotals, Counted, Example, QualityDocument, TableQuality, TableTotals,
};
pub use self::exclusions::Exclusions;
pub use self::finish::{Facts, SideTable};
pub use self::reason::{QuarantinedRow, Reason};
pub use self::screen::{Checked, Place, Screen};
pub use self::totals::AmountTotals;
pub(crate) use self::totals::sum;
