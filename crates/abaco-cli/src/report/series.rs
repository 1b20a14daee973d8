//! The last periods of each series: a table per rollup.

use abaco_loans::pipeline::run::{RunDocument, SeriesEntry};

use super::grid::{Line, grid};
use super::known::Known;
use super::titled;
use crate::table::Cell;

/// The last period with the one a year before it, if they are months.
const PERIODS: usize = 13;

pub(super) fn blocks(document: &RunDocument, known: &Known<'_>) -> String {
    let rollups = document.series.chunk_by(|one, other| one.rollup == other.rollup);
    rollups.map(|rollup| block(rollup, known)).collect::<Vec<_>>().join("\n")
}

fn block(periods: &[SeriesEntry], known: &Known<'_>) -> String {
    let Some(first) = periods.first() else { return String::new() };
    let shown = &periods[periods.len().saturating_sub(PERIODS)..];
    let remark = match periods.len() - shown.len() {
        0 => String::new(),
        earlier => format!("the last {} periods; {earlier} earlier ones in kpis.json", shown.len()),
    };
    let heads = vec![Cell::left("period"), Cell::left("as of")];
    titled(first.rollup, &remark) + &grid(heads, shown.iter().map(line).collect(), "period", known)
}

fn line(period: &SeriesEntry) -> Line<'_> {
    let heads = vec![Cell::left(&period.period), Cell::left(period.as_of.to_string())];
    Line { heads, kpis: &period.kpis, remark: if period.partial { "partial" } else { "" } }
}
