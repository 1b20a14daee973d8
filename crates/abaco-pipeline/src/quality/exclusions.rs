//! Rows that a second pass leaves out, because the first one has found them twice.

use std::collections::HashMap;

use super::PartRows;
use crate::duplicates::Verdicts;
use crate::ingest::RowId;

/// Other rows that a reason names.
const MAX_NAMED: usize = 5;

/// Rows that are left out, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exclusions {
    /// Ascending rows of each file's each part.
    by_part: HashMap<(u32, u32), Vec<(u32, Excluded)>>,
}

/// Why a row is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Excluded {
    /// An earlier row is the same.
    Duplicate,
    /// Others have its key and another content; with the words for it.
    Conflict(String),
}

impl Excluded {
    /// The words on a conflict.
    pub(super) fn conflict(&self) -> Option<&str> {
        match self {
            Self::Duplicate => None,
            Self::Conflict(found) => Some(found),
        }
    }
}

impl Exclusions {
    /// The rows that were found twice; `rows` of the same pass tells where in their files they are.
    pub fn new(verdicts: &Verdicts, rows: &PartRows) -> Self {
        let mut by_part: HashMap<_, Vec<_>> = HashMap::new();
        let mut exclude = |row: &RowId, excluded| {
            by_part.entry((row.file, row.part)).or_default().push((row.row, excluded));
        };
        for row in &verdicts.duplicates {
            exclude(row, Excluded::Duplicate);
        }
        for group in verdicts.groups.values() {
            for row in group {
                exclude(row, Excluded::Conflict(found(*row, group, rows)));
            }
        }
        for rows in by_part.values_mut() {
            rows.sort_unstable_by_key(|(row, _)| *row);
        }
        Self { by_part }
    }

    /// The excluded rows among some of a part.
    pub(super) fn among(&self, file: u32, part: u32, rows: std::ops::Range<u64>) -> &[(u32, Excluded)] {
        let Some(all) = self.by_part.get(&(file, part)) else { return &[] };
        let from = all.partition_point(|(row, _)| u64::from(*row) < rows.start);
        let to = all.partition_point(|(row, _)| u64::from(*row) < rows.end);
        &all[from..to]
    }
}

/// Which rows have the key of `row` too.
fn found(row: RowId, group: &[RowId], rows: &PartRows) -> String {
    // A group may be the whole tape: the rows that a reason does not name are not looked at.
    let others = group.iter().filter(|other| **other != row).take(MAX_NAMED);
    let mut named: Vec<String> = others
        .map(|other| {
            let number = rows.tape_row(*other);
            if other.file == row.file {
                format!("row {number}")
            } else {
                format!("row {number} of input {}", other.file + 1)
            }
        })
        .collect();
    let more = group.len() - 1 - named.len();
    if more > 0 {
        named.push(format!("{more} more"));
    }
    let list = match named.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => named.concat(),
    };
    format!("others in {list}")
}
