//! The secret behind the pseudonyms.

use std::fmt;

use super::MaskingSettings;
use crate::PipelineError;

/// The fewest bytes that a key may have: 128 bits.
pub const MIN_KEY_BYTES: usize = 16;

/// A secret and its name; only the name is ever shown.
///
/// ```
/// use abaco_pipeline::mask::MaskingKey;
///
/// let key = MaskingKey::parse("2026-01", "hex:000102030405060708090a0b0c0d0e0f")?;
/// assert_eq!(key.id(), "2026-01");
/// assert_eq!(format!("{key:?}"), "MaskingKey(\"2026-01\")");
/// assert_eq!(MaskingKey::parse("k", "too short").unwrap_err(), "expected at least 16 bytes, found 9");
/// # Ok::<(), String>(())
/// ```
#[derive(Clone)]
pub struct MaskingKey {
    id: String,
    secret: Vec<u8>,
}

impl MaskingKey {
    /// A key from text: `hex:` or `base64:` and the digits, or the bytes of the text itself.
    ///
    /// # Errors
    /// What is wrong, as a fragment that does not show the text.
    pub fn parse(id: &str, text: &str) -> Result<Self, String> {
        let text = text.trim();
        let secret = if let Some(digits) = text.strip_prefix("hex:") {
            hex(digits).ok_or("expected pairs of hexadecimal digits behind `hex:`, found something else")?
        } else if let Some(digits) = text.strip_prefix("base64:") {
            base64(digits).ok_or("expected base64 behind `base64:`, found something else")?
        } else {
            text.as_bytes().to_vec()
        };
        let key = Self { id: id.to_owned(), secret };
        match key.secret.len() {
            short if short < MIN_KEY_BYTES => {
                Err(format!("expected at least {MIN_KEY_BYTES} bytes, found {short}"))
            }
            _ => Ok(key),
        }
    }

    /// The key that the settings name.
    ///
    /// # Errors
    /// [`PipelineError::Secret`] if the variable is not set or holds no key.
    pub fn from_env(settings: &MaskingSettings) -> Result<Self, PipelineError> {
        let refuse = |message: String| PipelineError::Secret { variable: settings.key_env.clone(), message };
        let text = std::env::var(&settings.key_env).map_err(|error| match error {
            std::env::VarError::NotPresent => {
                refuse("expected a masking key, found no such variable".to_owned())
            }
            std::env::VarError::NotUnicode(_) => refuse("expected text, found other bytes".to_owned()),
        })?;
        Self::parse(&settings.key_id, &text).map_err(refuse)
    }

    /// The key's name.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn secret(&self) -> &[u8] {
        &self.secret
    }
}

impl fmt::Debug for MaskingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MaskingKey").field(&self.id).finish()
    }
}

/// As good as can be done without unsafe code: the bytes are overwritten, and the compiler is told that they are read.
impl Drop for MaskingKey {
    fn drop(&mut self) {
        self.secret.fill(0);
        std::hint::black_box(&self.secret);
    }
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => Some(value(*high)? << 4 | value(*low)?),
            _ => None,
        })
        .collect()
}

/// The standard or the URL-safe alphabet, with its padding or without.
fn base64(digits: &str) -> Option<Vec<u8>> {
    let digits = digits.trim_end_matches('=');
    if digits.len() % 4 == 1 {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for digit in digits.bytes() {
        bits = bits << 6 | u32::from(sextet(digit)?);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).ok()?);
        }
        bits &= (1 << held) - 1;
    }
    // Digits that say more than whole bytes were cut off somewhere.
    (bits == 0).then_some(bytes)
}

fn sextet(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_ways_to_write_the_same_key() {
        let plain = MaskingKey::parse("k", "sixteen bytes ok").unwrap();
        let hexadecimal = MaskingKey::parse("k", "hex:7369787465656e206279746573206f6B").unwrap();
        let padded = MaskingKey::parse("k", "base64:c2l4dGVlbiBieXRlcyBvaw==\n").unwrap();
        let bare = MaskingKey::parse("k", "base64:c2l4dGVlbiBieXRlcyBvaw").unwrap();
        for key in [&hexadecimal, &padded, &bare] {
            assert_eq!(key.secret(), plain.secret());
        }
    }

    /// RFC 4648, section 10, and the two characters that its alphabets differ in.
    #[test]
    fn base64_is_that_of_the_rfc() {
        let cases: [(&str, Option<&[u8]>); 11] = [
            ("", Some(b"")),
            ("Zg==", Some(b"f")),
            ("Zm8=", Some(b"fo")),
            ("Zm9v", Some(b"foo")),
            ("Zm9vYg==", Some(b"foob")),
            ("Zm9vYmE=", Some(b"fooba")),
            ("Zm9vYmFy", Some(b"foobar")),
            ("+/-_", Some(&[0xfb, 0xff, 0xbf])),
            ("Z", None),
            ("Zh==", None),
            ("Zm 9v", None),
        ];
        for (digits, expected) in cases {
            assert_eq!(base64(digits).as_deref(), expected, "{digits}");
        }
    }

    #[test]
    fn a_refusal_does_not_show_the_text() {
        for text in [
            "",
            "short-secret",
            "hex:0001",
            "hex:zz",
            "hex:000102030405060708090a0b0c0d0e0",
            "base64:~secret~",
        ] {
            let problem = MaskingKey::parse("k", text).unwrap_err();
            assert!(!problem.contains("secret") && !problem.contains("0001"), "{text}: {problem}");
        }
    }

    #[test]
    fn a_missing_variable_is_named() {
        let settings = MaskingSettings { key_env: "ABACO_NO_SUCH_KEY".to_owned(), key_id: "k".to_owned() };
        assert_eq!(
            MaskingKey::from_env(&settings).unwrap_err().to_string(),
            "environment variable `ABACO_NO_SUCH_KEY`: expected a masking key, found no such variable"
        );
    }
}
