//! What the templates are given: words and counts, nothing to be computed.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use serde::Serialize;

use super::RolloutView;
use super::after::{Hour, days, hours};
use super::risks::{causes, risks};
use crate::evidence::{CauseRecord, Evidence, Occasion};
use crate::gate::State;
use crate::journal::{Event, Outcome};
use crate::stage::Stage;

#[derive(Serialize)]
pub(super) struct Facts {
    baseline: String,
    candidate: String,
    identity: String,
    from: Option<NaiveDate>,
    to: NaiveDate,
    stage: &'static str,
    gate: &'static str,
    met: usize,
    asked: usize,
    weeks: Vec<Week>,
    criteria: Vec<Line>,
    approvals: Vec<Line>,
    checklist: Vec<Item>,
    risks: Vec<String>,
    next: Vec<String>,
    tests: Vec<Test>,
    comparisons: Vec<Compared>,
    causes: Vec<CauseRecord>,
    hours: Vec<Hour>,
    days: Vec<String>,
}

#[derive(Serialize)]
struct Week {
    week: String,
    from: NaiveDate,
    stage: &'static str,
    events: usize,
    clean: usize,
    dirty: usize,
    triggers: usize,
}

#[derive(Serialize)]
struct Line {
    name: String,
    target: String,
    achieved: String,
    state: &'static str,
}

#[derive(Serialize)]
struct Item {
    list: String,
    item: String,
    done: Option<String>,
}

#[derive(Serialize)]
struct Test {
    at: NaiveDate,
    step: String,
    outcome: &'static str,
    message: String,
}

#[derive(Serialize)]
struct Compared {
    occasion: &'static str,
    as_of: Option<NaiveDate>,
    keys: u64,
    expected: u64,
    informative: u64,
    clean: bool,
    largest: Option<String>,
    digest: String,
}

pub(super) fn facts(view: &RolloutView) -> Facts {
    let RolloutView { entries, verdict, .. } = view;
    let (approvals, criteria) =
        verdict.criteria.iter().partition::<Vec<_>, _>(|criterion| criterion.name.starts_with("approval"));
    let line = |criterion: &&crate::gate::Criterion| Line {
        name: criterion.name.clone(),
        target: criterion.target.clone(),
        achieved: criterion.achieved.clone(),
        state: criterion.state.as_str(),
    };
    Facts {
        baseline: view.baseline.clone(),
        candidate: view.candidate.clone(),
        identity: view.identity.clone(),
        from: entries.first().map(|(at, _, _)| at.date_naive()),
        to: view.now.date_naive(),
        stage: stage_at(entries, view.now).as_str(),
        gate: if verdict.open { "open" } else { "closed" },
        met: verdict.criteria.iter().filter(|criterion| criterion.state == State::Met).count(),
        asked: verdict.criteria.len(),
        weeks: weeks(view),
        criteria: criteria.iter().map(line).collect(),
        approvals: approvals.iter().map(line).collect(),
        checklist: checklist(view),
        risks: risks(view),
        next: next(view),
        causes: causes(view),
        hours: hours(view),
        days: days(view),
        tests: tests(entries),
        comparisons: comparisons(view),
    }
}

type Entry = (DateTime<Utc>, String, Event);

/// The stage as of an instant.
fn stage_at(entries: &[Entry], instant: DateTime<Utc>) -> Stage {
    let moved =
        entries.iter().rev().filter(|(at, _, _)| *at <= instant).find_map(|(_, _, event)| match event {
            Event::Moved { to, .. } => Some(*to),
            _ => None,
        });
    moved.unwrap_or(Stage::Staging)
}

/// The weeks in which anything happened, by ISO 8601.
fn weeks(view: &RolloutView) -> Vec<Week> {
    let monday = |at: &DateTime<Utc>| {
        let day = at.date_naive();
        day - TimeDelta::days(i64::from(day.weekday().num_days_from_monday()))
    };
    let mut weeks: BTreeMap<NaiveDate, Week> = BTreeMap::new();
    for (at, _, event) in &view.entries {
        let from = monday(at);
        let week = from.iso_week();
        let entry = weeks.entry(from).or_insert_with(|| Week {
            week: format!("{}-W{:02}", week.year(), week.week()),
            from,
            stage: "",
            events: 0,
            clean: 0,
            dirty: 0,
            triggers: 0,
        });
        entry.events += 1;
        match event {
            Event::Recorded { digest, .. } => {
                let found = view.evidence.iter().find(|(of, _)| of == digest);
                if let Some(Evidence::Comparison(record)) = found.map(|(_, piece)| &piece.evidence) {
                    let count = if record.clean { &mut entry.clean } else { &mut entry.dirty };
                    *count += 1;
                }
            }
            Event::Triggered { .. } => entry.triggers += 1,
            _ => {}
        }
        entry.stage = stage_at(&view.entries, *at).as_str();
    }
    weeks.into_values().collect()
}

/// What is missing at this stage, and the sentence that `status` has.
fn next(view: &RolloutView) -> Vec<String> {
    let missing = match (stage_at(&view.entries, view.now), &view.unwatched) {
        (Stage::Complete, _) => Vec::new(),
        (_, Some(unwatched)) => unwatched.clone(),
        (_, None) => view.verdict.missing(),
    };
    missing.into_iter().chain([view.next.clone()]).collect()
}

fn checklist(view: &RolloutView) -> Vec<Item> {
    let done = |list: &str, item: &str| {
        view.evidence.iter().rev().find_map(|(_, piece)| match &piece.evidence {
            Evidence::Checklist(record)
                if piece.candidate == view.identity && record.list == list && record.item == item =>
            {
                Some(format!("{} by `{}`: {}", piece.at.date_naive(), piece.actor, record.note))
            }
            _ => None,
        })
    };
    let items = view.checklists.iter().flat_map(|(list, items)| items.iter().map(move |item| (list, item)));
    items
        .map(|(list, item)| Item { list: list.clone(), item: item.clone(), done: done(list, item) })
        .collect()
}

fn tests(entries: &[Entry]) -> Vec<Test> {
    let steps = entries.iter().filter_map(|(at, _, event)| match event {
        Event::Step { step, outcome, message, .. } => {
            let outcome = match outcome {
                Outcome::Passed => "passed",
                Outcome::Failed => "failed",
                Outcome::Skipped => "skipped",
            };
            Some(Test { at: at.date_naive(), step: step.clone(), outcome, message: message.clone() })
        }
        _ => None,
    });
    steps.collect()
}

fn comparisons(view: &RolloutView) -> Vec<Compared> {
    let of = view.evidence.iter().filter(|(_, piece)| piece.candidate == view.identity);
    let records = of.filter_map(|(digest, piece)| match &piece.evidence {
        Evidence::Comparison(record) => Some((digest, record)),
        _ => None,
    });
    let compared = records.map(|(digest, record)| Compared {
        occasion: occasion(record.occasion),
        as_of: record.as_of,
        keys: record.compared,
        expected: record.expected,
        informative: record.informative,
        clean: record.clean,
        largest: record.largest_relative.clone(),
        digest: digest.clone(),
    });
    compared.collect()
}

pub(super) const fn occasion(occasion: Occasion) -> &'static str {
    match occasion {
        Occasion::Replay => "replay",
        Occasion::Live => "live",
        Occasion::Reverse => "reverse",
    }
}
