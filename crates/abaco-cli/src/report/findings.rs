//! What the rules have to say, the worst first.

use abaco_loans::engine::FindingKind;
use abaco_loans::pipeline::run::{FindingEntry, KpiEntry, RunDocument};
use abaco_loans::prelude::Status;

use super::known::Known;
use super::{by_text, titled, value};
use crate::table::{Cell, FAINT, STRONG, aligned, status_style, styled};

/// More findings than these are counted.
const SHOWN: usize = 30;
/// More remarks of this kind than these are counted.
const FEW: usize = 5;

pub(super) fn block(document: &RunDocument, known: &Known<'_>) -> String {
    if document.findings.is_empty() {
        return String::new();
    }
    let saturated = |finding: &&FindingEntry| finding.kind == FindingKind::Saturated;
    let remarks = document.findings.iter().filter(saturated).count();
    let mut findings: Vec<&FindingEntry> =
        document.findings.iter().filter(|finding| remarks <= FEW || !saturated(finding)).collect();
    // Stable: the totals stay before the groups.
    findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), saturated(finding)));
    let (shown, counted) = findings.split_at(findings.len().min(SHOWN));
    let rows: Vec<Vec<Cell>> = shown.iter().map(|finding| row(finding, document, known)).collect();
    let mut out = titled("findings", "") + &aligned(&rows);
    if !counted.is_empty() {
        let count = |severity| counted.iter().filter(|finding| finding.severity == severity).count();
        let text = format!(
            "and {} more in kpis.json: {} critical, {} warning, {} remarks",
            counted.len(),
            count(Status::Critical),
            count(Status::Warning),
            counted.len() - count(Status::Critical) - count(Status::Warning),
        );
        out += &(styled(&text, FAINT) + "\n");
    }
    if remarks > FEW {
        let text = format!("{remarks} values at an end of their valid range; kpis.json lists them");
        out += &(styled(&text, FAINT) + "\n");
    }
    out
}

fn row(finding: &FindingEntry, document: &RunDocument, known: &Known<'_>) -> Vec<Cell> {
    let remark = finding.severity == Status::None;
    let found = entry(finding, document);
    let severity = if remark { "remark" } else { finding.severity.as_str() };
    let whole = if remark { FAINT } else { anstyle::Style::new() };
    vec![
        Cell::left(severity).styled(status_style(finding.severity.as_str())),
        Cell::left(&finding.kpi).styled(if remark { FAINT } else { STRONG }),
        Cell::right(found.map_or("-", value)).styled(whole),
        Cell::left(found.map_or("", |entry| known.unit(entry.unit))).styled(whole),
        Cell::left(by_text(&finding.by)).styled(whole),
        Cell::left(format!("{}: {}", finding.kind, finding.message)).styled(FAINT),
    ]
}

/// The KPI that a finding is about, in its group.
fn entry<'d>(finding: &FindingEntry, document: &'d RunDocument) -> Option<&'d KpiEntry> {
    let mut groups = document.segments.iter().filter(|segment| segment.by == finding.by);
    let find = |kpis: &'d [KpiEntry]| kpis.iter().find(|kpi| kpi.id == finding.kpi);
    if finding.by.is_empty() { find(&document.kpis) } else { groups.find_map(|group| find(&group.kpis)) }
}
