//! Values as they are gathered from a file.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::number::{Cell, cell};
use super::segment::segment;
use super::{Figure, Key, ReadOptions};

/// Values with the places where they stand, to name both of two that are about the same.
pub(super) struct Table<'o> {
    options: &'o ReadOptions,
    values: BTreeMap<Key, (String, Figure)>,
}

/// A row as it is written.
pub(super) struct Row<'r> {
    pub(super) kpi: &'r str,
    pub(super) segment: BTreeMap<String, String>,
    pub(super) as_of: &'r str,
    pub(super) value: &'r str,
}

impl<'o> Table<'o> {
    pub(super) fn new(options: &'o ReadOptions) -> Self {
        Self { options, values: BTreeMap::new() }
    }

    pub(super) fn scale(&self) -> Option<u32> {
        self.options.scale
    }

    pub(super) fn segment(&self, text: &str) -> Result<BTreeMap<String, String>, String> {
        segment(text, &self.options.segment_column).map_err(|message| format!("column `segment`: {message}"))
    }

    /// Adds a row; `place` is where it stands, such as `row 3`.
    pub(super) fn row(&mut self, place: String, row: Row<'_>, scale: Option<u32>) -> Result<(), String> {
        if row.kpi.trim().is_empty() {
            return Err(format!("{place}: column `kpi`: expected a name, found nothing"));
        }
        let as_of = date(row.as_of).map_err(|message| format!("{place}: column `as_of`: {message}"))?;
        let key = Key { kpi: row.kpi.trim().to_owned(), as_of, segment: row.segment };
        let figure = match cell(row.value).map_err(|message| format!("{place}: column `value`: {message}"))? {
            Cell::Number(value, places) => {
                Figure { scale: scale.map(|scale| scale.max(places)), ..Figure::printed(value) }
            }
            Cell::Absent(reason) => Figure::absent(reason),
        };
        self.insert(place, key, figure)
    }

    /// Adds a value under its id and its date, unless it is of another date than the one that was asked for.
    pub(super) fn insert(&mut self, place: String, mut key: Key, figure: Figure) -> Result<(), String> {
        if let Some(id) = self.options.names.get(&key.kpi) {
            key.kpi.clone_from(id);
        }
        match (key.as_of, self.options.as_of) {
            (Some(found), Some(asked)) if found != asked => return Ok(()),
            (None, asked) => key.as_of = asked,
            _ => {}
        }
        if let Some((first, _)) = self.values.get(&key) {
            return Err(format!("{place}: expected each value once, found {key} in {first} already"));
        }
        self.values.insert(key, (place, figure));
        Ok(())
    }

    pub(super) fn finish(self) -> BTreeMap<Key, Figure> {
        self.values.into_iter().map(|(key, (_, figure))| (key, figure)).collect()
    }
}

fn date(text: &str) -> Result<Option<NaiveDate>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| text.len() == 10);
    date.map(Some).ok_or_else(|| format!("expected a date such as 2025-12-31, found `{text}`"))
}
