//! A row's print with its place: what is sorted.

use std::io::{self, Read, Write};

use super::Print;
use crate::ingest::RowId;

/// Bytes of a record in a file.
const BYTES: usize = 45;

/// Sorted by key, and rows of one key by their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Record {
    pub(super) key: [u8; 16],
    pub(super) row: RowId,
    pub(super) content: [u8; 16],
    /// Whether something else is wrong with the row.
    pub(super) refused: bool,
}

impl Record {
    pub(super) fn new(row: RowId, print: Print, refused: bool) -> Self {
        Self { key: print.key, row, content: print.content, refused }
    }

    pub(super) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let mut bytes = [0; BYTES];
        bytes[..16].copy_from_slice(&self.key);
        bytes[16..32].copy_from_slice(&self.content);
        bytes[32..36].copy_from_slice(&self.row.file.to_le_bytes());
        bytes[36..40].copy_from_slice(&self.row.part.to_le_bytes());
        bytes[40..44].copy_from_slice(&self.row.row.to_le_bytes());
        bytes[44] = self.refused.into();
        to.write_all(&bytes)
    }

    pub(super) fn read(from: &mut impl Read) -> io::Result<Self> {
        let (mut key, mut content, mut place) = ([0; 16], [0; 16], [[0; 4]; 3]);
        from.read_exact(&mut key)?;
        from.read_exact(&mut content)?;
        for bytes in &mut place {
            from.read_exact(bytes)?;
        }
        let mut refused = [0];
        from.read_exact(&mut refused)?;
        let [file, part, row] = place.map(u32::from_le_bytes);
        Ok(Self { key, content, row: RowId { file, part, row }, refused: refused != [0] })
    }
}
