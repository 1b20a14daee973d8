//! A few KPIs side by side: a line per group or period.

use std::collections::HashSet;

use abaco_loans::pipeline::run::KpiEntry;

use super::known::Known;
use super::value;
use crate::table::{Cell, FAINT, aligned, status_style, styled};

/// KPIs that are shown where none is judged or required.
const HANDFUL: usize = 6;
/// More columns than these fit on no screen.
const COLUMNS: usize = 10;

/// A line: what it is about, its KPIs, and a remark.
pub(super) struct Line<'d> {
    pub(super) heads: Vec<Cell>,
    pub(super) kpis: &'d [KpiEntry],
    pub(super) remark: &'static str,
}

/// The lines with the KPIs that matter most; the faint last line says where the others are.
pub(super) fn grid(heads: Vec<Cell>, lines: Vec<Line<'_>>, each: &str, known: &Known<'_>) -> String {
    let columns = headlines(&lines, known);
    let others = lines.first().map_or(0, |line| line.kpis.len()).saturating_sub(columns.len());
    let mut head: Vec<Cell> = heads;
    head.extend(columns.iter().map(|(id, unit)| Cell::right(format!("{id} ({unit})"))));
    let mut rows = vec![head.into_iter().map(|cell| cell.styled(FAINT)).collect()];
    let mut marked = false;
    for line in lines {
        let mut row = line.heads;
        for (id, _) in &columns {
            let entry = line.kpis.iter().find(|entry| entry.id == *id);
            marked |= entry.is_some_and(|entry| !mark(entry).is_empty());
            row.push(entry.map_or_else(|| Cell::right("-"), cell));
        }
        row.push(Cell::left(line.remark).styled(FAINT));
        rows.push(row);
    }
    let mut remarks = Vec::new();
    if marked {
        remarks.push("! critical, * warning".to_owned());
    }
    if others > 0 {
        remarks.push(format!("{others} more KPIs of each {each} in kpis.json"));
    }
    let mut out = aligned(&rows);
    if !remarks.is_empty() {
        out += &(styled(&remarks.join("; "), FAINT) + "\n");
    }
    out
}

/// The ids and units of those KPIs that have a value somewhere and that somebody judges or requires; of cohorts, those
/// of vintages; otherwise the first ones.
fn headlines<'d>(lines: &[Line<'d>], known: &Known<'d>) -> Vec<(&'d str, &'d str)> {
    let entries = || lines.iter().flat_map(|line| line.kpis);
    let with_value: HashSet<&str> =
        entries().filter(|entry| entry.value.is_some()).map(|entry| entry.id.as_str()).collect();
    let Some(first) = lines.first() else { return Vec::new() };
    let candidates = || first.kpis.iter().filter(|entry| with_value.contains(entry.id.as_str()));
    let of_cohorts = first.kpis.iter().all(|entry| known.is_of_cohorts(&entry.id));
    let is_chosen = |entry: &&KpiEntry| {
        known.is_headline(&entry.id) || of_cohorts && known.family(&entry.id) == "vintage"
    };
    let chosen: Vec<&KpiEntry> = candidates().filter(is_chosen).take(COLUMNS).collect();
    let chosen = if chosen.is_empty() { candidates().take(HANDFUL).collect() } else { chosen };
    chosen.into_iter().map(|entry| (entry.id.as_str(), known.unit(entry.unit))).collect()
}

/// A value with the mark of its status, which shows without colours too.
fn cell(entry: &KpiEntry) -> Cell {
    let text = if entry.state == "failed" { "failed" } else { value(entry) };
    let style = match entry.status {
        status @ ("warning" | "critical") => status_style(status),
        _ => anstyle::Style::new(),
    };
    Cell::right(format!("{}{text}", mark(entry))).styled(style)
}

fn mark(entry: &KpiEntry) -> &'static str {
    match entry.status {
        "critical" => "!",
        "warning" => "*",
        _ => "",
    }
}
