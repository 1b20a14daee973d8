//! What a run writes beside its document: tables in open formats, the compliance report, the lineage.
//!
//! Every table has the same bytes whenever it has the same rows and the code is the same.

mod compliance;
mod csv_cell;
mod decimal_cell;
mod flat;
mod format;
mod lineage;
mod place;
mod raw_archive;
mod remembering;
mod tables;
mod writer;

pub use self::compliance::{
    AccessEntry, ComplianceReport, MaskedTable, MaskingEntry, QuarantineEntry, RawArchive, RetentionSettings,
};
pub use self::csv_cell::neutralised;
pub use self::flat::{flat_batch, flat_schema};
pub use self::format::TableFormat;
pub use self::lineage::{Dataset, RunLineage};
pub use self::place::without_credentials;
pub use self::raw_archive::ArchivedInput;
pub use self::tables::{VALUE_SCALE, kpis_batch, segments_batch, series_batch};
pub use self::writer::{ROWS_PER_GROUP, TableWriter, table_bytes};

/// What wrote a file: the name and the version of this code.
pub const CREATED_BY: &str = concat!("abaco ", env!("CARGO_PKG_VERSION"));
