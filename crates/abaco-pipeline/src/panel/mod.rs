//! The loan-period panel: what every loan was at the previous snapshot, what it is now, and what happened in between.
//!
//! A panel is again a tape, one row per loan known at a snapshot, so that flows, transitions and cohorts are plain
//! filtered sums. It is made by walking the snapshots in order with one [`Loan`](history::Loan) per loan:
//!
//! | column | is |
//! |---|---|
//! | the tape's own | at the snapshot; NULL for a loan without a row |
//! | `outstanding_balance` | the tape's; without a row 0 if the loan's known balance has been collected, otherwise NULL |
//! | `opening_balance`, `opening_dpd`, `opening_written_off_balance` | the same at the previous snapshot; NULL for an entrant |
//! | flows | over (previous snapshot, snapshot]; 0 without an event, NULL at the first snapshot; those of the tape itself are added up |
//! | cumulative columns | since the beginning of the events and the tape |
//! | `first_due_date` | the first day of the loan's schedule, unless a table says otherwise |
//!
//! A table that is not given leaves its columns away, and the KPIs that read them are unavailable.

mod amounts;
mod emit;
mod flows;
mod history;
mod loans;
mod side;
mod snapshots;
mod step;
mod walk;

pub(crate) use self::emit::MADE_OF_STANDING;
pub(crate) use self::side::{KEY, Table};
pub(crate) use self::walk::{Given, Panel, Period, Rows};
