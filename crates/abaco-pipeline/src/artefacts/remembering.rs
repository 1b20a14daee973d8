//! What the system said, whatever the writers of the formats make of it.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// A sink whose first error is remembered: Parquet's writer turns some of them into mere text.
pub(super) struct Remembering<W> {
    sink: W,
    first: FirstError,
}

/// The first error of a sink, shared with whoever writes to it.
#[derive(Clone, Default)]
pub(super) struct FirstError(Arc<Mutex<Option<io::Error>>>);

impl<W> Remembering<W> {
    pub(super) fn new(sink: W, first: FirstError) -> Self {
        Self { sink, first }
    }

    pub(super) fn into_inner(self) -> W {
        self.sink
    }

    fn note<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result
            && error.kind() != io::ErrorKind::Interrupted
        {
            let mut first = self.first.0.lock().unwrap_or_else(PoisonError::into_inner);
            first.get_or_insert_with(|| match error.raw_os_error() {
                Some(code) => io::Error::from_raw_os_error(code),
                None => io::Error::new(error.kind(), error.to_string()),
            });
        }
        result
    }
}

impl FirstError {
    /// What the sink said, if it said anything; else the error of what writes to it.
    pub(super) fn or(&self, other: io::Error) -> io::Error {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or(other)
    }
}

impl<W: Write> Write for Remembering<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.sink.write(bytes);
        self.note(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.sink.flush();
        self.note(result)
    }
}
