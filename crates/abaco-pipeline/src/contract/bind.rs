//! Which column of a file is which column of the contract.

use std::collections::HashMap;
use std::path::Path;

use super::{Column, Contract, Role};
use crate::PipelineError;

/// A column of the contract that the file has.
#[derive(Debug, Clone)]
pub(crate) struct Bound {
    pub(crate) column: Column,
    /// 0-based position in the file.
    pub(crate) index: usize,
    /// The file's name for it, trimmed and lower-cased.
    pub(crate) header: String,
    /// Whether any column of the contract is personal data: in a row that is shifted, this one may hold it.
    pub(crate) beside_pii: bool,
}

impl Bound {
    /// The canonical name in backticks, with the file's own where it differs.
    pub(crate) fn label(&self) -> String {
        let name = &self.column.name;
        if *name == self.header {
            format!("`{name}`")
        } else {
            format!("`{name}` (header `{}`)", self.header)
        }
    }
}

/// What a contract and a file have in common.
#[derive(Debug)]
pub(crate) struct Binding {
    /// In the order of the contract.
    pub(crate) bound: Vec<Bound>,
    /// Headers that the contract does not declare, in the order of the file.
    pub(crate) ignored: Vec<String>,
}

/// The form in which headers, names and aliases are compared.
pub(crate) fn normalise(name: &str) -> String {
    name.trim().to_lowercase()
}

impl Contract {
    /// Finds the contract's columns among a file's headers.
    pub(crate) fn bind<S: AsRef<str>>(
        &self,
        headers: impl IntoIterator<Item = S>,
        path: &Path,
    ) -> Result<Binding, PipelineError> {
        let headers: Vec<String> = headers.into_iter().map(|header| normalise(header.as_ref())).collect();
        let positions = positions(&headers, path)?;
        let mut used = vec![false; headers.len()];
        let mut bound = Vec::new();
        let mut missing = Vec::new();
        let beside_pii = self.columns.iter().any(|column| column.has_role(Role::Pii));
        for column in &self.columns {
            let found: Vec<usize> =
                column.headers().filter_map(|header| positions.get(header).copied()).collect();
            match found.as_slice() {
                [] if column.required => missing.push(column.name.clone()),
                [] => {}
                [index] => {
                    used[*index] = true;
                    bound.push(Bound {
                        column: column.clone(),
                        index: *index,
                        header: headers[*index].clone(),
                        beside_pii,
                    });
                }
                // No candidate wins silently: two balances under two names are two balances.
                several => {
                    return Err(PipelineError::AmbiguousColumn {
                        path: path.to_path_buf(),
                        column: column.name.clone(),
                        headers: several.iter().map(|&index| headers[index].clone()).collect(),
                    });
                }
            }
        }
        if !missing.is_empty() {
            return Err(PipelineError::MissingColumns { path: path.to_path_buf(), columns: missing });
        }
        let ignored = headers.into_iter().zip(used).filter(|(_, used)| !used).map(|(header, _)| header);
        Ok(Binding { bound, ignored: ignored.collect() })
    }
}

fn positions<'a>(headers: &'a [String], path: &Path) -> Result<HashMap<&'a str, usize>, PipelineError> {
    let mut positions = HashMap::with_capacity(headers.len());
    for (index, header) in headers.iter().enumerate() {
        if let Some(first) = positions.insert(header.as_str(), index) {
            return Err(PipelineError::DuplicateHeader {
                path: path.to_path_buf(),
                name: header.clone(),
                first: first + 1,
                second: index + 1,
            });
        }
    }
    Ok(positions)
}
