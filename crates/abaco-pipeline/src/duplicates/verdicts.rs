//! What comparing all rows has found.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::record::Record;
use crate::ingest::RowId;

/// Which rows are there twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdicts {
    /// Rows that were compared; those with a NULL in their key were not.
    pub compared: u64,
    /// Rows with the key and the content of an earlier one.
    pub duplicates: HashSet<RowId>,
    /// Rows with the key of another but not its content, each with the first row of that key.
    pub conflicts: HashMap<RowId, RowId>,
    /// The rows of each key that conflict, ascending, by the first.
    pub groups: BTreeMap<RowId, Vec<RowId>>,
}

impl Verdicts {
    /// Whether every row is there once.
    pub fn is_empty(&self) -> bool {
        self.duplicates.is_empty() && self.conflicts.is_empty()
    }

    /// The verdicts of somebody who keeps one row of each group that contradicts itself and drops the others.
    pub(crate) fn keeping(mut self, kept: impl Fn(&[RowId]) -> Option<&RowId>) -> Self {
        for rows in std::mem::take(&mut self.groups).into_values() {
            let kept = kept(&rows).copied();
            self.duplicates.extend(rows.into_iter().filter(|row| Some(*row) != kept));
        }
        self.conflicts.clear();
        self
    }
}

/// Looks at records in their order, and so at one key after the other.
#[derive(Debug, Default)]
pub(super) struct Judge {
    same_key: Vec<Record>,
    verdicts: Verdicts,
}

impl Judge {
    pub(super) fn add(&mut self, record: Record) {
        if self.same_key.first().is_some_and(|first| first.key != record.key) {
            self.judge();
        }
        self.same_key.push(record);
    }

    pub(super) fn verdicts(mut self, compared: u64) -> Verdicts {
        self.judge();
        Verdicts { compared, ..self.verdicts }
    }

    fn judge(&mut self) {
        if let Some((first, others)) = self.same_key.split_first() {
            if others.iter().all(|other| other.content == first.content) {
                // Equal rows break the same rules: a refused one's copies are refused themselves.
                let admitted = others.iter().filter(|other| !other.refused);
                self.verdicts.duplicates.extend(admitted.map(|other| other.row));
            } else {
                let rows: Vec<RowId> = self.same_key.iter().map(|record| record.row).collect();
                self.verdicts.conflicts.extend(rows.iter().map(|row| (*row, first.row)));
                self.verdicts.groups.insert(first.row, rows);
            }
        }
        self.same_key.clear();
    }
}
