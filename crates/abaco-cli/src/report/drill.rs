//! What the configured KPIs and their changes are made of.

use abaco_loans::pipeline::run::{DrillEntry, PartsEntry, RunDocument};

use super::known::Known;
use super::titled;
use crate::table::{Cell, FAINT, STRONG, aligned};

/// More parts than these are counted.
const PARTS: usize = 20;

pub(super) fn blocks(document: &RunDocument, known: &Known<'_>) -> String {
    let blocks: Vec<String> =
        document.drill_down.iter().flat_map(|entry| of(entry, document, known)).collect();
    blocks.join("\n")
}

fn of(entry: &DrillEntry, document: &RunDocument, known: &Known<'_>) -> Vec<String> {
    let kpi = document.kpis.iter().find(|kpi| kpi.id == entry.kpi);
    let unit = kpi.map_or("", |kpi| known.unit(kpi.unit));
    let title = format!("parts of {} by {}", entry.kpi, entry.by.join(", "));
    if let (None, Some(reason)) = (&entry.value, &entry.reason) {
        return vec![titled(&title, &format!("nothing to take apart: {reason}"))];
    }
    let value = entry.value.as_ref().map(|parts| titled(&title, unit) + &table(&entry.by, parts));
    let change = entry.change.as_ref().map(|parts| {
        let since = parts.since.map(|since| format!(" since {since}")).unwrap_or_default();
        let title = format!("parts of the change of {}{since} by {}", entry.kpi, entry.by.join(", "));
        titled(&title, unit) + &table(&entry.by, parts)
    });
    value.into_iter().chain(change).collect()
}

/// The largest parts, the others together, and the whole, which they sum to.
fn table(by: &[String], parts: &PartsEntry) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    // A line that is about no one group.
    let line = |words: String, amount: String| -> Vec<Cell> {
        let rest = std::iter::repeat_with(|| Cell::left("")).take(by.len().saturating_sub(1));
        std::iter::once(Cell::left(words)).chain(rest).chain([Cell::right(amount)]).collect()
    };
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for part in parts.top.iter().take(PARTS) {
        let group = part.by.values().map(|value| match value.as_str() {
            Some(text) => Cell::left(text),
            None => Cell::left("null").styled(FAINT),
        });
        rows.push(group.chain([Cell::right(text(&part.amount.value))]).collect());
    }
    if parts.top.len() > PARTS {
        let words = format!("{} more in kpis.json", parts.top.len() - PARTS);
        rows.push(vec![Cell::left(words).styled(FAINT)]);
    }
    if parts.other_groups > 0 {
        rows.push(line(format!("{} others", parts.other_groups), text(&parts.others.value)));
    }
    let total = line("total".to_owned(), text(&parts.total.value));
    rows.push(total.into_iter().map(|cell| cell.styled(STRONG)).collect());
    aligned(&rows)
}
