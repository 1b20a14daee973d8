//! Two published runs, held against each other.

use std::collections::BTreeSet;
use std::path::Path;

use abaco_engine::Bindings;
use abaco_kpi::{Column, RowExpr};
use abaco_pipeline::{Catalogue, PipelineError};
use serde::Serialize;
use serde_json::Value;

use super::attribute::{Attribution, Compared, Effects, NotAttributed, Options, PartDifference, attribute};
use super::facts::{FactDifference, differences};
use super::number::{Rational, exact};
use super::open::Opened;
use super::side::Side;
use crate::RolloutError;
use crate::figures::number::rational;

/// Which runs, and how closely.
#[derive(Clone, Debug)]
pub struct DiffRequest<'r> {
    /// The folder of the run from which differences are counted.
    pub left: &'r Path,
    /// The folder of the other run.
    pub right: &'r Path,
    /// The KPIs; empty for all that either run has.
    pub kpis: &'r [String],
    /// Columns by which differences are shown besides the loan, each for itself; empty for the segments of both runs.
    pub by: &'r [String],
    /// How many groups are listed of each.
    pub top: usize,
}

/// How a run is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunHead {
    /// Its id.
    pub run_id: Value,
    /// The digest of everything its numbers depend on.
    pub identity: Value,
    /// The portfolio.
    pub portfolio: Value,
    /// The snapshot.
    pub as_of: Value,
    /// When its numbers became known.
    pub known_at: Value,
}

/// What changed between two runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunDifference {
    /// Version of this shape.
    pub schema_version: u32,
    /// The run from which differences are counted.
    pub left: RunHead,
    /// The other run.
    pub right: RunHead,
    /// What tells loans apart; empty where the contract names no key.
    pub loan: Vec<String>,
    /// What else differs: inputs, contract, definitions, settings, code, snapshot, rows, quality.
    pub facts: Vec<FactDifference>,
    /// KPIs that differ in their value, their formula, a total or a loan.
    pub kpis: Vec<KpiDifference>,
    /// KPIs of which nothing that can be seen differs.
    pub unchanged: Vec<String>,
    /// KPIs of the left run alone.
    pub only_left: Vec<String>,
    /// KPIs of the right run alone.
    pub only_right: Vec<String>,
    /// What could not be attributed, and why.
    pub not_attributed: Vec<NotAttributed>,
}

/// A KPI that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KpiDifference {
    /// Its id.
    pub kpi: String,
    /// Its unit.
    pub unit: Value,
    /// What the left run published.
    pub left: Published,
    /// What the right run published.
    pub right: Published,
    /// The difference of the printed values; null where one has none.
    pub delta: Option<String>,
    /// Whether the formula is another one.
    pub formula_changed: bool,
    /// Columns of the formula that one of the contracts derives otherwise: the same formula then means something else, and
    /// the effects do not tell that from other rows.
    pub derived_changed: Vec<DerivedDifference>,
    /// The exact difference as a sum of effects; null with a reason in `not_attributed`.
    pub effects: Option<Effects>,
    /// The sums behind it.
    pub parts: Vec<PartDifference>,
}

/// A column that the contracts derive from others in two ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DerivedDifference {
    /// The column.
    pub column: String,
    /// What it is on the left, in columns of the tape.
    pub left: String,
    /// What it is on the right.
    pub right: String,
}

/// What a run published of a KPI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Published {
    /// The printed value.
    pub value: Value,
    /// `value`, `undefined`, `unavailable` or `failed`.
    pub state: Value,
    /// Why there is no value.
    pub reason: Value,
    /// The formula.
    pub formula: Value,
}

/// Verifies two published runs and says what changed from the left one to the right one, each at its own snapshot.
///
/// Totals of both tapes are held against what the runs published: where they differ, the KPI's rows were not those of the
/// tape alone, and it is not attributed.
///
/// # Errors
/// [`RolloutError::Damaged`] for a run that is not what was published, [`RolloutError::Figures`] for loans that cannot be
/// joined, and [`RolloutError::Pipeline`] for a KPI or a column that is not there.
pub fn diff(request: &DiffRequest<'_>, catalogue: &Catalogue) -> Result<RunDifference, RolloutError> {
    let left = Opened::new(request.left, catalogue)?;
    let right = Opened::new(request.right, catalogue)?;
    let (of_left, of_right) = (left.side()?, right.side()?);
    let loan = left.keys();
    if loan != right.keys() {
        let names = |run: &Opened| names(&run.keys());
        let message =
            format!("loans cannot be joined: expected the key `{}`, found `{}`", names(&left), names(&right));
        return Err(RolloutError::figures(right.rows.path(), message));
    }
    let groupings = groupings(request, (&left, &of_left), (&right, &of_right), &loan)?;
    let ids = chosen(request, &left, &right)?;
    let mut result = RunDifference {
        schema_version: 1,
        left: head(&left),
        right: head(&right),
        loan: loan.iter().map(|column| column.name().to_owned()).collect(),
        facts: differences(&left, &right),
        kpis: Vec::new(),
        unchanged: Vec::new(),
        only_left: Vec::new(),
        only_right: Vec::new(),
        not_attributed: Vec::new(),
    };
    let mut compared = Vec::new();
    let mut both = Vec::new();
    for id in ids {
        match (left.kpi(&id), right.kpi(&id)) {
            (Some(a), Some(b)) => {
                let served = both_serve(a, b);
                let formula = |run: &Opened, entry: &Value| served.clone().and_then(|()| run.formula(entry));
                match (formula(&left, a), formula(&right, b)) {
                    (Ok(was), Ok(is)) => compared.push(Compared {
                        kpi: id.clone(),
                        places: places(a).max(places(b)),
                        left: was,
                        right: is,
                    }),
                    (Err(reason), _) | (_, Err(reason)) => result.not_attributed.push(NotAttributed {
                        kpi: id.clone(),
                        part: "value".to_owned(),
                        reason,
                    }),
                }
                both.push((id, a, b));
            }
            (Some(_), None) => result.only_left.push(id),
            _ => result.only_right.push(id),
        }
    }
    let options = Options { groupings, top: request.top };
    let mut attributed = attribute(&of_left, &of_right, &compared, &options)?;
    for (id, a, b) in both {
        let of_kpi = compared.iter().find(|compared| compared.kpi == id);
        let derived_changed =
            of_kpi.map_or_else(Vec::new, |kpi| derived_changed(kpi, &of_left.bindings, &of_right.bindings));
        let found = attributed.iter().position(|attribution| attribution.kpi == id);
        let mut attribution = found.map(|found| attributed.swap_remove(found));
        if let Some(known) = &attribution
            && let Some(reason) = contradiction(known, a, b)
        {
            let part = "value".to_owned();
            result.not_attributed.push(NotAttributed { kpi: id.clone(), part, reason });
            attribution = None;
        }
        let (effects, parts) = match attribution {
            Some(attribution) => {
                result.not_attributed.extend(attribution.not_attributed);
                (attribution.effects, attribution.parts)
            }
            None => (None, Vec::new()),
        };
        if same(a, b) && derived_changed.is_empty() && !parts.iter().any(PartDifference::differs) {
            result.unchanged.push(id);
            continue;
        }
        result.kpis.push(KpiDifference {
            kpi: id,
            unit: b["unit"].clone(),
            delta: delta(a, b),
            formula_changed: a["formula"] != b["formula"],
            left: published(a),
            right: published(b),
            derived_changed,
            effects,
            parts,
        });
    }
    Ok(result)
}

fn derived_changed(kpi: &Compared, left: &Bindings, right: &Bindings) -> Vec<DerivedDifference> {
    let mut columns: BTreeSet<&Column> = BTreeSet::new();
    for formula in [&kpi.left, &kpi.right] {
        formula.for_each_term(&mut |measure| {
            measure.for_each_column(&mut |column| {
                columns.insert(column);
            })
        });
    }
    let both = columns.into_iter().map(|column| {
        let expr = RowExpr::Column(column.clone());
        let [left, right] = [left, right].map(|bindings| bindings.resolve(&expr).to_string());
        DerivedDifference { column: column.name().to_owned(), left, right }
    });
    both.filter(|found| found.left != found.right).collect()
}

fn head(run: &Opened) -> RunHead {
    let of = |key: &str| run.document[key].clone();
    RunHead {
        run_id: of("run_id"),
        identity: of("identity"),
        portfolio: of("portfolio"),
        as_of: of("as_of"),
        known_at: of("known_at"),
    }
}

fn published(entry: &Value) -> Published {
    let of = |key: &str| entry[key].clone();
    Published { value: of("value"), state: of("state"), reason: of("reason"), formula: of("formula") }
}

/// Whether all that a run says of the totals is the same.
fn same(a: &Value, b: &Value) -> bool {
    ["value", "state", "reason", "formula", "exact", "components"].iter().all(|key| a[key] == b[key])
}

/// Whether both tapes have the columns of a KPI.
fn both_serve(a: &Value, b: &Value) -> Result<(), String> {
    let lacks = |entry: &Value| entry["state"] == "unavailable";
    let side = match (lacks(a), lacks(b)) {
        (false, false) => return Ok(()),
        (true, true) => "both sides",
        (true, false) => "the left",
        (false, true) => "the right",
    };
    Err(format!("unavailable on {side}"))
}

fn value(entry: &Value) -> Option<(Rational, u32)> {
    let text = entry["value"].as_str()?;
    Some((rational(text)?, places(entry)))
}

/// The decimal places of the printed value.
fn places(entry: &Value) -> u32 {
    let text = entry["value"].as_str().unwrap_or_default();
    text.split_once('.').map_or(0, |(_, places)| u32::try_from(places.len()).unwrap_or(0))
}

fn delta(a: &Value, b: &Value) -> Option<String> {
    let ((was, places), (is, others)) = (value(a)?, value(b)?);
    Some(exact(&(is - was), places.max(others)))
}

/// Where the tape gives another total than the run published.
fn contradiction(attribution: &Attribution, a: &Value, b: &Value) -> Option<String> {
    for (totals, entry, side) in [(&attribution.totals[0], a, "left"), (&attribution.totals[1], b, "right")] {
        let Some(components) = entry["components"].as_object() else { continue };
        for (text, total) in totals {
            let Some(stated) = components.get(text) else { continue };
            let read = stated.as_str().and_then(rational);
            if read != *total {
                let found = total.as_ref().map_or_else(|| "nothing".to_owned(), |total| exact(total, 0));
                let stated = stated.as_str().unwrap_or("nothing");
                return Some(format!(
                    "{text}: the {side} run published {stated}, and the rows of its tape give {found}: it was computed over \
                     other rows, or over columns that are masked"
                ));
            }
        }
    }
    None
}

/// The KPIs that are asked for, in the order of the right run and then the left one's.
fn chosen(request: &DiffRequest<'_>, left: &Opened, right: &Opened) -> Result<Vec<String>, RolloutError> {
    let mut all: Vec<String> = Vec::new();
    for entry in right.kpis().iter().chain(left.kpis()) {
        let id = entry["id"].as_str().unwrap_or_default();
        if all.iter().all(|known| known != id) {
            all.push(id.to_owned());
        }
    }
    if let Some(unknown) = request.kpis.iter().find(|id| !all.contains(id)) {
        return Err(PipelineError::Option {
            name: "kpi",
            expected: "the id of a KPI of either run".to_owned(),
            found: format!("`{unknown}`"),
        }
        .into());
    }
    Ok(all.into_iter().filter(|id| request.kpis.is_empty() || request.kpis.contains(id)).collect())
}

/// The loan's key first, then the columns asked for or the segments that both runs have.
fn groupings(
    request: &DiffRequest<'_>,
    (left, of_left): (&Opened, &Side<'_>),
    (right, of_right): (&Opened, &Side<'_>),
    loan: &[Column],
) -> Result<Vec<Vec<Column>>, RolloutError> {
    let has = |column: &Column| of_left.has(column) && of_right.has(column);
    let mut groupings: Vec<Vec<Column>> = Vec::new();
    if !loan.is_empty() && loan.iter().all(has) {
        groupings.push(loan.to_vec());
    }
    let asked: Vec<Vec<Column>> = if request.by.is_empty() {
        let of_right = right.segments();
        left.segments().into_iter().filter(|set| of_right.contains(set) && set.iter().all(has)).collect()
    } else {
        request.by.iter().map(|name| vec![Column::new(name.clone())]).collect()
    };
    for by in asked {
        if let Some(column) = by.iter().find(|column| !has(column)) {
            return Err(PipelineError::Option {
                name: "by",
                expected: "a column of the tape of both runs".to_owned(),
                found: format!("`{}`", column.name()),
            }
            .into());
        }
        if !groupings.contains(&by) {
            groupings.push(by);
        }
    }
    for column in groupings.iter().flatten() {
        let (a, b) = (left.mask(column)?, right.mask(column)?);
        if a != b {
            let message = format!(
                "column `{}`: values cannot be joined: expected {a} as in {}, found {b}",
                column.name(),
                left.folder.display()
            );
            return Err(RolloutError::figures(right.rows.path(), message));
        }
    }
    Ok(groupings)
}

fn names(columns: &[Column]) -> String {
    let names: Vec<&str> = columns.iter().map(Column::name).collect();
    names.join(", ")
}
