//! The groups of each grouping set, and the cohorts: a table per set.

use abaco_loans::pipeline::run::{RunDocument, Segment};
use serde_json::Value;

use super::grid::{Line, grid};
use super::known::Known;
use super::titled;
use crate::table::{Cell, FAINT, styled};

/// More groups than these are counted.
const GROUPS: usize = 40;

pub(super) fn blocks(document: &RunDocument, known: &Known<'_>) -> String {
    // Cohorts may be told apart by the columns of a grouping set, but they have fewer KPIs.
    let same_set = |one: &Segment, other: &Segment| {
        one.by.keys().eq(other.by.keys()) && one.kpis.len() == other.kpis.len()
    };
    let sets = document.segments.chunk_by(same_set);
    sets.map(|set| block(set, known)).collect::<Vec<_>>().join("\n")
}

fn block(set: &[Segment], known: &Known<'_>) -> String {
    let Some(first) = set.first() else { return String::new() };
    let names: Vec<&str> = first.by.keys().map(String::as_str).collect();
    let (shown, counted) = set.split_at(set.len().min(GROUPS));
    let mut heads: Vec<Cell> = names.iter().map(Cell::left).collect();
    heads.push(Cell::right("rows"));
    let lines = shown.iter().map(line).collect();
    let mut out = titled(&format!("by {}", names.join(", ")), "") + &grid(heads, lines, "group", known);
    if !counted.is_empty() {
        out += &(styled(&format!("{} more groups in kpis.json", counted.len()), FAINT) + "\n");
    }
    out
}

fn line(segment: &Segment) -> Line<'_> {
    let mut heads: Vec<Cell> = segment.by.values().map(group).collect();
    // The rows of the snapshot, which the first KPI is over; those of cohorts have one number of rows.
    heads.push(Cell::right(segment.kpis.first().map_or(0, |entry| entry.rows).to_string()));
    Line { heads, kpis: &segment.kpis, remark: "" }
}

fn group(value: &Value) -> Cell {
    match value.as_str() {
        Some(text) => Cell::left(text),
        None => Cell::left("null").styled(FAINT),
    }
}
