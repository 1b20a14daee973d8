//! One line: its keys and values as they are written, and the way of a value into a column.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::contract::ColumnType;
use crate::source::column_reader::ColumnReader;
use crate::source::fault::Fault;

/// Whether a line is skipped.
pub(super) fn is_blank(line: &[u8]) -> bool {
    line.trim_ascii().is_empty()
}

/// Why a line is no row; never with anything of its contents.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoObject(pub(super) String);

/// Gives each key of an object, as it reads, and each value, as it is written, in the order of the line.
pub(super) fn each_key<'t>(line: &'t str, each: impl FnMut(&str, &'t str)) -> Result<(), NoObject> {
    let mut json = serde_json::Deserializer::from_str(line);
    json.deserialize_map(Object(each)).and_then(|()| json.end()).map_err(|error| {
        NoObject(match error.classify() {
            serde_json::error::Category::Data => "another value".to_owned(),
            serde_json::error::Category::Eof => "an object that ends too early".to_owned(),
            _ => format!("a mistake near byte {}", error.column()),
        })
    })
}

struct Object<F>(F);

impl<'t, F: FnMut(&str, &'t str)> Visitor<'t> for Object<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'t>>(mut self, mut object: A) -> Result<(), A::Error> {
        while let Some(key) = object.next_key_seed(Text)? {
            let value: &'t RawValue = object.next_value()?;
            (self.0)(&key, value.get());
        }
        Ok(())
    }
}

/// A text, borrowed where nothing in it is escaped.
struct Text;

impl<'t> DeserializeSeed<'t> for Text {
    type Value = Cow<'t, str>;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'t> Visitor<'t> for Text {
    type Value = Cow<'t, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'t str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// A value as text, `None` for null: what a text says, and anything else as it is written.
pub(super) fn cell(value: &str) -> Option<Cow<'_, str>> {
    match value.as_bytes().first() {
        Some(b'n') | None => None,
        Some(b'"') => Some(text(value).unwrap_or(Cow::Borrowed(value))),
        Some(_) => Some(Cow::Borrowed(value)),
    }
}

fn text(value: &str) -> Option<Cow<'_, str>> {
    let mut json = serde_json::Deserializer::from_str(value);
    Text.deserialize(&mut json).ok()
}

/// Reads a value, or null where the row has none.
///
/// Numbers are read digit by digit and never mean null; a column of texts takes their digits as they are written. What a
/// text says is read as in CSV. Objects and lists are refused.
pub(super) fn push(column: &mut ColumnReader, value: Option<&str>) -> Result<(), Fault> {
    let Some(value) = value else { return column.push_null() };
    match (value.as_bytes().first(), column.bound.column.column_type) {
        (Some(b'n') | None, _) => column.push_null(),
        (Some(b'"'), _) => column.push_text(&text(value).ok_or(Fault::Mismatch)?),
        (Some(b't' | b'f'), _) => column.push_bool(value == "true"),
        (Some(b'{' | b'['), _) | (_, ColumnType::Date) => Err(Fault::Mismatch),
        (_, ColumnType::Int | ColumnType::Decimal { .. }) => column.push_printed(value),
        (_, ColumnType::Text | ColumnType::Bool) => column.push_text(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(line: &str) -> Result<Vec<(String, String)>, NoObject> {
        let mut pairs = Vec::new();
        each_key(line, |key, value| pairs.push((key.to_owned(), value.to_owned())))?;
        Ok(pairs)
    }

    #[test]
    fn values_as_they_are_written() {
        let line = r#" { "a" : 1.50 , "b\u00e9":"x\ny","a":[1, {"c":2}], "d":null,"e":-0E+1 } "#;
        let found = pairs(line).unwrap();
        let found: Vec<(&str, &str)> = found.iter().map(|(key, value)| (&**key, &**value)).collect();
        let expected = [
            ("a", "1.50"),
            ("b\u{e9}", r#""x\ny""#),
            ("a", r#"[1, {"c":2}]"#),
            ("d", "null"),
            ("e", "-0E+1"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_no_object() {
        let refused = |line: &str| pairs(line).unwrap_err().0;
        assert_eq!(refused("[1]"), "another value");
        assert_eq!(refused("12"), "another value");
        assert_eq!(refused(r#"{"a":1"#), "an object that ends too early");
        assert_eq!(refused(r#"{"a":1} x"#), "a mistake near byte 9");
        assert_eq!(refused(r#"{"a":01}"#), "a mistake near byte 7");
        assert_eq!(refused(r#"{"a":NaN}"#), "a mistake near byte 6");
        assert!(refused("{\"a\":\"\t\"}").starts_with("a mistake near byte "));
    }

    #[test]
    fn cells() {
        assert_eq!(cell("null"), None);
        assert_eq!(cell(r#""a\"\u20ac""#).as_deref(), Some("a\"\u{20ac}"));
        assert_eq!(cell("1.50").as_deref(), Some("1.50"));
        assert_eq!(cell("true").as_deref(), Some("true"));
    }
}
