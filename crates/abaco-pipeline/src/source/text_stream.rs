//! A text from its beginning to its end: digested as it is in the file, and unpacked if need be.

use std::io::{self, BufReader, Read};
use std::sync::Arc;

use flate2::bufread::MultiGzDecoder;
use zstd::stream::read::Decoder;

use super::digest::Digest;
use super::packing::Packing;
use super::part::Digested;
use super::{Format, Input};
use crate::PipelineError;

/// How many packed bytes are read at a time.
const PACKED_BYTES: usize = 1 << 17;

/// The text of a tape.
pub(crate) struct TextStream {
    input: Arc<Input>,
    format: Format,
    packing: Packing,
    text: Text,
}

enum Text {
    Plain(Passing),
    Gzip(Box<MultiGzDecoder<BufReader<Passing>>>),
    Zstd(Box<Decoder<'static, BufReader<Passing>>>),
}

/// The bytes of the file, digested on their way.
struct Passing {
    input: Arc<Input>,
    digest: Option<Digest>,
    bytes: u64,
}

impl TextStream {
    /// The text of an input, unpacked as its name says.
    pub(crate) fn new(input: Arc<Input>, format: Format, digest: bool) -> Result<Self, PipelineError> {
        let packing = Packing::of(&input.path);
        let bytes = Passing { input: Arc::clone(&input), digest: digest.then(Digest::default), bytes: 0 };
        let text = match packing {
            Packing::None => Text::Plain(bytes),
            Packing::Gzip => {
                Text::Gzip(Box::new(MultiGzDecoder::new(BufReader::with_capacity(PACKED_BYTES, bytes))))
            }
            Packing::Zstd => {
                let decoder = Decoder::with_buffer(BufReader::with_capacity(PACKED_BYTES, bytes));
                Text::Zstd(Box::new(decoder.map_err(|error| PipelineError::input(&input.path, error))?))
            }
        };
        Ok(Self { input, format, packing, text })
    }

    pub(crate) fn input(&self) -> &Arc<Input> {
        &self.input
    }

    /// What an error of reading says about the tape.
    pub(crate) fn refused(&self, error: io::Error) -> PipelineError {
        // What the system says is not about the contents.
        if self.packing == Packing::None || error.raw_os_error().is_some() {
            return PipelineError::input(&self.input.path, error);
        }
        let packing = self.packing.as_str();
        let message = match error.kind() {
            io::ErrorKind::UnexpectedEof => format!("{packing} data that ends too early"),
            _ => format!("damaged {packing} data ({error})"),
        };
        PipelineError::Corrupt { path: self.input.path.clone(), format: self.format, message }
    }

    /// Digest, if one was asked for, and length of the bytes read, which are all once the text has ended.
    pub(crate) fn passed(&mut self) -> Digested {
        let passing = match &mut self.text {
            Text::Plain(passing) => passing,
            Text::Gzip(decoder) => decoder.get_mut().get_mut(),
            Text::Zstd(decoder) => decoder.get_mut().get_mut(),
        };
        Digested { sha256: passing.digest.take().map(Digest::hex), bytes: passing.bytes }
    }
}

impl Read for TextStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.text {
            Text::Plain(passing) => passing.read(buffer),
            Text::Gzip(decoder) => decoder.read(buffer),
            Text::Zstd(decoder) => decoder.read(buffer),
        }
    }
}

impl Read for Passing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.sequential().read(buffer)?;
        self.bytes += count as u64;
        if let Some(digest) = &mut self.digest {
            digest.update(&buffer[..count]);
        }
        Ok(count)
    }
}
