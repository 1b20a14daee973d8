//! Pseudonyms for columns with the role pii.
//!
//! A value becomes the HMAC-SHA-256 of its column's name and its own text under a secret key. Equal values of a column
//! stay equal, so that joins, distinct counts and sums by key come out as they were; without the key nobody can try
//! values out. The same value has other pseudonyms in other columns and under other keys.
//!
//! | type | what it becomes |
//! |---|---|
//! | text | 32 lower-case hexadecimal digits, 128 bits of the digest |
//! | int | an int that is not negative, 63 bits of the digest |
//! | decimal, date, bool | null: what has their format has their meaning too, or none |
//!
//! Null stays null, and empty text is text.

mod key;
mod masker;
mod pseudonym;

use serde::{Deserialize, Serialize};

pub use self::key::{MIN_KEY_BYTES, MaskingKey};
pub use self::masker::{MaskedColumn, Masker, Masking};

/// The environment variable that holds the key unless another is named.
const KEY_ENV: &str = "ABACO_MASKING_KEY";

/// Where the key of the pseudonyms is, and what it is called.
///
/// ```
/// use abaco_pipeline::mask::MaskingSettings;
///
/// let settings: MaskingSettings = serde_json::from_str(r#"{"key_id": "2026-01"}"#)?;
/// assert_eq!(settings.key_env, "ABACO_MASKING_KEY");
/// assert!(serde_json::from_str::<MaskingSettings>(r#"{"key_id": "2026-01", "key": "secret"}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaskingSettings {
    /// The environment variable that holds the key; the key itself is in no file.
    #[serde(default = "key_env")]
    pub key_env: String,
    /// The key's name, which runs carry, so that pseudonyms of different keys are not compared.
    pub key_id: String,
}

impl MaskingSettings {
    /// Refuses settings that cannot be meant.
    ///
    /// # Errors
    /// What is wrong, as a fragment.
    pub fn check(&self) -> Result<(), String> {
        if self.key_id.trim().is_empty() {
            return Err("`masking.key_id`: expected a name, found nothing".to_owned());
        }
        if self.key_env.is_empty() || self.key_env.contains(['=', '\0']) {
            return Err(format!(
                "`masking.key_env`: expected the name of an environment variable, found `{}`",
                self.key_env
            ));
        }
        Ok(())
    }
}

fn key_env() -> String {
    KEY_ENV.to_owned()
}
