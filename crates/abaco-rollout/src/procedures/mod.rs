//! What is done in steps: setting up, cutting over, rolling back, rehearsing.
//!
//! Every step is written to the journal before it is taken and after it, and may be taken again: a procedure that was
//! interrupted is finished by asking for it once more, or undone by a rollback. Nothing is deleted or overwritten that was
//! not copied before, and the pointer is replaced as a whole.

mod backup;
mod cutover;
mod files;
mod gate;
mod hooks;
mod identity;
mod pointer;
mod rehearsal;
mod report;
mod rollback;
mod settings;
mod site;
mod staging;
mod steps;
mod values;

pub use self::gate::{CutoverRequest, GateVerdict};
pub use self::identity::identity;
pub use self::pointer::{Active, Pointer, active};
pub use self::report::{PlannedStep, ProcedureReport, Rehearsed, StepReport};
pub use self::settings::{HookSettings, ProcedureSettings};

pub(crate) use self::cutover::{cutover, plan as plan_cutover};
pub(crate) use self::rehearsal::{plan as plan_rehearsal, rehearse};
pub(crate) use self::rollback::{plan as plan_rollback, rollback};
pub(crate) use self::site::Site;
pub(crate) use self::staging::{plan as plan_staging, staging};
pub(crate) use self::steps::now_ended;
