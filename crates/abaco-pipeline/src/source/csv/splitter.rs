//! Cuts a text into chunks of whole records, and digests it on the way.

use std::io::{self, Read};

use super::MAX_ROW_BYTES;
use super::scanner::{Scanner, first_record, is_line_end};
use crate::source::digest::Digest;
use crate::source::part::Digested;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Reads a text from its beginning to its end.
pub(super) struct Splitter<R> {
    reader: R,
    digest: Option<Digest>,
    bytes: u64,
    /// What was read and not handed out.
    buffer: Vec<u8>,
    scanner: Scanner,
    chunk_bytes: usize,
    ended: bool,
}

/// Why there is no next chunk.
#[derive(Debug)]
pub(super) enum SplitFault {
    /// The first record of the rest is longer than a record may be.
    TooLong,
    Io(io::Error),
}

impl From<io::Error> for SplitFault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl<R: Read> Splitter<R> {
    pub(super) fn new(reader: R, chunk_bytes: usize, digest: bool) -> Self {
        Self {
            reader,
            digest: digest.then(Digest::default),
            bytes: 0,
            buffer: Vec::new(),
            scanner: Scanner::new(0),
            chunk_bytes,
            ended: false,
        }
    }

    /// The bytes of the header, with all that precedes it and its line's end; everything if there is none.
    pub(super) fn header(&mut self) -> Result<Vec<u8>, SplitFault> {
        loop {
            self.read()?;
            let start = if self.buffer.starts_with(BOM) { BOM.len() } else { 0 };
            let complete = self.buffer.len() >= BOM.len() || self.ended;
            let end = first_record(&self.buffer, start).filter(|_| complete);
            match end {
                Some(end) => {
                    let rest = self.buffer.split_off(end);
                    return Ok(std::mem::replace(&mut self.buffer, rest));
                }
                None if self.buffer.len() as u64 > MAX_ROW_BYTES => return Err(SplitFault::TooLong),
                None if self.ended => return Ok(std::mem::take(&mut self.buffer)),
                None => {}
            }
        }
    }

    /// The next chunk: whole records, and only the last one may end without a line's end.
    pub(super) fn next_chunk(&mut self) -> Result<Option<Vec<u8>>, SplitFault> {
        loop {
            if self.buffer.len() < self.chunk_bytes && !self.ended {
                self.read()?;
            }
            self.scanner.scan(&self.buffer);
            match self.scanner.end() {
                Some(end) if !self.ended => {
                    let mut rest = Vec::with_capacity(self.buffer.len() - end + self.chunk_bytes);
                    rest.extend_from_slice(&self.buffer[end..]);
                    self.buffer.truncate(end);
                    self.scanner.forget(end);
                    return Ok(Some(std::mem::replace(&mut self.buffer, rest)));
                }
                None if self.first_row_bytes() > MAX_ROW_BYTES => return Err(SplitFault::TooLong),
                _ if self.ended && self.buffer.is_empty() => return Ok(None),
                _ if self.ended => {
                    self.scanner = Scanner::new(0);
                    return Ok(Some(std::mem::take(&mut self.buffer)));
                }
                _ => self.read()?,
            }
        }
    }

    /// Digest, if one was asked for, and length of the bytes read, which are all once there is no next chunk.
    pub(super) fn passed(&mut self) -> Digested {
        Digested { sha256: self.digest.take().map(Digest::hex), bytes: self.bytes }
    }

    fn first_row_bytes(&self) -> u64 {
        let blank = self.buffer.iter().take_while(|&&byte| is_line_end(byte)).count();
        (self.buffer.len() - blank) as u64
    }

    /// Reads about a chunk more.
    fn read(&mut self) -> io::Result<()> {
        let start = self.buffer.len();
        self.buffer.resize(start + self.chunk_bytes, 0);
        let mut end = start;
        while end < self.buffer.len() {
            match self.reader.read(&mut self.buffer[end..]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(count) => end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.buffer.truncate(end);
        self.bytes += (end - start) as u64;
        if let Some(digest) = &mut self.digest {
            digest.update(&self.buffer[start..end]);
        }
        Ok(())
    }
}
