//! Ties of money: the same amount in two places, in total and key by key.

use std::path::{Path, PathBuf};

use abaco_engine::{AsOf, Bindings, parse_formula, parse_row_expr};
use abaco_kpi::{Column, Decimal, Formula};
use abaco_pipeline::contract::{Contract, Role};
use chrono::NaiveDate;
use num_bigint::BigInt;
use serde::{Deserialize, Serialize};

use super::attribute::{Both, fit};
use super::number::{exact, size};
use super::part::{GroupingDifference, Part, PartKind};
use super::shape::Shape;
use super::side::{Side, TapeFiles};
use super::{Compared, Options};
use crate::RolloutError;
use crate::figures::number::rational_of;

/// An amount that two tables must agree on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TieSettings {
    /// Its name.
    pub name: String,
    /// The columns that tell loans apart, by their canonical names in both contracts.
    pub key: Vec<String>,
    /// One place of the amount.
    pub left: TieSideSettings,
    /// The other.
    pub right: TieSideSettings,
    /// The largest difference that is accepted, in total and per key.
    #[serde(default, with = "rust_decimal::serde::str")]
    pub tolerance: Decimal,
    /// How many keys are listed; none where a column of the key is personal.
    #[serde(default = "ten")]
    pub top: usize,
}

/// Where an amount is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TieSideSettings {
    /// The contract of the files, relative to `rollout.yml`.
    pub contract: String,
    /// The files, relative to `rollout.yml`.
    pub inputs: Vec<String>,
    /// The snapshot; all rows without one.
    #[serde(default)]
    pub as_of: Option<NaiveDate>,
    /// A sum over rows: `SUM(disbursed) - SUM(paid_principal)`.
    pub measure: String,
}

/// What came of a tie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tie {
    /// Its name.
    pub name: String,
    /// The total on the left.
    pub left: String,
    /// The total on the right.
    pub right: String,
    /// Right less left.
    pub difference: String,
    /// What is accepted.
    pub tolerance: String,
    /// Keys that differ by more.
    pub differing: u64,
    /// Whether the totals and every key tie.
    pub ties: bool,
    /// The difference by key: `top` and the number of `others` are of those that differ by more than the tolerance.
    pub keys: GroupingDifference,
}

fn ten() -> usize {
    10
}

/// Holds an amount in one place against the same amount in another; `beside` resolves the names of files.
///
/// # Errors
/// [`RolloutError::Pipeline`] for a contract or a file that cannot be read, [`RolloutError::Configuration`] for a measure
/// that is no sum over rows of its table, [`RolloutError::Figures`] for keys that cannot be joined.
pub fn tie(
    settings: &TieSettings,
    path: &Path,
    beside: &dyn Fn(&str) -> Result<PathBuf, RolloutError>,
) -> Result<Tie, RolloutError> {
    let refuse = |message: String| RolloutError::Configuration {
        path: path.to_path_buf(),
        message: format!("`ties`, `{}`: {message}", settings.name),
    };
    if settings.key.is_empty() {
        return Err(refuse("`key`: expected columns, found none".to_owned()));
    }
    let read = |of: &TieSideSettings| {
        let contract = Contract::load(beside(&of.contract)?)?;
        let paths = of.inputs.iter().map(|name| beside(name)).collect::<Result<Vec<_>, _>>()?;
        let formula = parse_formula(&of.measure).map_err(|error| refuse(format!("`measure`: {error}")))?;
        let shape = Shape::of(&formula).map_err(|why| refuse(format!("`measure`: {why}")))?;
        if shape.denominator.is_some() {
            return Err(refuse("`measure`: expected a sum, found a quotient".to_owned()));
        }
        Ok((contract, paths, formula, shape))
    };
    let (left, right) = (read(&settings.left)?, read(&settings.right)?);
    let files = [&left, &right].map(|side| TapeFiles { contract: &side.0, paths: side.1.clone() });
    let side = |index: usize, of: &TieSideSettings| -> Result<Side<'_>, RolloutError> {
        let contract = files[index].contract;
        let snapshot = of.as_of.and_then(|_| contract.snapshot());
        if of.as_of.is_some() && snapshot.is_none() {
            return Err(refuse(format!("`as_of`: the contract `{}` has no snapshot", contract.name())));
        }
        Ok(Side {
            name: files[index].paths.first().cloned().unwrap_or_default(),
            schema: files[index].schema()?,
            bindings: derived(contract).map_err(refuse)?,
            snapshot: snapshot.map(|column| Column::new(column.name.clone())),
            as_of: of.as_of.map_or(AsOf::Single, AsOf::Date),
            rows: &files[index],
        })
    };
    let sides = [side(0, &settings.left)?, side(1, &settings.right)?];
    let key: Vec<Column> = settings.key.iter().cloned().map(Column::new).collect();
    if let Some(column) = key.iter().find(|column| !sides.iter().all(|side| side.has(column))) {
        return Err(refuse(format!("`key`: expected a column of both tables, found `{}`", column.name())));
    }
    // Keys are listed as the files have them, and what is personal is listed nowhere.
    let is_pii = |column: &Column| {
        let contracts = [&left.0, &right.0].into_iter();
        contracts
            .filter_map(|contract| contract.column(column.name()))
            .any(|column| column.has_role(Role::Pii))
    };
    let top = if key.iter().any(is_pii) { 0 } else { settings.top };
    let options = Options { groupings: vec![key.clone()], top };
    let of = |formula: &Formula| Compared {
        kpi: settings.name.clone(),
        places: 0,
        left: formula.clone(),
        right: formula.clone(),
    };
    let planned = [fit(&[of(&left.2)], usize::MAX).1, fit(&[of(&right.2)], usize::MAX).1];
    let folded =
        [sides[0].fold(&planned[0], &options.groupings)?, sides[1].fold(&planned[1], &options.groupings)?];
    let both = Both::new([&sides[0], &sides[1]], &folded, &options)?;
    let scaled = |shape: &Shape| {
        let mut linear = shape.numerator.clone();
        linear.terms.iter_mut().for_each(|(_, weight)| *weight *= &shape.factor);
        linear
    };
    let part = Part::new(
        PartKind::Sum,
        &scaled(&left.3),
        &scaled(&right.3),
        &|measure| both.find(0, measure, &planned[0]),
        &|measure| both.find(1, measure, &planned[1]),
    )
    .map_err(|why| refuse(format!("`measure`: {why}")))?
    .without_middle();
    let totals = both.totals_of(&part).map_err(|why| RolloutError::figures(&sides[0].name, why))?;
    let tolerance = rational_of(settings.tolerance);
    let by_key = both.first_grouping(&part, &part.units_within(&tolerance));
    let (keys, sum) = by_key.ok_or_else(|| refuse("`key`: expected columns, found none".to_owned()))?;
    let difference = &totals.right - &totals.left;
    if sum != difference {
        let message = format!("expected keys that sum to {difference}, found {sum}");
        return Err(RolloutError::figures(&sides[0].name, message));
    }
    let differing = keys.others.groups + u64::try_from(keys.top.len()).unwrap_or(u64::MAX);
    let within = |units: &BigInt| part.ratio(&size(units)) <= tolerance;
    Ok(Tie {
        name: settings.name.clone(),
        left: part.shown(&totals.left),
        right: part.shown(&totals.right),
        difference: part.shown(&difference),
        tolerance: exact(&tolerance, 0),
        differing,
        ties: differing == 0 && within(&difference),
        keys,
    })
}

/// The contract's derived columns.
fn derived(contract: &Contract) -> Result<Bindings, String> {
    let mut bindings = Bindings::new();
    for derived in contract.derived() {
        let expr = parse_row_expr(&derived.expression)
            .map_err(|error| format!("contract `{}`, column `{}`: {error}", contract.name(), derived.name))?;
        bindings = bindings.bind(derived.name.clone(), expr);
    }
    Ok(bindings)
}
