//! From the contract as written to a contract that can be relied upon.

use std::collections::HashMap;
use std::path::Path;

use super::bind::normalise;
use super::check_rules;
use super::raw::{RawColumn, RawContract};
use super::{Column, ColumnType, Contract, Derived, EffectiveAsOf, NullRule, Role};
use crate::PipelineError;
use crate::source::date_text;
use crate::yaml::Ordered;

const MAX_COLUMNS: usize = 1_024;
const MAX_NAME_BYTES: usize = 64;
const MAX_HEADER_BYTES: usize = 256;
const MAX_LIST: usize = 64;
const MAX_EXPRESSION_BYTES: usize = 8_192;

const NULL_TOKENS: [&str; 5] = ["", "NA", "N/A", "null", "NULL"];
const DATE_FORMATS: [&str; 1] = ["%Y-%m-%d"];

pub(super) fn contract(raw: RawContract, path: &Path) -> Result<Contract, PipelineError> {
    checked(raw).map_err(|message| PipelineError::Configuration { path: path.to_path_buf(), message })
}

fn checked(raw: RawContract) -> Result<Contract, String> {
    check_name(&raw.contract).map_err(|problem| format!("contract: {problem}"))?;
    if raw.version == 0 {
        return Err("version: expected at least 1, found 0".to_owned());
    }
    if raw.currency.len() != 3 || !raw.currency.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(format!("currency: expected three capital letters, found `{}`", raw.currency));
    }
    let null_tokens = match raw.null_tokens {
        Some(tokens) => check_tokens(tokens)?,
        None => NULL_TOKENS.map(str::to_owned).to_vec(),
    };
    let date_formats = match raw.date_formats {
        Some(formats) => check_formats(formats)?,
        None => DATE_FORMATS.map(str::to_owned).to_vec(),
    };
    check_count("columns", raw.columns.0.len())?;
    let mut columns = Vec::with_capacity(raw.columns.0.len());
    for (name, raw) in raw.columns.0 {
        let column = column(&name, raw, &null_tokens, &date_formats);
        columns.push(column.map_err(|problem| format!("column `{name}`: {problem}"))?);
    }
    check_unique_headers(&columns)?;
    check_one_snapshot(&columns)?;
    let derived = derived(raw.derive, &columns)?;
    let effective_as_of = raw
        .effective_as_of
        .map(|effective| EffectiveAsOf { lag_days: effective.lag_days, filter: effective.filter });
    if effective_as_of.is_some() && !columns.iter().any(|column| column.has_role(Role::Snapshot)) {
        return Err("effective_as_of: expected a column with the role `snapshot`, found none".to_owned());
    }
    let rules = check_rules::rules(raw.rules, &columns, &derived)?;
    Ok(Contract {
        name: raw.contract,
        version: raw.version,
        currency: raw.currency,
        columns,
        derived,
        effective_as_of,
        rules,
    })
}

fn column(name: &str, raw: RawColumn, tokens: &[String], formats: &[String]) -> Result<Column, String> {
    check_name(name)?;
    if raw.source.is_some() && !raw.aliases.is_empty() {
        return Err("expected `source` or `aliases`, found both".to_owned());
    }
    if raw.aliases.len() > MAX_LIST {
        return Err(format!("expected at most {MAX_LIST} aliases, found {}", raw.aliases.len()));
    }
    check_roles(&raw.roles, raw.column_type)?;
    let number = matches!(raw.column_type, ColumnType::Int | ColumnType::Decimal { .. });
    if raw.nulls == NullRule::FillZero && !number {
        return Err(format!("expected a number for `nulls: fill_zero`, found {}", raw.column_type));
    }
    if raw.excess_digits.is_some() && !matches!(raw.column_type, ColumnType::Decimal { .. }) {
        return Err(format!("expected a decimal for `excess_digits`, found {}", raw.column_type));
    }
    if raw.from_float.is_some() && !number {
        return Err(format!("expected a number for `from_float`, found {}", raw.column_type));
    }
    if raw.date_formats.is_some() && raw.column_type != ColumnType::Date {
        return Err(format!("expected a date for `date_formats`, found {}", raw.column_type));
    }
    let range = raw.range.map(|range| check_rules::range(range, raw.column_type)).transpose()?;
    let allowed = raw.allowed.map(|allowed| check_rules::allowed(allowed, raw.column_type)).transpose()?;
    let outliers = raw.outliers.map(|beyond| check_rules::outliers(&beyond, raw.column_type)).transpose()?;
    Ok(Column {
        name: name.to_owned(),
        column_type: raw.column_type,
        source: raw.source.as_deref().map(header).transpose()?,
        aliases: raw.aliases.iter().map(|alias| header(alias)).collect::<Result<_, _>>()?,
        roles: raw.roles,
        required: raw.required,
        nulls: raw.nulls,
        excess_digits: raw.excess_digits.unwrap_or_default(),
        from_float: raw.from_float.unwrap_or_default(),
        null_tokens: raw.null_tokens.map(check_tokens).transpose()?.unwrap_or_else(|| tokens.to_vec()),
        date_formats: raw.date_formats.map(check_formats).transpose()?.unwrap_or_else(|| formats.to_vec()),
        range,
        allowed,
        unique: raw.unique.0,
        outliers,
    })
}

/// Names are SQL identifiers that need no quotes, because formulas speak them.
pub(super) fn check_name(name: &str) -> Result<(), String> {
    let first = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
    let rest = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if !first || !rest {
        return Err(format!(
            "expected a name of lower case letters, digits and `_` that starts with a letter, found `{name}`"
        ));
    }
    if name.len() > MAX_NAME_BYTES {
        return Err(format!("expected a name of at most {MAX_NAME_BYTES} bytes, found {}", name.len()));
    }
    Ok(())
}

fn header(text: &str) -> Result<String, String> {
    let normal = normalise(text);
    if normal.is_empty() || normal.len() > MAX_HEADER_BYTES {
        return Err(format!("expected a header of 1 to {MAX_HEADER_BYTES} bytes, found {}", normal.len()));
    }
    Ok(normal)
}

fn check_count(what: &str, count: usize) -> Result<(), String> {
    if count > MAX_COLUMNS {
        return Err(format!("{what}: expected at most {MAX_COLUMNS}, found {count}"));
    }
    Ok(())
}

fn check_roles(roles: &[Role], column_type: ColumnType) -> Result<(), String> {
    for (index, role) in roles.iter().enumerate() {
        if roles[..index].contains(role) {
            return Err(format!("expected role `{}` once, found it twice", role.as_str()));
        }
        let (fits, expected) = match role {
            Role::Snapshot => (column_type == ColumnType::Date, "a date"),
            Role::Amount => (matches!(column_type, ColumnType::Int | ColumnType::Decimal { .. }), "a number"),
            _ => (true, ""),
        };
        if !fits {
            return Err(format!("expected {expected} for role `{}`, found {column_type}", role.as_str()));
        }
    }
    Ok(())
}

fn check_tokens(tokens: Vec<String>) -> Result<Vec<String>, String> {
    if tokens.len() > MAX_LIST {
        return Err(format!("null_tokens: expected at most {MAX_LIST}, found {}", tokens.len()));
    }
    if let Some(long) = tokens.iter().find(|token| token.len() > MAX_NAME_BYTES) {
        return Err(format!(
            "null_tokens: expected at most {MAX_NAME_BYTES} bytes each, found {}",
            long.len()
        ));
    }
    Ok(tokens.iter().map(|token| token.trim().to_owned()).collect())
}

fn check_formats(formats: Vec<String>) -> Result<Vec<String>, String> {
    if formats.is_empty() || formats.len() > MAX_LIST {
        return Err(format!("date_formats: expected 1 to {MAX_LIST}, found {}", formats.len()));
    }
    for format in &formats {
        if format.len() > MAX_NAME_BYTES || !date_text::determines_a_date(format) {
            return Err(format!(
                "date_formats: expected a format of year, month and day such as `%d/%m/%Y`, found `{format}`"
            ));
        }
    }
    Ok(formats)
}

fn check_unique_headers(columns: &[Column]) -> Result<(), String> {
    let mut owners: HashMap<&str, &str> = HashMap::new();
    for column in columns {
        for header in column.headers() {
            if let Some(owner) = owners.insert(header, &column.name) {
                return Err(format!(
                    "column `{}`: expected headers of its own, found `{header}`, which column `{owner}` has",
                    column.name
                ));
            }
        }
    }
    Ok(())
}

fn check_one_snapshot(columns: &[Column]) -> Result<(), String> {
    let mut snapshots = columns.iter().filter(|column| column.has_role(Role::Snapshot));
    match (snapshots.next(), snapshots.next()) {
        (Some(first), Some(second)) => Err(format!(
            "column `{}`: expected one snapshot column, found that `{}` is one too",
            second.name, first.name
        )),
        _ => Ok(()),
    }
}

fn derived(raw: Ordered<String>, columns: &[Column]) -> Result<Vec<Derived>, String> {
    check_count("derive", raw.0.len())?;
    let mut derived = Vec::with_capacity(raw.0.len());
    for (name, text) in raw.0 {
        let at = |problem: String| format!("derive `{name}`: {problem}");
        check_name(&name).map_err(at)?;
        if columns.iter().any(|column| column.name == name) {
            return Err(at("expected a name of its own, found one that `columns` declares".to_owned()));
        }
        let expression = expression(&text).map_err(at)?;
        derived.push(Derived { name, expression });
    }
    Ok(derived)
}

/// The text of an expression, without the blanks around it.
pub(super) fn expression(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_EXPRESSION_BYTES {
        return Err(format!(
            "expected an expression of 1 to {MAX_EXPRESSION_BYTES} bytes, found {}",
            text.len()
        ));
    }
    Ok(text.to_owned())
}
