//! The beginning of a tape, whose keys are its header.

use std::collections::HashSet;
use std::io::Read;

use super::row::{each_key, is_blank};
use super::{corrupt, too_long};
use crate::PipelineError;
use crate::contract::normalise;
use crate::source::Input;
use crate::source::csv::MAX_FILE_COLUMNS;
use crate::source::splitter::{BOM, MAX_ROW_BYTES};
use crate::source::text_stream::TextStream;

/// How much of a tape is looked at; the length of the chunks has no part in it.
const HEAD_BYTES: u64 = 1 << 20;

/// Reads the beginning of a tape, without a byte order mark: so much, and at least one line that is not blank.
pub(super) fn read(stream: &mut TextStream) -> Result<Vec<u8>, PipelineError> {
    let mut beginning = Vec::new();
    loop {
        let wanted = HEAD_BYTES.max(beginning.len() as u64);
        match Read::by_ref(stream).take(wanted).read_to_end(&mut beginning) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => return Err(stream.refused(error)),
        }
        if beginning.len() as u64 >= HEAD_BYTES && lines(&beginning).next().is_some() {
            break;
        }
        // Blank lines count too: a packed text may have very many of them.
        if beginning.len() as u64 > 2 * MAX_ROW_BYTES {
            return Err(too_long(stream.input(), 1, 1));
        }
    }
    if beginning.starts_with(BOM) {
        beginning.drain(..BOM.len());
    }
    if is_blank(&beginning) {
        return Err(PipelineError::EmptyFile { path: stream.input().path.clone() });
    }
    Ok(beginning)
}

/// Lines that are not blank and of which the text has the end.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let complete = memchr::memrchr(b'\n', text).map_or(&text[..0], |end| &text[..end]);
    complete.split(|&byte| byte == b'\n').filter(|line| !is_blank(line))
}

/// The keys of the objects of a tape's beginning, trimmed and lower-cased, in the order in which they appear.
pub(super) fn headers(input: &Input, beginning: &[u8]) -> Result<Vec<String>, PipelineError> {
    let within = beginning.get(..HEAD_BYTES as usize).unwrap_or(beginning);
    let mut found = Found::default();
    lines(within).for_each(|line| found.add(line));
    if beginning.len() as u64 <= HEAD_BYTES {
        // Perhaps the last line has no end.
        beginning.rsplit(|&byte| byte == b'\n').take(1).for_each(|line| found.add(line));
    }
    if found.objects == 0 {
        lines(beginning).take(1).for_each(|line| found.add(line));
    }
    if found.objects == 0 {
        return Err(corrupt(input, "no object in its first lines".to_owned()));
    }
    if found.headers.len() > MAX_FILE_COLUMNS {
        return Err(PipelineError::Header {
            path: input.path.clone(),
            expected: format!("at most {MAX_FILE_COLUMNS} columns"),
            found: found.headers.len().to_string(),
        });
    }
    Ok(found.headers)
}

#[derive(Default)]
struct Found {
    headers: Vec<String>,
    known: HashSet<String>,
    /// How many lines are objects; what others hold counts for nothing.
    objects: usize,
}

impl Found {
    fn add(&mut self, line: &[u8]) {
        let mut keys = Vec::new();
        let text = std::str::from_utf8(line).ok();
        if text.is_some_and(|text| each_key(text, |key, _| keys.push(normalise(key))).is_ok()) {
            self.objects += 1;
            for key in keys {
                if self.known.insert(key.clone()) {
                    self.headers.push(key);
                }
            }
        }
    }
}
