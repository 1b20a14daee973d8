//! The switches, one convention a file.

pub(super) mod aging;
pub(super) mod comparison;
pub(super) mod denominator;
pub(super) mod duplicates;
pub(super) mod edges;
pub(super) mod inputs;
pub(super) mod nulls;
pub(super) mod obligors;
pub(super) mod places;
pub(super) mod snapshots;
pub(super) mod ties;
pub(super) mod undefined;
pub(super) mod unit;
pub(super) mod write_offs;
