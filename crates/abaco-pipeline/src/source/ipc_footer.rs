//! Checks an IPC file's footer before its reader trusts it.
//!
//! The reader allocates whatever length the footer claims for a block, and an allocation that fails cannot be caught:
//! it ends the process. So a block that does not lie within the file is refused first.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use arrow::error::ArrowError;
use arrow::ipc::reader::read_footer_length;
use arrow::ipc::root_as_footer;

/// Length of the footer in four bytes, and the magic word in six.
const TRAILER_BYTES: usize = 10;

pub(crate) fn check_footer(mut file: &File) -> Result<(), ArrowError> {
    let bytes = file.metadata()?.len();
    let damaged = |what: &str| ArrowError::ParseError(format!("{what} does not lie within the file"));
    let mut trailer = [0; TRAILER_BYTES];
    let Some(footer_end) = bytes.checked_sub(TRAILER_BYTES as u64) else {
        return Err(damaged("the footer"));
    };
    file.seek(SeekFrom::Start(footer_end))?;
    file.read_exact(&mut trailer)?;
    let length = read_footer_length(trailer)?;
    let Some(start) = footer_end.checked_sub(length as u64) else {
        return Err(damaged("the footer"));
    };
    file.seek(SeekFrom::Start(start))?;
    let mut footer = vec![0; length];
    file.read_exact(&mut footer)?;
    let footer = root_as_footer(&footer).map_err(|error| ArrowError::ParseError(error.to_string()))?;
    let blocks =
        footer.dictionaries().into_iter().flatten().chain(footer.recordBatches().into_iter().flatten());
    for block in blocks {
        let end = u64::try_from(block.offset())
            .ok()
            .zip(u64::try_from(block.metaDataLength()).ok())
            .zip(u64::try_from(block.bodyLength()).ok())
            .and_then(|((offset, metadata), body)| offset.checked_add(metadata)?.checked_add(body));
        if end.is_none_or(|end| end > start) {
            return Err(damaged("a block"));
        }
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(())
}
