//! The totals, family by family.

use std::collections::HashSet;

use abaco_loans::engine::{Group, KpiResult};
use abaco_loans::kpi::{Decimal, Fraction};
use abaco_loans::pipeline::Run;
use abaco_loans::pipeline::run::{Exact, KpiEntry};

use super::known::Known;
use super::value;
use crate::matrix::Matrix;
use crate::table::{Cell, FAINT, STRONG, aligned, status_style};

/// A fraction with more digits than this is left to the document.
const DIGITS_SHOWN: usize = 80;

pub(super) fn block(run: &Run, known: &Known<'_>, matrices: &[Matrix]) -> String {
    let in_matrix: HashSet<&str> = matrices.iter().flat_map(Matrix::ids).collect();
    // A cell that failed is no cell: its error is shown.
    let shown = |entry: &KpiEntry| {
        entry.state != "unavailable" && (entry.state == "failed" || !in_matrix.contains(entry.id.as_str()))
    };
    let entries: Vec<&KpiEntry> = run.document.kpis.iter().filter(|entry| shown(entry)).collect();
    if entries.is_empty() {
        return String::new();
    }
    let totals = run.finished.groups.iter().find(|group| group.by.is_empty());
    let prior = entries.iter().find_map(|entry| entry.prior.as_ref());
    let since = prior.map(|prior| format!("since {}", prior.as_of));
    let mut families: Vec<(&str, Vec<&KpiEntry>)> = Vec::new();
    for entry in entries {
        let family = known.family(&entry.id);
        match families.iter_mut().find(|(name, _)| *name == family) {
            Some((_, members)) => members.push(entry),
            None => families.push((family, vec![entry])),
        }
    }
    let mut rows = vec![heading(since.as_deref())];
    for (family, members) in families {
        if rows.len() > 1 {
            rows.push(Vec::new());
        }
        rows.push(vec![Cell::left(family).styled(FAINT)]);
        rows.extend(members.into_iter().map(|entry| row(entry, totals, known, since.is_some())));
    }
    aligned(&rows)
}

fn heading(since: Option<&str>) -> Vec<Cell> {
    let heads = [Cell::left("kpi"), Cell::left("name"), Cell::right("value"), Cell::left("unit")];
    let tail = [Cell::left("status"), Cell::left("exact")];
    let cells = heads.into_iter().chain(since.map(Cell::right)).chain(tail);
    cells.map(|cell| cell.styled(FAINT)).collect()
}

fn row(entry: &KpiEntry, totals: Option<&Group>, known: &Known<'_>, with_change: bool) -> Vec<Cell> {
    let mut row = vec![
        Cell::left(&entry.id).styled(STRONG),
        Cell::left(&entry.name),
        Cell::right(value(entry)),
        Cell::left(known.unit(entry.unit)),
    ];
    if with_change {
        row.push(Cell::right(change(entry).unwrap_or_default()));
    }
    let status = if entry.status == "none" { "-" } else { entry.status };
    let result = totals.and_then(|totals| totals.kpis.iter().find(|kpi| kpi.id == entry.id));
    row.push(Cell::left(status).styled(status_style(entry.status)));
    row.push(Cell::left(explained(entry, result)).styled(FAINT));
    row
}

/// The printed value minus the printed one of the snapshot before, with its sign.
fn change(entry: &KpiEntry) -> Option<String> {
    let value: Decimal = entry.value.as_deref()?.parse().ok()?;
    let prior: Decimal = entry.prior.as_ref()?.value.as_deref()?.parse().ok()?;
    let change = value.checked_sub(prior)?;
    Some(if change > Decimal::ZERO { format!("+{change}") } else { change.to_string() })
}

/// The exact form, or why there is no value or another one.
fn explained(entry: &KpiEntry, result: Option<&KpiResult>) -> String {
    match (&entry.value, &entry.reason, &entry.exact) {
        (Some(_), Some(reason), _) => format!("in place of {reason}"),
        (Some(_), None, Some(exact)) => exactly(exact, result),
        (Some(_), None, None) => String::new(),
        (None, reason, _) => format!("{}: {}", entry.state, reason.as_deref().unwrap_or("no reason given")),
    }
}

fn exactly(exact: &Exact, result: Option<&KpiResult>) -> String {
    let is_plain = exact.multiplier == "1";
    let outcome = result.map(|result| &result.outcome);
    let printed = outcome.and_then(|outcome| outcome.value().map(Fraction::from));
    if is_plain && printed.is_some() && outcome.and_then(|outcome| outcome.exact()) == printed.as_ref() {
        return "as shown".to_owned();
    }
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
    let (above, below) = (digits(&exact.numerator), digits(&exact.denominator));
    if above + below > DIGITS_SHOWN {
        return format!("{above} over {below} digits, in kpis.json");
    }
    let quotient = format!("{} / {}", exact.numerator, exact.denominator);
    if is_plain { quotient } else { format!("{} * {quotient}", exact.multiplier) }
}
