//! What a tape must look like: columns, types, roles and rules, written in YAML.

use std::io::Read;
use std::path::Path;

use abaco_engine::{Bindings, parse_row_expr};
use abaco_kpi::RowExpr;

use crate::PipelineError;

mod bind;
mod check;
mod check_rules;
mod column;
mod raw;
mod rule;
mod table_role;

pub(crate) use bind::{Bound, normalise};
pub use column::{Column, ColumnType, ExcessDigits, FromFloat, MAX_PRECISION, MAX_SCALE, NullRule, Role};
pub use rule::{Allowed, Range, Reconcile, Rule, RuleKind, Severity, Totals};
pub use table_role::TableRole;

/// The largest contract file that is read.
pub const MAX_CONTRACT_BYTES: u64 = 1 << 20;

/// A canonical column that is computed from others, as the contract writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Derived {
    /// Canonical name.
    pub name: String,
    /// A row expression in SQL syntax, not yet parsed.
    pub expression: String,
}

/// How a snapshot's true date follows from its rows, as the contract writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EffectiveAsOf {
    /// A row expression: by how many days the label lies behind the day for which the row holds.
    pub lag_days: String,
    /// A predicate: which rows tell.
    pub filter: Option<String>,
}

/// A validated contract.
///
/// ```
/// use abaco_pipeline::contract::Contract;
///
/// let text = "
/// contract: slices
/// version: 1
/// currency: USD
/// columns:
///   total_receivable_usd: { type: 'decimal(18, 2)', roles: [amount] }
/// ";
/// let contract = Contract::from_yaml_str(text, "slices.yml")?;
/// assert_eq!(contract.columns()[0].column_type.to_string(), "decimal(18, 2)");
/// # Ok::<(), abaco_pipeline::PipelineError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    name: String,
    version: u32,
    currency: String,
    columns: Vec<Column>,
    derived: Vec<Derived>,
    effective_as_of: Option<EffectiveAsOf>,
    rules: Vec<Rule>,
}

impl Contract {
    /// Reads a contract from text; the path only appears in errors.
    ///
    /// # Errors
    /// [`PipelineError::Yaml`] where the text is not a contract, [`PipelineError::Configuration`] where it is one
    /// but contradicts itself or passes a limit.
    pub fn from_yaml_str(text: &str, path: impl AsRef<Path>) -> Result<Self, PipelineError> {
        let path = path.as_ref();
        if text.len() as u64 > MAX_CONTRACT_BYTES {
            return Err(too_large(path));
        }
        check::contract(crate::yaml::from_str(text, path)?, path)
    }

    /// Reads a contract from a file.
    ///
    /// # Errors
    /// As [`Contract::from_yaml_str`], and [`PipelineError::ConfigUnreadable`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self, PipelineError> {
        let path = path.as_ref();
        let unreadable = |source| PipelineError::ConfigUnreadable { path: path.to_path_buf(), source };
        let file = std::fs::File::open(path).map_err(unreadable)?;
        let mut text = String::new();
        // One byte more than allowed tells a file that is too large from one that just fits.
        file.take(MAX_CONTRACT_BYTES + 1).read_to_string(&mut text).map_err(unreadable)?;
        Self::from_yaml_str(&text, path)
    }

    /// The contract's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The contract's version.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The ISO 4217 code of every amount.
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// The columns that a file may have, in the order of the contract.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The columns that are computed from others, in the order of the contract.
    pub fn derived(&self) -> &[Derived] {
        &self.derived
    }

    /// How a snapshot's true date follows from its rows, if the contract says so.
    pub fn effective_as_of(&self) -> Option<&EffectiveAsOf> {
        self.effective_as_of.as_ref()
    }

    /// The rules on rows and on the tape as a whole, in the order of the contract; those on one column are with the
    /// column.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The column of a canonical name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The column that holds each row's date, if the contract has one.
    pub fn snapshot(&self) -> Option<&Column> {
        self.columns.iter().find(|column| column.has_role(Role::Snapshot))
    }
}

impl Contract {
    /// A pii column whose values an expression over this contract's columns would show.
    pub(crate) fn secret_behind(&self, expr: &RowExpr) -> Option<String> {
        let bound = self.derived.iter().filter_map(|derived| {
            Some((abaco_kpi::Column::from(derived.name.clone()), parse_row_expr(&derived.expression).ok()?))
        });
        check_rules::secret_behind(&bound.collect::<Bindings>().resolve(expr), &self.columns)
    }
}

fn too_large(path: &Path) -> PipelineError {
    PipelineError::Configuration {
        path: path.to_path_buf(),
        message: format!("expected at most {MAX_CONTRACT_BYTES} bytes, found more"),
    }
}
