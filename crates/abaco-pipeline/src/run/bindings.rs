//! The contract's derived columns, as the engine knows them.

use std::path::Path;

use abaco_engine::{Bindings, Definitions, parse_predicate, parse_row_expr};
use abaco_kpi::{Predicate, RowExpr, canonical_column};

use crate::PipelineError;
use crate::contract::Contract;

/// The canonical name of a snapshot's label.
const AS_OF: &str = "as_of";

/// A contract's derived columns, read as row expressions; `path` is the contract's, for errors.
///
/// # Errors
/// [`PipelineError::Configuration`] for a name that neither the catalogue nor the definitions have, and an expression
/// that cannot be read or meant.
pub(super) fn bindings(
    contract: &Contract,
    path: &Path,
    definitions: &Definitions,
) -> Result<Bindings, PipelineError> {
    let mut bindings = Bindings::new();
    for derived in contract.derived() {
        let refuse = |message: String| PipelineError::Configuration {
            path: path.to_path_buf(),
            message: format!("`derive`, column `{}`: {message}", derived.name),
        };
        let expr = parse_row_expr(&derived.expression).map_err(|error| refuse(error.to_string()))?;
        if canonical_column(&derived.name).is_none() && definitions.column(&derived.name).is_none() {
            return Err(refuse("expected the name of a canonical column".to_owned()));
        }
        let mut unknown = None;
        expr.for_each_column(&mut |column| {
            let known = contract.column(column.name()).is_some()
                || contract.derived().iter().any(|other| other.name == column.name());
            if !known {
                unknown = unknown.take().or(Some(column.clone()));
            }
        });
        if let Some(column) = unknown {
            return Err(refuse(format!("the contract has no column `{}`", column.name())));
        }
        bindings = bindings.bind(derived.name.clone(), expr);
    }
    let refuse = |message: String| PipelineError::Configuration { path: path.to_path_buf(), message };
    bindings.check().map_err(|error| refuse(format!("`derive`: {error}")))?;
    for (column, expr) in bindings.iter() {
        let kinds = bindings.resolve(expr).check_kinds();
        kinds.map_err(|error| refuse(format!("`derive`, column `{}`: {error}", column.name())))?;
    }
    // Whatever a tape calls its label, KPIs call it `as_of`.
    let named =
        contract.column(AS_OF).is_some() || contract.derived().iter().any(|derived| derived.name == AS_OF);
    match contract.snapshot() {
        Some(snapshot) if !named => Ok(bindings.bind(AS_OF, RowExpr::Column(snapshot.name.clone().into()))),
        _ => Ok(bindings),
    }
}

/// By how many days a snapshot's label lies behind its rows, and which rows tell.
#[derive(Clone, Debug)]
pub(super) struct LabelLag {
    pub(super) days: RowExpr,
    pub(super) filter: Option<Predicate>,
}

/// The contract's `effective_as_of`, read; `path` is the contract's, for errors.
pub(super) fn label_lag(contract: &Contract, path: &Path) -> Result<Option<LabelLag>, PipelineError> {
    let Some(effective) = contract.effective_as_of() else { return Ok(None) };
    let refuse = |message: String| PipelineError::Configuration {
        path: path.to_path_buf(),
        message: format!("`effective_as_of`: {message}"),
    };
    let days = parse_row_expr(&effective.lag_days).map_err(|error| refuse(format!("`lag_days`: {error}")))?;
    let filter = effective.filter.as_deref().map(parse_predicate).transpose();
    let filter = filter.map_err(|error| refuse(format!("`where`: {error}")))?;
    let mut unknown = None;
    let mut look = |column: &abaco_kpi::Column| {
        if contract.column(column.name()).is_none() {
            unknown = unknown.take().or(Some(column.name().to_owned()));
        }
    };
    days.for_each_column(&mut look);
    filter.iter().for_each(|filter| filter.for_each_column(&mut look));
    match unknown {
        Some(column) => Err(refuse(format!("the contract has no column `{column}`"))),
        None => Ok(Some(LabelLag { days, filter })),
    }
}
