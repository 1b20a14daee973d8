//! The contract as it is written, before validation.

use serde::Deserialize;

use super::column::{ColumnType, ExcessDigits, FromFloat, NullRule, Role};
use crate::yaml::Ordered;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawContract {
    pub(super) contract: String,
    pub(super) version: u32,
    pub(super) currency: String,
    pub(super) null_tokens: Option<Vec<String>>,
    pub(super) date_formats: Option<Vec<String>>,
    pub(super) columns: Ordered<RawColumn>,
    #[serde(default)]
    pub(super) derive: Ordered<String>,
    pub(super) effective_as_of: Option<RawEffective>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEffective {
    pub(super) lag_days: String,
    #[serde(rename = "where")]
    pub(super) filter: Option<String>,
}

/// Rules are optional here, so that a rule that means nothing for the column's type is noticed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawColumn {
    #[serde(rename = "type")]
    pub(super) column_type: ColumnType,
    pub(super) source: Option<String>,
    #[serde(default)]
    pub(super) aliases: Vec<String>,
    #[serde(default)]
    pub(super) roles: Vec<Role>,
    #[serde(default)]
    pub(super) required: bool,
    #[serde(default)]
    pub(super) nulls: NullRule,
    pub(super) excess_digits: Option<ExcessDigits>,
    pub(super) from_float: Option<FromFloat>,
    pub(super) null_tokens: Option<Vec<String>>,
    pub(super) date_formats: Option<Vec<String>>,
}
