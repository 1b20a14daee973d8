//! What the gate weighs: facts that were computed or signed, stored by their digests.

mod record;
mod store;

pub use self::record::{
    CauseRecord, CausesRecord, ChecklistRecord, ComparisonRecord, ConcurrencyRecord, Evidence, Occasion,
    PerformanceRecord, Provenance, ReconciliationRecord, RehearsalRecord, SoakRecord, TieOutRecord,
};
pub use self::store::{EvidenceStore, Sifted};
