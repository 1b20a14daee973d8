//! Ed25519 signatures of manifests.
//!
//! A manifest holds the digests of all that is in a run, so its signature covers the run. Without one, [`verify`](crate::verify)
//! finds accidental damage only: whoever changes a run on purpose can write new digests too.

mod key_text;

use std::fmt;
use std::path::Path;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::PipelineError;
use crate::canonical_json::{canonical, hex};

/// The one algorithm, as `manifest.sig` names it.
const ALGORITHM: &str = "ed25519";

/// The largest file that is read as a key.
const MAX_KEY_BYTES: u64 = 1 << 14;

const PRIVATE: &str = "an ed25519 key: 32 bytes as hexadecimal or base64, or PKCS#8 as PEM";
const PUBLIC: &str = "an ed25519 public key: 32 bytes as hexadecimal or base64, or PEM";

/// A key that signs manifests. It is never shown.
///
/// ```
/// use abaco_pipeline::signature::{Signer, check};
///
/// let signer = Signer::parse(&"07".repeat(32), "test")?;
/// let signature = signer.sign(b"a manifest")?;
/// assert_eq!(check(b"a manifest", &signature, Some(&signer.public_key())), Ok(signer.public_key()));
/// assert!(check(b"another manifest", &signature, Some(&signer.public_key())).is_err());
/// # Ok::<(), abaco_pipeline::PipelineError>(())
/// ```
pub struct Signer(SigningKey);

/// The key by which a signature is held.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// What `manifest.sig` holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    algorithm: String,
    public_key: String,
    signature: String,
}

/// Why a signature does not stand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureProblem {
    /// The file is not a signature, or not in its canonical form.
    #[error("not a signature: {0}")]
    NotASignature(String),
    /// It was made with another key than the one that was named.
    #[error("signed by another key: expected {expected}, found {found}")]
    AnotherKey {
        /// The public key that was named, in hexadecimal.
        expected: String,
        /// The one in the signature.
        found: String,
    },
    /// The manifest is not the one that was signed, or the signature is not what was written.
    #[error("the signature does not fit the manifest")]
    DoesNotFit,
}

impl Signer {
    /// Reads a key; `place` is what an error names.
    ///
    /// # Errors
    /// [`PipelineError::Key`], which does not show the text.
    pub fn parse(text: &str, place: &str) -> Result<Self, PipelineError> {
        let seed = key_text::private(text).ok_or_else(|| no_key(place, PRIVATE))?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// Reads a key from a file.
    ///
    /// # Errors
    /// [`PipelineError::ConfigUnreadable`], or as [`parse`](Self::parse).
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, PipelineError> {
        let path = path.as_ref();
        Self::parse(&read(path)?, &path.display().to_string())
    }

    /// Reads a key from an environment variable; `None` if it is not set or empty.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn from_env(variable: &str) -> Result<Option<Self>, PipelineError> {
        let place = format!("the variable `{variable}`");
        match std::env::var(variable) {
            Ok(text) if text.is_empty() => Ok(None),
            Ok(text) => Self::parse(&text, &place).map(Some),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => Err(no_key(&place, PRIVATE)),
        }
    }

    /// The key that others are given.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// The bytes of `manifest.sig` for these bytes of `manifest.json`.
    ///
    /// # Errors
    /// [`PipelineError::Json`]; not expected to happen.
    pub fn sign(&self, manifest: &[u8]) -> Result<Vec<u8>, PipelineError> {
        let document = Document {
            algorithm: ALGORITHM.to_owned(),
            public_key: self.public_key().to_string(),
            signature: hex(&self.0.sign(manifest).to_bytes()),
        };
        Ok((canonical(&document).map_err(PipelineError::Json)? + "\n").into_bytes())
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer(public key {})", self.public_key())
    }
}

impl PublicKey {
    /// Reads a public key; `place` is what an error names.
    ///
    /// # Errors
    /// [`PipelineError::Key`]
    pub fn parse(text: &str, place: &str) -> Result<Self, PipelineError> {
        let key = key_text::public(text).and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
        // With a key of small order, one signature fits many texts.
        key.filter(|key| !key.is_weak()).map(Self).ok_or_else(|| no_key(place, PUBLIC))
    }

    /// Reads a public key from a file.
    ///
    /// # Errors
    /// [`PipelineError::ConfigUnreadable`], or as [`parse`](Self::parse).
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, PipelineError> {
        let path = path.as_ref();
        Self::parse(&read(path)?, &path.display().to_string())
    }
}

/// In hexadecimal.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(self.0.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// Holds a signature against the manifest, and gives the key that made it. Without a key to expect, the one that the
/// signature names is taken, which shows that nothing was damaged and not who signed.
///
/// # Errors
/// [`SignatureProblem`]
pub fn check(
    manifest: &[u8],
    signature: &[u8],
    expected: Option<&PublicKey>,
) -> Result<PublicKey, SignatureProblem> {
    let not = |why: &str| SignatureProblem::NotASignature(why.to_owned());
    let document: Document = serde_json::from_slice(signature).map_err(|error| not(&error.to_string()))?;
    let written = canonical(&document).map_err(|error| not(&error.to_string()))? + "\n";
    if written.as_bytes() != signature {
        return Err(not("expected canonical JSON and a line's end"));
    }
    if document.algorithm != ALGORITHM {
        return Err(not("expected the algorithm `ed25519`"));
    }
    let found = key_text::hexadecimal(&document.public_key)
        .and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok())
        .map(PublicKey)
        .ok_or_else(|| not("expected a public key as hexadecimal"))?;
    if let Some(expected) = expected.filter(|expected| **expected != found) {
        return Err(SignatureProblem::AnotherKey {
            expected: expected.to_string(),
            found: found.to_string(),
        });
    }
    let bytes: [u8; 64] = key_text::hexadecimal(&document.signature)
        .ok_or_else(|| not("expected a signature of 64 bytes as hexadecimal"))?;
    match found.0.verify_strict(manifest, &Signature::from_bytes(&bytes)) {
        Ok(()) => Ok(found),
        Err(_) => Err(SignatureProblem::DoesNotFit),
    }
}

fn no_key(place: &str, expected: &'static str) -> PipelineError {
    PipelineError::Key { place: place.to_owned(), expected }
}

fn read(path: &Path) -> Result<String, PipelineError> {
    use std::io::Read;

    let unreadable = |source| PipelineError::ConfigUnreadable { path: path.to_path_buf(), source };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(MAX_KEY_BYTES).read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}

#[cfg(test)]
mod tests;
