//! Rows of a text without quotes: a cell ends at the next comma or line's end, whatever it holds.

use crate::source::column_reader::ColumnReader;
use crate::source::short_number::field_end;

/// The row is refused, and fields before this one are in their columns; reading it again tells why.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowFault(pub(super) usize);

/// Reads the row that begins at `start` into the columns; where it ends.
#[inline]
pub(super) fn next_row(
    text: &str,
    start: usize,
    readers: &[Option<usize>],
    columns: &mut [ColumnReader],
) -> Result<usize, RowFault> {
    let bytes = text.as_bytes();
    let mut at = start;
    let last = readers.len().saturating_sub(1);
    for (field, reader) in readers.iter().enumerate() {
        let end = match reader.and_then(|index| columns.get_mut(index)) {
            Some(column) => column.push_field(text, at).map_err(|_| RowFault(field))?,
            None => field_end(bytes, at),
        };
        let comma = bytes.get(end) == Some(&b',');
        if comma == (field == last) {
            return Err(RowFault(field + 1));
        }
        at = end + usize::from(comma);
    }
    Ok(at)
}
