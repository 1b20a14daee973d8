//! The compliance report for people.

use super::{ComplianceReport, RawArchive};
use crate::mask::Masking;

pub(super) fn text(report: &ComplianceReport) -> String {
    let mut lines = vec![
        format!("Compliance report of run {}", one_line(&report.run_id)),
        format!("written {}", one_line(&report.reported_at)),
    ];
    section(&mut lines, "Personal data", masking(report));
    section(&mut lines, "Retention", retention(report));
    section(&mut lines, "Quarantine", quarantine(report));
    section(&mut lines, "Access", access(report));
    lines.push(String::new());
    lines.join("\n")
}

fn section(lines: &mut Vec<String>, title: &str, content: Vec<String>) {
    lines.push(String::new());
    lines.push(title.to_owned());
    lines.extend(content.into_iter().map(|line| format!("  {line}")));
}

fn masking(report: &ComplianceReport) -> Vec<String> {
    let masking = &report.masking;
    let (Some(method), Some(key)) = (&masking.method, &masking.key_id) else {
        return vec!["no column is declared as personal data".to_owned()];
    };
    let mut lines = vec![format!("masked by {method} with the key {}", one_line(key))];
    for table in &masking.tables {
        for column in &table.columns {
            let how = match column.how {
                Masking::Text => "a text of 32 hexadecimal digits stands for each value",
                Masking::Int => "an int stands for each value",
                Masking::Null => "null",
                Masking::Plain => "NOT MASKED, as declared",
            };
            let (table, column, kind) = (one_line(&table.table), &column.column, &column.column_type);
            lines.push(format!("{table}.{column} ({kind}): {how}"));
        }
    }
    lines
}

fn retention(report: &ComplianceReport) -> Vec<String> {
    let keep = match report.retention.keep_days {
        Some(days) => format!("declared: to be kept for {days} days; nothing is deleted by abaco"),
        None => "not declared; nothing is deleted by abaco".to_owned(),
    };
    let archive = match report.retention.raw_archive {
        RawArchive::Off => "raw archive: off; no input is copied".to_owned(),
        RawArchive::On => {
            "raw archive: on; inputs are copied unmasked, readable by the owner alone".to_owned()
        }
    };
    let mut lines = vec![keep, archive];
    lines.extend(report.raw_archive.iter().map(|copy| {
        format!("{}: {} bytes, sha256 {}", one_line(&copy.file), copy.bytes, one_line(&copy.sha256))
    }));
    lines
}

fn quarantine(report: &ComplianceReport) -> Vec<String> {
    let mut lines = vec![format!("rows set aside: {}", report.quarantine.rows)];
    lines.extend(
        report.quarantine.reasons.iter().map(|(reason, rows)| format!("{}: {rows}", one_line(reason))),
    );
    lines
}

fn access(report: &ComplianceReport) -> Vec<String> {
    if report.access.is_empty() {
        return vec!["none recorded".to_owned()];
    }
    let line = |entry: &super::AccessEntry| {
        format!(
            "{}  {}  {}  {}",
            one_line(&entry.at),
            one_line(&entry.actor),
            one_line(&entry.action),
            one_line(&entry.path)
        )
    };
    report.access.iter().map(line).collect()
}

/// Names come from outside: none of them may begin a line of its own.
fn one_line(text: &str) -> String {
    text.chars()
        .flat_map(|letter| if letter.is_control() { letter.escape_default().collect() } else { vec![letter] })
        .collect()
}
