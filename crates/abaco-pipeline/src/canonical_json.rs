//! JSON as RFC 8785 writes it: sorted keys, no spaces, one text for one value, fit for digests.

use serde::Serialize;
use serde::ser::Error as _;
use serde_json::{Error, Number, Value};
use sha2::{Digest, Sha256};

/// The largest integer that every reader of JSON takes exactly: RFC 8785 writes numbers as ECMAScript does.
const LARGEST: u64 = (1 << 53) - 1;

/// The canonical text of a value.
///
/// # Errors
/// For a number with a fraction or beyond 2^53 - 1: our documents have none, since decimals are strings.
pub fn canonical(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(&sorted(serde_json::to_value(value)?)?)
}

fn sorted(value: Value) -> Result<Value, Error> {
    Ok(match value {
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> = map.into_iter().collect();
            // By UTF-16 code units, which is another order than that of the bytes: U+1F600 comes before U+FB33.
            entries.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            let entries = entries.into_iter().map(|(key, value)| Ok((key, sorted(value)?)));
            Value::Object(entries.collect::<Result<_, Error>>()?)
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect::<Result<_, Error>>()?),
        Value::Number(number) if !is_plain(&number) => {
            return Err(Error::custom(format!("expected an integer within 2^53, found {number}")));
        }
        other => other,
    })
}

fn is_plain(number: &Number) -> bool {
    let size = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
    size.is_some_and(|size| size <= LARGEST)
}

/// SHA-256 in lower-case hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::{canonical, sha256};

    fn of(text: &str) -> Result<String, String> {
        let value: Value = serde_json::from_str(text).unwrap();
        canonical(&value).map_err(|error| error.to_string())
    }

    /// Section 3.2.3 of the RFC: the order of the keys.
    #[test]
    fn keys_are_sorted_by_utf_16() {
        let given = r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh",
            "1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control",
            "\u00f6":"Latin Small Letter O With Diaeresis"}"#;
        let sorted = of(given).unwrap();
        let values: Vec<String> = serde_json::from_str::<serde_json::Map<String, Value>>(&sorted)
            .unwrap()
            .values()
            .map(|value| value.as_str().unwrap().to_owned())
            .collect();
        assert_eq!(
            values,
            [
                "Carriage Return",
                "One",
                "Control",
                "Latin Small Letter O With Diaeresis",
                "Euro Sign",
                "Emoji: Grinning Face",
                "Hebrew Letter Dalet With Dagesh"
            ]
        );
    }

    /// Section 3.2.2 of the RFC without its numbers with a fraction: the string and the literals.
    #[test]
    fn strings_and_literals() {
        let given = r#"{ "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false] }"#;
        assert_eq!(
            of(given).unwrap(),
            "{\"literals\":[null,true,false],\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"
        );
        assert_eq!(
            of(r#""\b\t\n\f\r\u0000\u001f\u007f""#).unwrap(),
            "\"\\b\\t\\n\\f\\r\\u0000\\u001f\u{7f}\""
        );
    }

    #[rstest]
    #[case("0", "0")]
    #[case("-1", "-1")]
    #[case("9007199254740991", "9007199254740991")]
    #[case("-9007199254740991", "-9007199254740991")]
    #[case(r#"[ {"b":[ ], "a":{ } } ]"#, r#"[{"a":{},"b":[]}]"#)]
    fn integers_and_containers(#[case] given: &str, #[case] text: &str) {
        assert_eq!(of(given).unwrap(), text);
    }

    #[rstest]
    #[case("1.5")]
    #[case("1e2")]
    #[case("-0.0")]
    #[case("9007199254740992")]
    #[case("-9007199254740992")]
    fn other_numbers_are_refused(#[case] number: &str) {
        let error = of(&format!("{{\"a\":[{number}]}}")).unwrap_err();
        assert!(error.starts_with("expected an integer within 2^53, found "), "{error}");
    }

    /// FIPS 180-4's own example, and the order of keys in a digest.
    #[test]
    fn digests() {
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(
            canonical(&json!({"b": 1, "a": 2})).unwrap(),
            canonical(&json!({"a": 2, "b": 1})).unwrap()
        );
    }
}
