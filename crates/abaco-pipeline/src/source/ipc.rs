//! The Arrow IPC file format, also known as Feather version 2.

use std::io::BufReader;

use arrow::datatypes::SchemaRef;
use arrow::ipc::reader::FileReader;

use super::ipc_footer::check_footer;
use super::typed_source::{Batches, decode};
use super::{Format, Input};
use crate::PipelineError;

const FORMAT: Format = Format::Ipc;

/// An IPC file whose footer has been read.
pub(crate) struct IpcFile {
    schema: SchemaRef,
}

impl IpcFile {
    /// Reads the footer of an IPC file.
    pub(crate) fn open(input: &Input) -> Result<Self, PipelineError> {
        let file = BufReader::new(input.handle()?);
        let reader = decode(input, FORMAT, || {
            check_footer(&input.file)?;
            FileReader::try_new(file, None)
        })?;
        Ok(Self { schema: reader.schema() })
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Reads some of the columns, given by ascending positions.
    pub(crate) fn read(self, input: &Input, wanted: Vec<usize>) -> Result<Batches, PipelineError> {
        let file = BufReader::new(input.handle()?);
        let reader = decode(input, FORMAT, || FileReader::try_new(file, Some(wanted)))?;
        Ok(Box::new(reader))
    }
}
