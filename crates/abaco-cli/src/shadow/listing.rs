//! A comparison for people: what differs most comes first.

use std::cmp::Reverse;

use abaco_loans::rollout::comparison::{Comparison, Inputs, KeyComparison, Outcome, Side};
use abaco_loans::rollout::figures::number::{self, Rational, rational_of};
use abaco_loans::rollout::figures::{Figure, Key};
use anstyle::Style;

use crate::table::{BAD, Cell, FAINT, GOOD, STRONG, WARN, aligned, styled};

/// The most keys that are listed; `--format json` has them all.
const MAX_LISTED: usize = 60;

/// The places of what is shown exactly.
const PLACES: u32 = 6;

pub(crate) fn listing(comparison: &Comparison) -> String {
    let mut text = aligned(&[
        vec![Cell::left("baseline").styled(FAINT), Cell::left(name(&comparison.baseline)).styled(STRONG)],
        vec![Cell::left("candidate").styled(FAINT), Cell::left(name(&comparison.candidate)).styled(STRONG)],
        vec![Cell::left("inputs").styled(FAINT), inputs(comparison.inputs)],
    ]);
    text.push('\n');
    text.push_str(&keys(comparison));
    text.push_str(&line(&counts(comparison), Style::new()));
    if !comparison.left_out.is_empty() {
        let said = format!("left out by the scope: {}", comparison.left_out.len());
        text.push_str(&line(&said, FAINT));
    }
    for known in &comparison.expired {
        text.push_str(&line(&format!("known difference expired: {known}"), WARN));
    }
    text.push_str(&line(&causes(comparison), Style::new()));
    if comparison.informative() == 0 {
        text.push_str(&line(
            "nothing here proves anything: no key has a value other than 0 on both sides",
            WARN,
        ));
    }
    let (verdict, style) = if comparison.passes() { ("passes", GOOD) } else { ("does not pass", BAD) };
    text.push_str(&line(verdict, style));
    text
}

fn line(text: &str, style: Style) -> String {
    format!("{}\n", styled(text, style))
}

fn name(side: &Side) -> String {
    match &side.run_id {
        Some(run_id) if *run_id != side.name => format!("{} (run {run_id})", side.name),
        _ => side.name.clone(),
    }
}

fn inputs(inputs: Inputs) -> Cell {
    match inputs {
        Inputs::Same => Cell::left("same"),
        Inputs::Different => Cell::left("different: nothing follows from the values").styled(BAD),
        Inputs::Unknown => Cell::left("unknown: a side does not tell what it read").styled(WARN),
    }
}

/// The keys that say more than that both sides are the same.
fn keys(comparison: &Comparison) -> String {
    let is_shown = |key: &&KeyComparison| !matches!(key.outcome, Outcome::Match | Outcome::BothAbsent);
    let mut shown: Vec<&KeyComparison> = comparison.keys.iter().filter(is_shown).collect();
    shown.sort_by_cached_key(|key| {
        let size = key.relative.as_ref().map(|relative| relative.max(&-relative).clone());
        (key.outcome, Reverse(size), key.key.clone())
    });
    if shown.is_empty() {
        return String::new();
    }
    let header =
        ["kpi", "as of", "segment", "baseline", "candidate", "difference", "relative", "outcome", ""];
    let right = 3..7;
    let header = header.iter().enumerate().map(|(index, title)| {
        let cell = if right.contains(&index) { Cell::right(title) } else { Cell::left(title) };
        cell.styled(FAINT)
    });
    let mut rows = vec![header.collect::<Vec<Cell>>()];
    rows.extend(shown.iter().take(MAX_LISTED).map(|key| row(key)));
    let mut text = aligned(&rows);
    if let Some(more @ 1..) = shown.len().checked_sub(MAX_LISTED) {
        text.push_str(&line(&format!("and {more} more; --format json has them all"), FAINT));
    }
    text.push('\n');
    text
}

fn row(of: &KeyComparison) -> Vec<Cell> {
    let KeyComparison { key, .. } = of;
    let percent = |relative: &Rational| {
        let hundred = Rational::from_integer(100.into());
        format!("{} %", number::text(&(relative * hundred), 4))
    };
    vec![
        Cell::left(&key.kpi),
        Cell::left(key.as_of.map(|as_of| as_of.to_string()).unwrap_or_default()),
        Cell::left(segment(key)),
        Cell::right(value(of.baseline.as_ref())),
        Cell::right(value(of.candidate.as_ref())),
        Cell::right(
            of.difference.as_ref().map(|difference| number::text(difference, PLACES)).unwrap_or_default(),
        ),
        Cell::right(of.relative.as_ref().map(percent).unwrap_or_default()),
        Cell::left(of.outcome.as_str()).styled(style(of.outcome)),
        Cell::left(of.reason.as_deref().unwrap_or_default()).styled(FAINT),
    ]
}

/// As printed, and before rounding where that says more.
fn value(figure: Option<&Figure>) -> String {
    let Some(figure) = figure else { return "-".to_owned() };
    match (&figure.value, &figure.exact) {
        (Ok(printed), Some(exact)) if *exact != rational_of(*printed) => {
            format!("{printed} ({})", number::text(exact, PLACES))
        }
        (Ok(printed), _) => printed.to_string(),
        (Err(_), _) => "-".to_owned(),
    }
}

fn segment(key: &Key) -> String {
    let pairs: Vec<String> = key.segment.iter().map(|(column, value)| format!("{column}={value}")).collect();
    pairs.join(";")
}

const fn style(outcome: Outcome) -> Style {
    match outcome {
        Outcome::WithinTolerance | Outcome::KnownDifference => WARN,
        outcome if outcome.passes() => GOOD,
        _ => BAD,
    }
}

fn counts(comparison: &Comparison) -> String {
    let counts = comparison.counts();
    let found = counts.iter().filter(|(_, count)| **count > 0);
    let found: Vec<String> = found.map(|(outcome, count)| format!("{count} {outcome}")).collect();
    let keys = match comparison.keys.len() {
        0 => return "no key to compare".to_owned(),
        1 => "1 key".to_owned(),
        many => format!("{many} keys"),
    };
    format!("{keys}: {}; informative: {}", found.join(", "), comparison.informative())
}

/// How many differences are still without a cause.
fn causes(comparison: &Comparison) -> String {
    match comparison.unexplained().count() {
        0 => "causes: no difference needs one".to_owned(),
        1 => "causes: 1 difference needs one".to_owned(),
        many => format!("causes: {many} differences need one"),
    }
}
