//! The only place that knows which YAML library reads our definitions, so that it can be replaced.

use std::fmt;

use rust_decimal::Decimal;
use serde::de::{DeserializeOwned, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// What the library says about a text: the place, where it knows one, and the message without it.
#[derive(Debug)]
pub(crate) struct YamlError {
    pub(crate) line: Option<usize>,
    pub(crate) column: Option<usize>,
    pub(crate) message: String,
}

/// Reads one YAML document.
pub(crate) fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, YamlError> {
    serde_yaml::from_str(text).map_err(|error| {
        let location = error.location();
        let (line, column) = location.map(|place| (place.line(), place.column())).unzip();
        let mut message = error.to_string();
        // The library appends the place to the text; callers print it in front, once.
        if let Some(place) = line.zip(column)
            && let Some(end) = message.rfind(&format!(" at line {} column {}", place.0, place.1))
        {
            message.truncate(end);
        }
        YamlError { line, column, message }
    })
}

/// The text under `key` of the entry number `index` of the list under `list`, if the file is that readable.
///
/// It names the entry in errors, which know only a position.
pub(crate) fn text_of(text: &str, list: &str, index: usize, key: &str) -> Option<String> {
    let document: serde_yaml::Value = serde_yaml::from_str(text).ok()?;
    Some(document.get(list)?.get(index)?.get(key)?.as_str()?.to_owned())
}

/// A step into a document.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step<'p> {
    /// The value under this key of a mapping.
    Key(&'p str),
    /// The item with this index of a list.
    Index(usize),
}

/// Where the value at the end of `path` begins: line and column, from 1.
///
/// The library knows places in errors only, so this reads up to the value and fails there.
pub(crate) fn place_of(text: &str, path: &[Step<'_>]) -> Option<(usize, usize)> {
    let deserializer = serde_yaml::Deserializer::from_str(text);
    let error = Probe(path).deserialize(deserializer).err()?;
    if !error.to_string().contains(FOUND) {
        return None;
    }
    error.location().map(|place| (place.line(), place.column()))
}

const FOUND: &str = "the value that was looked for";

#[derive(Clone, Copy)]
struct Probe<'p>(&'p [Step<'p>]);

impl<'de> DeserializeSeed<'de> for Probe<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Probe<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value on the way")
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<(), E> {
        if self.0.is_empty() { Err(E::custom(FOUND)) } else { Ok(()) }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match self.0.split_first() {
                Some((Step::Key(wanted), rest)) if *wanted == key => map.next_value_seed(Probe(rest))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut index = 0;
        loop {
            let item = match self.0.split_first() {
                Some((Step::Index(wanted), rest)) if *wanted == index => {
                    seq.next_element_seed(Probe(rest))?
                }
                _ => seq.next_element::<IgnoredAny>()?.map(|_| ()),
            };
            if item.is_none() {
                return Ok(());
            }
            index += 1;
        }
    }
}

/// A decimal in quotes: an unquoted number would go through a binary float.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quoted(pub(crate) Decimal);

impl<'de> Deserialize<'de> for Quoted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(QuotedVisitor)
    }
}

struct QuotedVisitor;

impl Visitor<'_> for QuotedVisitor {
    type Value = Quoted;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a decimal in quotes, such as \"1.5\"")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Quoted, E> {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.'));
        match Decimal::from_str_exact(text) {
            Ok(decimal) if plain => Ok(Quoted(decimal)),
            _ => Err(E::custom(format_args!("`{text}` is no decimal of at most 28 digits, such as \"1.5\""))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_quoted_and_exact() {
        let cases = [
            ("\"5\"", Ok("5")),
            ("'-0.50'", Ok("-0.50")),
            ("\"79228162514264337593543950335\"", Ok("79228162514264337593543950335")),
            ("5", Err("invalid type: integer `5`, expected a decimal in quotes, such as \"1.5\"")),
            ("-5", Err("invalid type: integer `-5`, expected a decimal in quotes, such as \"1.5\"")),
            ("1.5", Err("invalid type: floating point `1.5`, expected a decimal in quotes, such as \"1.5\"")),
            ("true", Err("invalid type: boolean `true`, expected a decimal in quotes, such as \"1.5\"")),
            ("\"1_000\"", Err("`1_000` is no decimal of at most 28 digits, such as \"1.5\"")),
            ("\"1e3\"", Err("`1e3` is no decimal of at most 28 digits, such as \"1.5\"")),
            ("\"\"", Err("`` is no decimal of at most 28 digits, such as \"1.5\"")),
            (
                "\"0.33333333333333333333333333333\"",
                Err("`0.33333333333333333333333333333` is no decimal of at most 28 digits, such as \"1.5\""),
            ),
        ];
        for (text, expected) in cases {
            let found =
                from_str::<Quoted>(text).map(|quoted| quoted.0.to_string()).map_err(|error| error.message);
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{text}");
        }
    }
}
