//! Keys as text: hexadecimal, base64, PEM.

/// What stands before the 32 bytes of an Ed25519 key in PKCS#8: its algorithm, and two octet strings.
const PRIVATE: &[u8] = &[0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
/// The same for a public key.
const PUBLIC: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The seed of a private key.
pub(super) fn private(text: &str) -> Option<[u8; 32]> {
    match pem(text, "PRIVATE KEY") {
        Some(der) => {
            // A sequence of at most 255 bytes, a version of 0 or 1, and the key; behind it there may be the public key.
            let (sequence, rest) = der.split_at_checked(2)?;
            let (version, rest) = rest.split_at_checked(3)?;
            let sound = sequence == [0x30, u8::try_from(der.len() - 2).ok()?]
                && matches!(version, [0x02, 0x01, 0x00 | 0x01]);
            let key = rest.strip_prefix(PRIVATE).filter(|_| sound)?;
            key.first_chunk::<32>().copied()
        }
        None => plain(text),
    }
}

/// A public key.
pub(super) fn public(text: &str) -> Option<[u8; 32]> {
    match pem(text, "PUBLIC KEY") {
        Some(der) => der.strip_prefix(PUBLIC)?.try_into().ok(),
        None => plain(text),
    }
}

fn plain(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    hexadecimal(text).or_else(|| base64(text)?.try_into().ok())
}

/// So many bytes in hexadecimal, of either case.
pub(super) fn hexadecimal<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits: Vec<u8> =
        text.chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    if digits.len() == 2 * N { bytes.try_into().ok() } else { None }
}

/// The bytes of a PEM text with this label.
fn pem(text: &str, label: &str) -> Option<Vec<u8>> {
    let body = text.trim().strip_prefix(&format!("-----BEGIN {label}-----"))?;
    let body = body.strip_suffix(&format!("-----END {label}-----"))?;
    base64(&body.split_ascii_whitespace().collect::<String>())
}

/// RFC 4648, section 4: with padding, and nothing but zeros in what the padding leaves over.
fn base64(text: &str) -> Option<Vec<u8>> {
    let body = text.trim_end_matches('=');
    let padding = text.len() - body.len();
    if !text.len().is_multiple_of(4) || padding > 2 {
        return None;
    }
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for character in body.bytes() {
        let six = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        held = held << 6 | u32::from(six);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    (held == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::base64;

    /// Section 10 of RFC 4648.
    #[test]
    fn base64_vectors() {
        let vectors = [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYg==", "foob"),
            ("Zm9vYmE=", "fooba"),
            ("Zm9vYmFy", "foobar"),
        ];
        for (text, plain) in vectors {
            assert_eq!(base64(text).as_deref(), Some(plain.as_bytes()), "{text}");
        }
        for text in ["Zg=", "Zg", "Zh==", "Z===", "Zm9v\n", "Zm9*", "Z=g="] {
            assert_eq!(base64(text), None, "{text}");
        }
    }
}
