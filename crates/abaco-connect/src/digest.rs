//! SHA-256 as manifests write it.

use sha2::{Digest, Sha256};

/// A digest that is being computed.
#[derive(Default)]
pub(crate) struct Hasher(Sha256);

impl Hasher {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// In lower-case hexadecimal.
    pub(crate) fn finish(self) -> String {
        let digest: [u8; 32] = self.0.finalize().into();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    let mut hasher = Hasher::default();
    hasher.update(bytes);
    hasher.finish()
}
