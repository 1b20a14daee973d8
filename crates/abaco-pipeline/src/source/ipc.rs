//! The Arrow IPC file format, also known as Feather version 2: each batch by itself.

use std::sync::Arc;

use arrow::buffer::Buffer;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::Block;
use arrow::ipc::reader::FileDecoder;

use super::ipc_footer::{Footer, read_footer};
use super::part::{Part, Parts, Passed};
use super::typed_part::{Batches, TypedPart, TypedTape, decode};
use super::{Format, Input};
use crate::PipelineError;

const FORMAT: Format = Format::Ipc;

/// An IPC file whose footer has been read.
pub(crate) struct IpcFile {
    footer: Footer,
}

/// The batches that have not been handed out.
struct Blocks {
    tape: Arc<TypedTape>,
    decoder: Arc<FileDecoder>,
    blocks: std::vec::IntoIter<Block>,
}

impl IpcFile {
    /// Reads the footer of an IPC file.
    pub(crate) fn open(input: &Input) -> Result<Self, PipelineError> {
        Ok(Self { footer: decode(input, FORMAT, || read_footer(input))? })
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.footer.schema
    }

    /// Reads some of the columns, given by ascending positions.
    pub(crate) fn read(
        self,
        tape: TypedTape,
        wanted: Vec<usize>,
    ) -> Result<impl Parts + use<>, PipelineError> {
        let Footer { schema, version, dictionaries, batches } = self.footer;
        let decoder = decode(&tape.input, FORMAT, || {
            let mut decoder = FileDecoder::new(schema, version).with_projection(wanted);
            for block in dictionaries {
                decoder.read_dictionary(&block, &read_block(&tape.input, &block)?)?;
            }
            Ok::<_, ArrowError>(decoder)
        })?;
        Ok(Blocks { tape: Arc::new(tape), decoder: Arc::new(decoder), blocks: batches.into_iter() })
    }
}

impl Parts for Blocks {
    fn next_part(&mut self) -> Result<Option<Box<dyn Part>>, PipelineError> {
        let Some(block) = self.blocks.next() else { return Ok(None) };
        let (tape, decoder) = (Arc::clone(&self.tape), Arc::clone(&self.decoder));
        let open = move || {
            decode(&tape.input, FORMAT, || {
                let batch = decoder.read_record_batch(&block, &read_block(&tape.input, &block)?)?;
                Ok::<Batches, ArrowError>(Box::new(batch.map(Ok).into_iter()))
            })
        };
        Ok(Some(Box::new(TypedPart::new(Arc::clone(&self.tape), Box::new(open)))))
    }

    fn in_order(&self) -> bool {
        false
    }

    fn passed(&mut self) -> Passed {
        Passed::Apart
    }
}

/// A block's bytes; the footer's check has found it within the file.
fn read_block(input: &Input, block: &Block) -> Result<Buffer, ArrowError> {
    let length = i64::from(block.metaDataLength()).checked_add(block.bodyLength());
    let length = length.and_then(|length| usize::try_from(length).ok());
    match (u64::try_from(block.offset()), length) {
        (Ok(offset), Some(length)) => Ok(input.bytes_at(offset, length)?.into()),
        _ => Err(ArrowError::ParseError("a block does not lie within the file".to_owned())),
    }
}
