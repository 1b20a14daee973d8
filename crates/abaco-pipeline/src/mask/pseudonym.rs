//! From one value to its pseudonym.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::MaskingKey;

/// Hexadecimal digits of a text's pseudonym.
pub(super) const DIGITS: usize = 32;

/// The pseudonyms of one column: a digest that has already taken in the key and the column's name.
#[derive(Clone)]
pub(super) struct Pseudonyms(Hmac<Sha256>);

impl Pseudonyms {
    pub(super) fn of(key: &MaskingKey, column: &str) -> Result<Self, String> {
        let mut state = Hmac::<Sha256>::new_from_slice(key.secret()).map_err(|error| error.to_string())?;
        state.update(column.as_bytes());
        // No name has this byte, so no two columns and values run together into the same bytes.
        state.update(&[0]);
        Ok(Self(state))
    }

    fn digest(&self, value: &str) -> [u8; 32] {
        let mut state = self.0.clone();
        state.update(value.as_bytes());
        state.finalize().into_bytes().into()
    }

    pub(super) fn text(&self, value: &str) -> [u8; DIGITS] {
        const HEX: [u8; 16] = *b"0123456789abcdef";
        let digest = self.digest(value);
        let mut digits = [0; DIGITS];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(digest) {
            pair[0] = HEX[usize::from(byte >> 4)];
            pair[1] = HEX[usize::from(byte & 15)];
        }
        digits
    }

    /// The first 63 bits behind the digest's first bit.
    pub(super) fn int(&self, value: i64) -> i64 {
        let digest = self.digest(&value.to_string());
        let [a, b, c, d, e, f, g, h, ..] = digest;
        i64::from_be_bytes([a & 0x7f, b, c, d, e, f, g, h])
    }
}

/// The digits as text, which they always are.
pub(super) fn as_text(digits: &[u8; DIGITS]) -> &str {
    std::str::from_utf8(digits).unwrap_or_default()
}
