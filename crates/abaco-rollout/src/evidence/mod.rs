//! What the gate weighs: facts that were computed or signed, stored by their digests.

mod record;

pub use self::record::{
    ChecklistRecord, ComparisonRecord, ConcurrencyRecord, Evidence, Occasion, PerformanceRecord, Provenance,
    RehearsalRecord, SoakRecord, TieOutRecord,
};
