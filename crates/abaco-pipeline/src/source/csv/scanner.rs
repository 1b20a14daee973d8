//! Where records end, without reading them.
//!
//! A quote opens a quoted field only at the field's beginning; elsewhere it is a character like others. Inside, two
//! quotes stand for one, and whatever follows the closing quote belongs to the field up to the next delimiter: the
//! same rules as those of the `csv` crate, which reads the records. Such a row is refused then, if that is more than blanks.

use memchr::{memchr, memrchr2};

use crate::source::splitter::Records;

/// What the next byte meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    FieldStart,
    Field,
    Quoted,
    /// Behind a quote in a quoted field: its end, or the first of two.
    Quote,
    /// Behind blanks that follow the closing quote; only [`text_behind_quote`] asks.
    Behind,
}

/// Follows a text that arrives in pieces.
#[derive(Debug)]
pub(super) struct Scanner {
    at: At,
    scanned: usize,
    end: Option<usize>,
}

impl Default for Scanner {
    fn default() -> Self {
        Self { at: At::FieldStart, scanned: 0, end: None }
    }
}

impl Records for Scanner {
    fn end(&self) -> Option<usize> {
        self.end
    }

    fn is_quoted(&self) -> bool {
        self.at == At::Quoted
    }

    fn scan(&mut self, text: &[u8]) {
        let mut at = self.scanned;
        while at < text.len() {
            match self.at {
                At::Quoted => match memchr(b'"', &text[at..]) {
                    Some(index) => {
                        self.at = At::Quote;
                        at += index + 1;
                    }
                    None => at = text.len(),
                },
                At::Quote if text[at] == b'"' => {
                    self.at = At::Quoted;
                    at += 1;
                }
                _ => at = self.unquoted(text, at),
            }
        }
        self.scanned = at;
    }

    fn forget(&mut self, offset: usize) {
        self.scanned -= offset;
        self.end = self.end.filter(|&end| end > offset).map(|end| end - offset);
    }
}

impl Scanner {
    /// Passes what is not quoted, and the quote that follows it.
    fn unquoted(&mut self, text: &[u8], start: usize) -> usize {
        let end = memchr(b'"', &text[start..]).map_or(text.len(), |index| start + index);
        if let Some(index) = memrchr2(b'\n', b'\r', &text[start..end]) {
            self.end = Some(start + index + 1);
        }
        if end > start {
            self.at = if is_delimiter(text[end - 1]) { At::FieldStart } else { At::Field };
        }
        if end == text.len() {
            return end;
        }
        self.at = if self.at == At::FieldStart { At::Quoted } else { At::Field };
        end + 1
    }
}

/// Offset behind the first record at or after `start` that is not a blank line; `None` if its end is not there.
pub(super) fn first_record(text: &[u8], start: usize) -> Option<usize> {
    let blank = text.get(start..)?.iter().position(|&byte| !is_line_end(byte))?;
    let mut at = At::FieldStart;
    for (index, &byte) in text.iter().enumerate().skip(start + blank) {
        at = match (at, byte) {
            (At::Quoted, b'"') => At::Quote,
            (At::FieldStart | At::Quote, b'"') | (At::Quoted, _) => At::Quoted,
            (_, b'\n' | b'\r') => return Some(index + 1),
            (_, b',') => At::FieldStart,
            _ => At::Field,
        };
    }
    None
}

/// The first field of a record in which text follows the closing quote, as in `"1"2`: nobody knows what was meant. Blanks
/// are no text.
pub(super) fn text_behind_quote(record: &[u8]) -> Option<usize> {
    memchr(b'"', record)?;
    let (mut at, mut field) = (At::FieldStart, 0);
    for &byte in record {
        at = match (at, byte) {
            (At::Quoted, b'"') => At::Quote,
            (At::FieldStart, b'"') | (At::Quoted, _) => At::Quoted,
            (At::Quote, b'"') => At::Quoted,
            (_, b',') => {
                field += 1;
                At::FieldStart
            }
            (_, b'\n' | b'\r') => At::FieldStart,
            (At::Quote | At::Behind, b' ' | b'\t') => At::Behind,
            (At::Quote | At::Behind, _) => return Some(field),
            (At::FieldStart | At::Field, _) => At::Field,
        };
    }
    None
}

/// The fields of a record as they are written.
pub(super) fn fields(record: &[u8]) -> Vec<&[u8]> {
    let (mut at, mut start, mut fields) = (At::FieldStart, 0, Vec::new());
    for (index, &byte) in record.iter().enumerate() {
        at = match (at, byte) {
            (At::Quoted, b'"') => At::Quote,
            (At::FieldStart | At::Quote, b'"') | (At::Quoted, _) => At::Quoted,
            (_, b',') => {
                fields.push(&record[start..index]);
                start = index + 1;
                At::FieldStart
            }
            _ => At::Field,
        };
    }
    fields.push(&record[start..]);
    fields
}

/// Whether a byte ends a record outside quotes.
pub(super) fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b',' | b'\n' | b'\r')
}
