//! The KPIs that the tape does not serve, by the columns that it lacks.

use std::cmp::Reverse;

use abaco_loans::kpi::Outcome;
use abaco_loans::pipeline::Run;

use super::titled;
use crate::table::{Cell, FAINT, aligned};

/// Columns that are named.
const COLUMNS: usize = 5;
/// KPIs that are named for a column.
const EXAMPLES: usize = 3;

pub(super) fn block(run: &Run) -> String {
    let totals = run.finished.groups.iter().filter(|group| group.by.is_empty());
    let mut count = 0;
    let mut missing: Vec<Missing<'_>> = Vec::new();
    for result in totals.flat_map(|totals| &totals.kpis) {
        let Outcome::Unavailable(columns) = &result.outcome else { continue };
        count += 1;
        for column in columns {
            let at = missing.iter().position(|known| known.column == column.name());
            let at = at.unwrap_or(missing.len());
            if at == missing.len() {
                missing.push(Missing { column: column.name(), alone: 0, kpis: Vec::new() });
            }
            missing[at].alone += usize::from(columns.len() == 1);
            missing[at].kpis.push(&result.id);
        }
    }
    if count == 0 {
        return String::new();
    }
    missing.sort_by_key(|missing| (Reverse(missing.kpis.len()), Reverse(missing.alone), missing.column));
    let remark = "for lack of columns; --format json says of each which";
    let title =
        if count == 1 { "1 KPI is unavailable".to_owned() } else { format!("{count} KPIs are unavailable") };
    let mut rows = vec![heading()];
    rows.extend(missing.iter().take(COLUMNS).map(row));
    if missing.len() > COLUMNS {
        rows.push(vec![Cell::left(format!("and {} more", missing.len() - COLUMNS)).styled(FAINT)]);
    }
    titled(&title, remark) + &aligned(&rows)
}

/// A column and the KPIs that want it.
struct Missing<'r> {
    column: &'r str,
    /// KPIs that lack nothing else.
    alone: usize,
    kpis: Vec<&'r str>,
}

fn heading() -> Vec<Cell> {
    let heads = [Cell::left("missing"), Cell::right("kpis"), Cell::right("only this"), Cell::left("such as")];
    heads.map(|cell| cell.styled(FAINT)).into()
}

fn row(missing: &Missing<'_>) -> Vec<Cell> {
    let mut examples = missing.kpis.iter().take(EXAMPLES).copied().collect::<Vec<_>>().join(", ");
    if missing.kpis.len() > EXAMPLES {
        examples += ", ..";
    }
    vec![
        Cell::left(missing.column),
        Cell::right(missing.kpis.len().to_string()),
        Cell::right(missing.alone.to_string()),
        Cell::left(examples).styled(FAINT),
    ]
}
