//! `abaco diff`: what changed between two published runs, down to the loan.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use abaco_loans::rollout::attribution::{
    DiffRequest, Effects, GroupDifference, GroupingDifference, KpiDifference, NotAttributed, PartDifference,
    PartKind, RunDifference, RunHead, Whereabouts, diff,
};
use clap::Args;
use serde_json::Value;

use crate::failure::Failure;
use crate::table::{Cell, FAINT, STRONG, WARN, aligned, styled};
use crate::{Format, print, print_json};

/// A fact of a run is no longer than this in a table.
const MAX_FACT: usize = 40;
/// KPIs that are named for one reason.
const MAX_NAMED: usize = 5;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The folder of the run from which differences are counted.
    #[arg(value_name = "RUN_DIR")]
    left: PathBuf,
    /// The folder of the other run.
    #[arg(value_name = "RUN_DIR")]
    right: PathBuf,
    /// Only the KPI of this id, with its loans; may be repeated.
    #[arg(long, value_name = "ID")]
    kpi: Vec<String>,
    /// A column by which differences are shown besides the loan; may be repeated. Without it the segments of both runs.
    #[arg(long, value_name = "COLUMN")]
    by: Vec<String>,
    /// How many loans, and how many groups of a segment, are listed.
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let request = DiffRequest {
        left: &arguments.left,
        right: &arguments.right,
        kpis: &arguments.kpi,
        by: &arguments.by,
        top: arguments.top,
    };
    let found = diff(&request, &abaco_loans::catalogue())?;
    match arguments.format {
        Format::Json => print_json(&found)?,
        Format::Table => print(&listing(&found, !arguments.kpi.is_empty()))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn listing(found: &RunDifference, in_detail: bool) -> String {
    let mut text = aligned(&[head("left", &found.left), head("right", &found.right)]);
    if !found.facts.is_empty() {
        text.push('\n');
        let facts = found.facts.iter().map(|fact| {
            vec![
                Cell::left(&fact.fact).styled(FAINT),
                Cell::left(short(&fact.left)),
                Cell::left(short(&fact.right)),
            ]
        });
        text.push_str(&aligned(&facts.collect::<Vec<_>>()));
    }
    if !found.kpis.is_empty() {
        text.push('\n');
        text.push_str(&values(&found.kpis));
    }
    for kpi in found.kpis.iter().filter(|_| in_detail) {
        text.push_str(&detail(kpi));
    }
    let alone = [("left", &found.only_left), ("right", &found.only_right)];
    for (side, ids) in alone.into_iter().filter(|(_, ids)| !ids.is_empty()) {
        text.push_str(&format!("\non the {side} alone: {}\n", some(ids)));
    }
    text.push_str(&reasons(&found.not_attributed));
    let (changed, unchanged) = (found.kpis.len(), found.unchanged.len());
    text.push_str(&format!("\n{changed} KPIs differ, {unchanged} do not\n"));
    text
}

fn head(side: &str, run: &RunHead) -> Vec<Cell> {
    vec![
        Cell::left(side).styled(FAINT),
        Cell::left(word(&run.run_id)).styled(STRONG),
        Cell::left(word(&run.portfolio)),
        Cell::left(word(&run.as_of)),
    ]
}

/// Values side by side, the effects that their difference is the sum of, and the loan that moved the most.
fn values(kpis: &[KpiDifference]) -> String {
    let titles = ["kpi", "left", "right", "change", "formula", "numerator", "denominator", "largest loan"];
    let mut rows = vec![titles.map(|title| Cell::left(title).styled(FAINT)).into()];
    for kpi in kpis {
        let effect = |of: fn(&Effects) -> Option<&str>| {
            Cell::right(kpi.effects.as_ref().and_then(of).unwrap_or_default())
        };
        let loan = kpi.parts.first().and_then(|part| part.groupings.first()).and_then(|by| by.top.first());
        rows.push(vec![
            Cell::left(&kpi.kpi),
            Cell::right(value(&kpi.left.value, &kpi.left.state)),
            Cell::right(value(&kpi.right.value, &kpi.right.state)),
            Cell::right(kpi.delta.as_deref().unwrap_or_default()),
            if !kpi.derived_changed.is_empty() || (kpi.formula_changed && kpi.effects.is_none()) {
                Cell::right("changed").styled(WARN)
            } else {
                effect(|effects| effects.formula.as_ref().map(|amount| amount.value.as_str()))
            },
            effect(|effects| Some(&effects.numerator.value)),
            effect(|effects| effects.denominator.as_ref().map(|amount| amount.value.as_str())),
            Cell::left(loan.map(|loan| format!("{} {}", key(loan), loan.delta)).unwrap_or_default()),
        ]);
    }
    aligned(&rows)
}

fn detail(kpi: &KpiDifference) -> String {
    let mut text = format!("\n{}\n", styled(&kpi.kpi, STRONG));
    if kpi.formula_changed {
        text.push_str(&format!("{}\n", styled("the formula changed", WARN)));
        let formulas = [("left", &kpi.left.formula), ("right", &kpi.right.formula)];
        let rows =
            formulas.map(|(side, formula)| vec![Cell::left(side).styled(FAINT), Cell::left(word(formula))]);
        text.push_str(&aligned(&rows));
    }
    for derived in &kpi.derived_changed {
        let changed = format!("column `{}` is derived otherwise", derived.column);
        text.push_str(&format!("{}\n", styled(&changed, WARN)));
        let sides = [("left", &derived.left), ("right", &derived.right)];
        text.push_str(&aligned(
            &sides.map(|(side, expr)| vec![Cell::left(side).styled(FAINT), Cell::left(expr)]),
        ));
    }
    for part in &kpi.parts {
        text.push_str(&of_part(part));
    }
    text
}

fn of_part(part: &PartDifference) -> String {
    let what = match part.part {
        PartKind::Numerator => "numerator",
        PartKind::Denominator => "denominator",
        PartKind::Sum => "sum",
        PartKind::Component => "component",
    };
    let mut text = format!("\n{} {}\n", styled(what, FAINT), styled(&part.formula_right, FAINT));
    let mut total = format!("{} -> {}: {}", part.left, part.right, part.delta);
    if let (Some(by_formula), Some(by_rows)) = (&part.by_formula, &part.by_rows) {
        total.push_str(&format!(" = {by_formula} by the formula + {by_rows} by the rows"));
    }
    text.push_str(&format!("{total}\n"));
    for grouping in &part.groupings {
        text.push_str(&of_grouping(grouping));
    }
    text
}

fn of_grouping(grouping: &GroupingDifference) -> String {
    let counted = [
        ("on the left alone", &grouping.only_left),
        ("on the right alone", &grouping.only_right),
        ("changed", &grouping.changed),
    ];
    let counts: Vec<String> = counted
        .iter()
        .filter(|(_, counted)| counted.groups > 0)
        .map(|(what, counted)| format!("{} {what} {}", counted.groups, counted.delta))
        .chain(std::iter::once(format!("{} unchanged", grouping.unchanged)))
        .collect();
    let mut text = format!("by {}: {}\n", grouping.by.join(", "), counts.join(", "));
    let mut rows: Vec<Vec<Cell>> = grouping.top.iter().map(of_group).collect();
    if grouping.others.groups > 0 {
        rows.push(vec![
            Cell::left(format!("  {} others", grouping.others.groups)).styled(FAINT),
            Cell::left(""),
            Cell::left(""),
            Cell::right(&grouping.others.delta),
        ]);
    }
    text.push_str(&aligned(&rows));
    text
}

fn of_group(group: &GroupDifference) -> Vec<Cell> {
    let found = match group.found {
        Whereabouts::OnlyLeft => "left alone",
        Whereabouts::OnlyRight => "right alone",
        Whereabouts::Both => "",
    };
    vec![
        Cell::left(format!("  {}", key(group))),
        Cell::right(group.left.as_deref().unwrap_or("-")),
        Cell::right(group.right.as_deref().unwrap_or("-")),
        Cell::right(&group.delta),
        Cell::left(found).styled(FAINT),
    ]
}

fn key(group: &GroupDifference) -> String {
    let values: Vec<&str> = group.by.values().map(|value| value.as_deref().unwrap_or("null")).collect();
    values.join(", ")
}

/// What is not attributed, by the reason.
fn reasons(not_attributed: &[NotAttributed]) -> String {
    let mut by_reason: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for not in not_attributed {
        let kpis = by_reason.entry(&not.reason).or_default();
        if kpis.last() != Some(&not.kpi) {
            kpis.push(not.kpi.clone());
        }
    }
    if by_reason.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", styled("not attributed", FAINT));
    for (reason, kpis) in by_reason {
        text.push_str(&format!("{}: {}\n", styled(reason, WARN), some(&kpis)));
    }
    text
}

fn some(ids: &[String]) -> String {
    let shown: Vec<String> = ids.iter().take(MAX_NAMED).map(|id| styled(id, STRONG)).collect();
    match ids.len().saturating_sub(MAX_NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn value(value: &Value, state: &Value) -> String {
    value.as_str().map_or_else(|| word(state), str::to_owned)
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn short(value: &Value) -> String {
    let text = word(value);
    match text.char_indices().nth(MAX_FACT) {
        Some((end, _)) => format!("{}..", &text[..end]),
        None => text,
    }
}
