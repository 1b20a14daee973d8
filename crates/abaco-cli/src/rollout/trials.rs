//! The commands that make evidence.

use std::process::ExitCode;

use abaco_loans::Decimal;
use abaco_loans::pipeline::Catalogue;
use abaco_loans::rollout::Rollout;
use abaco_loans::rollout::attribution::Tie;
use abaco_loans::rollout::causes::Findings;
use abaco_loans::rollout::conduct::{Compared, TieOutRequest};
use chrono::NaiveDate;
use clap::Args;
use serde_json::json;

use super::CLOSED;
use crate::failure::Failure;
use crate::table::{BAD, Cell, FAINT, GOOD, aligned, on_one_line, styled};
use crate::{Format, print, print_json};

#[derive(Debug, Args)]
pub(crate) struct TieOut {
    /// A KPI's id, or a component as results print it, such as `SUM(outstanding_balance)`.
    #[arg(long, value_name = "FIGURE")]
    figure: String,
    /// Where the other figure comes from: a general ledger, a servicer's report.
    #[arg(long, value_name = "TEXT")]
    source: String,
    /// What the source says.
    #[arg(long, value_name = "DECIMAL", allow_hyphen_values = true)]
    expected: Decimal,
    /// The largest difference that is accepted.
    #[arg(long, value_name = "DECIMAL", default_value = "0", value_parser = not_negative, allow_hyphen_values = true)]
    tolerance: Decimal,
    /// The snapshot; by default that of the tape of the day.
    #[arg(long, value_name = "DATE")]
    as_of: Option<NaiveDate>,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The list, such as training.
    #[arg(long, value_name = "NAME")]
    list: String,
    /// The item, as the configuration has it.
    #[arg(long, value_name = "TEXT")]
    item: String,
    /// What was done.
    #[arg(long, value_name = "TEXT")]
    note: String,
}

/// Why the sides differ nobody can compute then.
const NOT_LOOKED_FOR: &str =
    "\nno cause was looked for: the candidate is no configuration, or one with tables beside its tape\n";

pub(crate) fn replay(rollout: &Rollout, catalogue: &Catalogue, format: Format) -> Result<ExitCode, Failure> {
    let replayed = rollout.replay(catalogue)?;
    let clean = replayed.snapshots.iter().all(|compared| compared.record.clean);
    match format {
        Format::Json => print_json(&json!({
            "schema_version": 1,
            "snapshots": replayed.snapshots.iter().map(|compared| &compared.record).collect::<Vec<_>>(),
            "causes": replayed.causes,
        }))?,
        Format::Table => {
            let rows: Vec<Vec<Cell>> = replayed.snapshots.iter().map(row).collect();
            print(&aligned(&rows))?;
            print(&causes(replayed.causes.as_ref()))?;
            let differs =
                replayed.snapshots.iter().any(|compared| compared.comparison.unexplained().next().is_some());
            if differs && replayed.causes.is_none() {
                print(NOT_LOOKED_FOR)?;
            }
        }
    }
    Ok(passes(clean))
}

pub(crate) fn compare(rollout: &Rollout, catalogue: &Catalogue, format: Format) -> Result<ExitCode, Failure> {
    let compared = rollout.compare(catalogue)?;
    match format {
        Format::Json => print_json(&compared.comparison.document())?,
        Format::Table => print(&crate::shadow::listing::listing(&compared.comparison))?,
    }
    Ok(passes(compared.record.clean))
}

pub(crate) fn exercise(
    rollout: &Rollout,
    catalogue: &Catalogue,
    format: Format,
) -> Result<ExitCode, Failure> {
    let exercised = rollout.exercise(catalogue)?;
    let (performance, concurrency, soak) = (&exercised.performance, &exercised.concurrency, &exercised.soak);
    match format {
        Format::Json => print_json(&json!({
            "schema_version": 1,
            "performance": performance,
            "concurrency": concurrency,
            "soak": soak,
        }))?,
        Format::Table => {
            let memory = |kib: Option<u64>| kib.map_or("unknown".to_owned(), |kib| format!("{kib} KiB"));
            let rows = [
                ("performance", format!("{} rows in {} ms", performance.rows, performance.milliseconds)),
                (
                    "concurrency",
                    format!(
                        "{} runs at once, {} failed, {} damaged",
                        concurrency.runs, concurrency.failed, concurrency.damaged
                    ),
                ),
                (
                    "soak",
                    format!(
                        "{} runs, {} failed, memory {} early and {} late",
                        soak.runs,
                        soak.failed,
                        memory(soak.memory_early_kib),
                        memory(soak.memory_late_kib)
                    ),
                ),
            ];
            let rows: Vec<Vec<Cell>> = rows
                .iter()
                .map(|(name, text)| vec![Cell::left(name).styled(FAINT), Cell::left(text)])
                .collect();
            print(&aligned(&rows))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn tie_out(
    rollout: &Rollout,
    given: &TieOut,
    catalogue: &Catalogue,
    format: Format,
) -> Result<ExitCode, Failure> {
    let TieOut { figure, source, expected, tolerance, as_of } = given;
    let (figure, source) = (figure.clone(), source.clone());
    let request = TieOutRequest { figure, source, expected: *expected, tolerance: *tolerance, as_of: *as_of };
    let record = rollout.tie_out(&request, catalogue)?;
    match format {
        Format::Json => print_json(&json!({ "schema_version": 1, "tie_out": record }))?,
        Format::Table => {
            let (word, style) = if record.ties { ("ties", GOOD) } else { ("does not tie", BAD) };
            let text = format!(
                "`{}` {}: found {}, {} says {}, accepted {}\n",
                record.figure,
                styled(word, style),
                record.found,
                on_one_line(&record.source),
                record.expected,
                record.tolerance
            );
            print(&text)?;
        }
    }
    Ok(passes(record.ties))
}

pub(crate) fn ties(rollout: &Rollout, format: Format) -> Result<ExitCode, Failure> {
    let ties = rollout.ties()?;
    match format {
        Format::Json => print_json(&json!({ "schema_version": 1, "ties": ties }))?,
        Format::Table => {
            let row = |tie: &Tie| {
                let (word, style) = if tie.ties { ("ties", GOOD) } else { ("does not tie", BAD) };
                vec![
                    Cell::left(&tie.name),
                    Cell::left(word).styled(style),
                    Cell::right(&tie.left),
                    Cell::right(&tie.right),
                    Cell::right(&tie.difference),
                    Cell::left(format!("{} keys differ", tie.differing)),
                ]
            };
            print(&aligned(&ties.iter().map(row).collect::<Vec<_>>()))?;
        }
    }
    Ok(passes(ties.iter().all(|tie| tie.ties)))
}

pub(crate) fn check(rollout: &Rollout, given: &Check, format: Format) -> Result<ExitCode, Failure> {
    let digest = rollout.check_off(&given.list, &given.item, &given.note)?;
    match format {
        Format::Json => print_json(&json!({ "schema_version": 1, "evidence": digest }))?,
        Format::Table => print(&format!("{}, `{}`: noted as {digest}\n", given.list, given.item))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Nothing ties within less than nothing.
fn not_negative(text: &str) -> Result<Decimal, String> {
    let found: Decimal =
        text.parse().map_err(|error| format!("expected a decimal, found `{text}`: {error}"))?;
    if found < Decimal::ZERO { Err(format!("expected 0 or more, found {found}")) } else { Ok(found) }
}

fn passes(passes: bool) -> ExitCode {
    if passes { ExitCode::SUCCESS } else { ExitCode::from(CLOSED) }
}

fn row(compared: &Compared) -> Vec<Cell> {
    let record = &compared.record;
    let (word, style) = if record.clean { ("clean", GOOD) } else { ("differs", BAD) };
    let found = record.outcomes.iter().filter(|(_, count)| **count > 0);
    let found: Vec<String> = found.map(|(outcome, count)| format!("{count} {outcome}")).collect();
    let as_of = record.as_of.map_or("no date".to_owned(), |as_of| as_of.to_string());
    let informative = format!("{} informative", record.informative);
    vec![
        Cell::left(&as_of),
        Cell::left(word).styled(style),
        Cell::left(found.join(", ")),
        Cell::left(&informative).styled(FAINT),
    ]
}

/// Why the sides differ: one cause for all, or one for each KPI where one for all does not do.
pub(crate) fn causes(findings: Option<&Findings>) -> String {
    let Some(findings) = findings else { return String::new() };
    let mut text = format!("\n{}\n", on_one_line(&findings.together.sentence));
    for finding in &findings.kpis {
        let kpi = finding.kpi.as_deref().unwrap_or("all");
        text.push_str(&format!("  {kpi}: {}\n", on_one_line(&finding.sentence)));
    }
    text
}
