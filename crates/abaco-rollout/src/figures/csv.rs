//! Values of another system as CSV: `kpi,segment,as_of,value`.

use std::collections::BTreeMap;

use super::number::check_scale;
use super::table::{Row, Table};
use super::{Figure, Key, ReadOptions};

const COLUMNS: [&str; 4] = ["kpi", "segment", "as_of", "value"];

/// Reads the values; the columns may stand in any order, and `segment` and `as_of` may be left out.
pub(super) fn values(bytes: &[u8], options: &ReadOptions) -> Result<BTreeMap<Key, Figure>, String> {
    check_scale(options.scale)?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut records = reader.records();
    let header = match records.next() {
        Some(header) => header.map_err(|error| format!("row 1: {error}"))?,
        None => return Err("expected the header `kpi,segment,as_of,value`, found nothing".to_owned()),
    };
    let places = places(&header)?;
    let mut table = Table::new(options);
    for (index, record) in records.enumerate() {
        let place = format!("row {}", index + 2);
        let record = record.map_err(|error| format!("{place}: {error}"))?;
        if record.len() != header.len() {
            return Err(format!("{place}: expected {} cells, found {}", header.len(), record.len()));
        }
        let cell = |name: &str| places.get(name).and_then(|index| record.get(*index)).unwrap_or("");
        let segment = table.segment(cell("segment")).map_err(|message| format!("{place}: {message}"))?;
        let row = Row { kpi: cell("kpi"), segment, as_of: cell("as_of"), value: cell("value") };
        table.row(place, row, options.scale)?;
    }
    Ok(table.finish())
}

fn places(header: &csv::StringRecord) -> Result<BTreeMap<&'static str, usize>, String> {
    let mut places = BTreeMap::new();
    for (index, found) in header.iter().enumerate() {
        let found = found.trim();
        let known = COLUMNS.into_iter().find(|known| known.eq_ignore_ascii_case(found));
        let known =
            known.ok_or_else(|| format!("row 1: expected {}, found column `{found}`", COLUMNS.join(", ")))?;
        if places.insert(known, index).is_some() {
            return Err(format!("row 1: expected column `{known}` once, found it twice"));
        }
    }
    match ["kpi", "value"].into_iter().find(|name| !places.contains_key(name)) {
        Some(missing) => Err(format!("row 1: expected column `{missing}`, found no such header")),
        None => Ok(places),
    }
}
