//! The migration matrices as blocks: a row says where the loans of a bucket went.

use std::collections::HashMap;

use abaco_loans::pipeline::run::{KpiEntry, RunDocument};

use super::{titled, value};
use crate::matrix::Matrix;
use crate::table::{Cell, FAINT, aligned, status_style};

pub(super) fn blocks(document: &RunDocument, matrices: &[Matrix]) -> String {
    let entries: HashMap<&str, &KpiEntry> =
        document.kpis.iter().map(|entry| (entry.id.as_str(), entry)).collect();
    let blocks: Vec<String> = matrices.iter().filter_map(|matrix| block(matrix, &entries)).collect();
    blocks.join("\n")
}

/// Nothing where the tape serves no cell, and one line where no loan can be followed.
fn block(matrix: &Matrix, entries: &HashMap<&str, &KpiEntry>) -> Option<String> {
    let known = |id: &str| entries.get(id).filter(|entry| entry.state != "unavailable").copied();
    let first = matrix.ids().find_map(known)?;
    let title = format!("migration by {}", matrix.by);
    let same = |entry: &KpiEntry| entry.state == "undefined" && entry.reason == first.reason;
    if matrix.ids().filter_map(known).all(same) {
        let reason = first.reason.as_deref().unwrap_or("undefined");
        return Some(titled(&title, &format!("no cell has a value: {reason}")));
    }
    let heads = std::iter::once("from \\ to").chain(Matrix::destinations()).chain(["of"]);
    let heads =
        heads.enumerate().map(|(index, head)| if index == 0 { Cell::left(head) } else { Cell::right(head) });
    let mut rows = vec![heads.map(|cell| cell.styled(FAINT)).collect()];
    for (from, ids) in &matrix.rows {
        let cells: Vec<Option<&KpiEntry>> = ids.iter().map(|id| known(id)).collect();
        let mut row = vec![Cell::left(from)];
        row.extend(cells.iter().map(|entry| cell(*entry)));
        row.push(Cell::right(whole(&cells)).styled(FAINT));
        rows.push(row);
    }
    let remark = "% of each row that ended the period in each column";
    Some(titled(&title, remark) + &aligned(&rows))
}

/// What is not there stands back, and so does a zero, so that the moves stand out.
fn cell(entry: Option<&KpiEntry>) -> Cell {
    let Some(entry) = entry else { return Cell::right("-").styled(FAINT) };
    let text = if entry.state == "failed" { "failed" } else { value(entry) };
    let is_nothing = !text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) && entry.state != "failed";
    let style = match entry.status {
        status @ ("warning" | "critical") => status_style(status),
        _ if is_nothing => FAINT,
        _ => anstyle::Style::new(),
    };
    Cell::right(text).styled(style)
}

/// The denominator that the cells of a row share: the opening balance, or the number of loans.
fn whole<'e>(cells: &[Option<&'e KpiEntry>]) -> &'e str {
    let mut wholes = cells.iter().flatten().filter_map(|entry| {
        entry.exact.as_ref().filter(|exact| exact.multiplier == "100").map(|exact| exact.denominator.as_str())
    });
    match wholes.next() {
        Some(first) if wholes.all(|other| other == first) => first,
        _ => "-",
    }
}
