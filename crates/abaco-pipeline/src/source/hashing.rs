//! A reader that digests what passes through it, and that can limit how much passes at once.

use std::io::{self, Read};

use sha2::{Digest, Sha256};

/// Reads, hashes and counts.
pub(crate) struct HashingReader<R> {
    inner: R,
    hasher: Sha256,
    bytes: u64,
    allowed: u64,
}

/// The error inside an [`io::Error`] when more was read than [`HashingReader::allow`] allows.
#[derive(Debug, thiserror::Error)]
#[error("more bytes than allowed")]
pub(crate) struct TooMuch;

impl<R: Read> HashingReader<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, hasher: Sha256::new(), bytes: 0, allowed: u64::MAX }
    }

    /// Allows so many bytes from now on.
    pub(crate) fn allow(&mut self, bytes: u64) {
        self.allowed = bytes;
    }

    /// How many bytes have passed.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The SHA-256 of the bytes that have passed, in lower case hex.
    pub(crate) fn sha256(&self) -> String {
        self.hasher.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.allowed == 0 {
            return Err(io::Error::other(TooMuch));
        }
        let count = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        self.bytes += count as u64;
        self.allowed = self.allowed.saturating_sub(count as u64);
        Ok(count)
    }
}
