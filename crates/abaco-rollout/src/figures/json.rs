//! Values of another system as JSON: a list of values, or an object that also names the inputs and the scale.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::number::check_scale;
use super::table::{Row, Table};
use super::{Figure, Key, ReadOptions};

/// One value. Numbers are taken by their text, so that none goes through a float.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    kpi: String,
    #[serde(default)]
    segment: Option<SegmentEntry>,
    #[serde(default)]
    as_of: Option<String>,
    value: Box<RawValue>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum SegmentEntry {
    Text(String),
    Columns(BTreeMap<String, String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    inputs: Option<Vec<String>>,
    #[serde(default)]
    scale: Option<u32>,
    values: Vec<Entry>,
}

/// What a file of values says.
pub(super) struct Values {
    pub(super) inputs: Option<Vec<String>>,
    pub(super) values: BTreeMap<Key, Figure>,
}

pub(super) fn values(bytes: &[u8], options: &ReadOptions) -> Result<Values, String> {
    let is_list = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let read = if is_list {
        serde_json::from_slice(bytes).map(|values| Document { inputs: None, scale: None, values })
    } else {
        serde_json::from_slice(bytes)
    };
    let Document { inputs, scale, values } = read.map_err(|error| error.to_string())?;
    // What the caller says of the side goes before what the file says of itself.
    let scale = options.scale.or(scale);
    check_scale(scale)?;
    let mut table = Table::new(options);
    for (index, entry) in values.iter().enumerate() {
        let place = format!("value {}", index + 1);
        let segment = match &entry.segment {
            None => BTreeMap::new(),
            Some(SegmentEntry::Columns(columns)) => columns.clone(),
            Some(SegmentEntry::Text(text)) => {
                table.segment(text).map_err(|message| format!("{place}: {message}"))?
            }
        };
        let value = text_of(&entry.value).map_err(|message| format!("{place}: column `value`: {message}"))?;
        let as_of = entry.as_of.as_deref().unwrap_or("");
        table.row(place, Row { kpi: &entry.kpi, segment, as_of, value: &value }, scale)?;
    }
    let inputs = inputs.map(|inputs| sorted(&inputs)).transpose()?;
    Ok(Values { inputs, values: table.finish() })
}

fn text_of(value: &RawValue) -> Result<String, String> {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'"') => serde_json::from_str(text).map_err(|error| error.to_string()),
        Some(b'{' | b'[' | b't' | b'f') => Err(format!("expected a decimal, text or null, found `{text}`")),
        _ => Ok(text.to_owned()),
    }
}

/// Digests of inputs, each of 64 hexadecimal digits, perhaps behind the role of a table.
fn sorted(inputs: &[String]) -> Result<Vec<String>, String> {
    let is_digest = |text: &str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut sorted = Vec::with_capacity(inputs.len());
    for input in inputs {
        let digest = input.rsplit_once(':').map_or(input.as_str(), |(_, digest)| digest);
        if !is_digest(digest) {
            return Err(format!("`inputs`: expected SHA-256 in hexadecimal, found `{input}`"));
        }
        let input = input.strip_prefix("sha256:").unwrap_or(input);
        sorted.push(input.to_ascii_lowercase());
    }
    sorted.sort();
    Ok(sorted)
}
