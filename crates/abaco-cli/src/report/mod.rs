//! A run as a person reads it: what stands out first, then the KPIs, then their breakdowns.

mod drill;
mod families;
mod findings;
mod grid;
mod known;
mod migration;
mod quality;
mod segments;
mod series;
mod unavailable;

use abaco_loans::pipeline::run::{Effective, KpiEntry};
use abaco_loans::pipeline::{Pipeline, Run};

use self::known::Known;
use crate::matrix::Matrix;
use crate::table::{BAD, FAINT, STRONG, styled};

/// The whole report.
pub(crate) fn report(run: &Run, pipeline: &Pipeline) -> String {
    let document = &run.document;
    let known = Known::new(pipeline, &document.currency);
    let matrices = Matrix::all();
    let blocks = [
        head(run),
        findings::block(document, &known),
        quality::block(run),
        families::block(run, &known, &matrices),
        migration::blocks(document, &matrices),
        drill::blocks(document, &known),
        unavailable::block(run),
        segments::blocks(document, &known),
        series::blocks(document, &known),
        published(run),
    ];
    blocks.into_iter().filter(|block| !block.is_empty()).collect::<Vec<_>>().join("\n")
}

fn head(run: &Run) -> String {
    let document = &run.document;
    let as_of = document.as_of.map(|date| format!(" as of {date}")).unwrap_or_default();
    let rows =
        format!("{}, {} of {} rows in scope", document.currency, document.rows.as_of, document.rows.read);
    let title = styled(&format!("{}{as_of}", document.portfolio), STRONG);
    format!("{}{title}  {}\n", mislabelled(run), styled(&rows, FAINT))
}

/// What stands above everything else: the label of the tape is not the day for which its rows hold.
fn mislabelled(run: &Run) -> String {
    let Some(label) = run.document.as_of else { return String::new() };
    let found = match run.effective {
        Effective::On(date) if date != label => format!("its rows hold for {date}"),
        Effective::Between(from, to) => format!("its rows hold for days from {from} to {to}"),
        Effective::On(_) | Effective::Unknown => return String::new(),
    };
    format!("{BAD}the snapshot is labelled {label}, but {found}{BAD:#}\n")
}

fn published(run: &Run) -> String {
    let word = if run.reused { "reused" } else { "published" };
    let line = |folder: &std::path::PathBuf| styled(&format!("{word} {}", folder.display()), FAINT) + "\n";
    run.folder.as_ref().map(line).unwrap_or_default()
}

/// A title with a faint remark behind it.
fn titled(title: &str, remark: &str) -> String {
    let remark = if remark.is_empty() { String::new() } else { format!("  {}", styled(remark, FAINT)) };
    format!("{}{remark}\n", styled(title, STRONG))
}

/// The value, or a dash.
fn value(entry: &KpiEntry) -> &str {
    entry.value.as_deref().unwrap_or("-")
}

/// The group's columns with their values.
fn by_text(by: &serde_json::Map<String, serde_json::Value>) -> String {
    let pairs = by.iter().map(|(column, value)| format!("{column} = {}", value.as_str().unwrap_or("null")));
    pairs.collect::<Vec<_>>().join(", ")
}
