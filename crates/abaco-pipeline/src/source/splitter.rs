//! Cuts a text into chunks of whole records.

use std::io::{self, Read};

/// A longer row is refused. One that is twice as long ends the tape, so that it is not read into memory; so does an open
/// quote, because nobody knows how many rows lie behind it.
pub(crate) const MAX_ROW_BYTES: u64 = 16 << 20;

/// What some editors put before a text.
pub(crate) const BOM: &[u8] = b"\xef\xbb\xbf";

/// Finds the ends of records in a text that arrives in pieces.
pub(crate) trait Records: Default {
    /// Goes on to the end of the text, of which it has seen the beginning.
    fn scan(&mut self, text: &[u8]);

    /// Offset behind the last byte that ends a record.
    fn end(&self) -> Option<usize>;

    /// Whether what was scanned ends inside a quoted field.
    fn is_quoted(&self) -> bool;

    /// Forgets the text before an offset that it has passed.
    fn forget(&mut self, offset: usize);
}

/// Reads a text from its beginning to its end.
pub(crate) struct Splitter<R, S> {
    reader: R,
    /// What was read and not handed out.
    buffer: Vec<u8>,
    scanner: S,
    chunk_bytes: usize,
    ended: bool,
}

/// Why there is no next chunk.
#[derive(Debug)]
pub(crate) enum SplitFault {
    /// The first record of the rest is longer than a record may be.
    TooLong,
    /// The first record of the rest has a quote that is open at the end of the text.
    OpenQuote,
    Io(io::Error),
}

impl From<io::Error> for SplitFault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl<R: Read, S: Records> Splitter<R, S> {
    pub(crate) fn new(reader: R, chunk_bytes: usize) -> Self {
        Self { reader, buffer: Vec::new(), scanner: S::default(), chunk_bytes, ended: false }
    }

    /// What the text is read from.
    pub(crate) fn reader(&mut self) -> &mut R {
        &mut self.reader
    }

    /// The bytes of the header, with all that precedes it and its line's end; everything if there is none. It is the first
    /// record at or after an offset.
    pub(crate) fn header(
        &mut self,
        first_record: impl Fn(&[u8], usize) -> Option<usize>,
    ) -> Result<Vec<u8>, SplitFault> {
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
                None if self.ended => {
                    let mut scanner = S::default();
                    scanner.scan(self.buffer.get(start..).unwrap_or_default());
                    if scanner.is_quoted() {
                        return Err(SplitFault::OpenQuote);
                    }
                    return Ok(std::mem::take(&mut self.buffer));
                }
                None => {}
            }
        }
    }

    /// The next chunk: whole records, and only the last one may end without a line's end.
    ///
    /// Whether a long record is too long does not depend on where the text is cut.
    pub(crate) fn next_chunk(&mut self) -> Result<Option<Vec<u8>>, SplitFault> {
        loop {
            if self.buffer.len() < self.chunk_bytes && !self.ended {
                self.read()?;
            }
            self.scanner.scan(&self.buffer);
            match self.scanner.end() {
                Some(end) if !self.ended || self.scanner.is_quoted() => {
                    let mut rest = Vec::with_capacity(self.buffer.len() - end + self.chunk_bytes);
                    rest.extend_from_slice(&self.buffer[end..]);
                    self.buffer.truncate(end);
                    self.scanner.forget(end);
                    return Ok(Some(std::mem::replace(&mut self.buffer, rest)));
                }
                None if self.first_row_bytes() > 2 * MAX_ROW_BYTES => return Err(SplitFault::TooLong),
                None if self.ended && self.scanner.is_quoted() => {
                    let too_long = self.buffer.len() as u64 > MAX_ROW_BYTES;
                    return Err(if too_long { SplitFault::TooLong } else { SplitFault::OpenQuote });
                }
                _ if self.ended && self.buffer.is_empty() => return Ok(None),
                _ if self.ended => {
                    self.scanner = S::default();
                    return Ok(Some(std::mem::take(&mut self.buffer)));
                }
                _ => self.read()?,
            }
        }
    }

    fn first_row_bytes(&self) -> u64 {
        let blank = self.buffer.iter().take_while(|&&byte| matches!(byte, b'\n' | b'\r')).count();
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
        Ok(())
    }
}
