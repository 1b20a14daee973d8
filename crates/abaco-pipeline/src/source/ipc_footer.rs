//! An IPC file's footer, checked before anybody trusts it.
//!
//! A reader allocates whatever length the footer claims for a block, and an allocation that fails cannot be caught:
//! it ends the process. So a block that does not lie within the file is refused first.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::convert::fb_to_schema;
use arrow::ipc::reader::read_footer_length;
use arrow::ipc::{Block, MetadataVersion, root_as_footer};

use super::Input;

/// Length of the footer in four bytes, and the magic word in six.
const TRAILER_BYTES: usize = 10;

/// What a footer says.
pub(crate) struct Footer {
    pub(crate) schema: SchemaRef,
    pub(crate) version: MetadataVersion,
    pub(crate) dictionaries: Vec<Block>,
    pub(crate) batches: Vec<Block>,
}

/// Reads the footer; every block that it names lies before it.
pub(crate) fn read_footer(input: &Input) -> Result<Footer, ArrowError> {
    let invalid = |what: String| ArrowError::ParseError(what);
    let outside = |what: &str| invalid(format!("{what} does not lie within the file"));
    let end = input.bytes().checked_sub(TRAILER_BYTES as u64).ok_or_else(|| outside("the footer"))?;
    let trailer = input.bytes_at(end, TRAILER_BYTES)?;
    let trailer = trailer.try_into().map_err(|_| outside("the footer"))?;
    let length = read_footer_length(trailer)?;
    let start = end.checked_sub(length as u64).ok_or_else(|| outside("the footer"))?;
    let bytes = input.bytes_at(start, length)?;
    let footer = root_as_footer(&bytes).map_err(|error| invalid(error.to_string()))?;
    let schema = footer.schema().ok_or_else(|| invalid("the footer has no schema".to_owned()))?;
    if !schema.endianness().equals_to_target_endianness() {
        return Err(invalid("the file's byte order is not this machine's".to_owned()));
    }
    let batches = footer.recordBatches().ok_or_else(|| invalid("the footer has no batches".to_owned()))?;
    let footer = Footer {
        schema: Arc::new(fb_to_schema(schema)),
        version: footer.version(),
        dictionaries: footer.dictionaries().into_iter().flatten().copied().collect(),
        batches: batches.iter().copied().collect(),
    };
    if footer.dictionaries.iter().chain(&footer.batches).all(|block| ends_by(block, start)) {
        Ok(footer)
    } else {
        Err(outside("a block"))
    }
}

fn ends_by(block: &Block, limit: u64) -> bool {
    let parts = [block.offset(), block.metaDataLength().into(), block.bodyLength()];
    let end = parts.iter().try_fold(0u64, |end, &part| end.checked_add(u64::try_from(part).ok()?));
    end.is_some_and(|end| end <= limit)
}
