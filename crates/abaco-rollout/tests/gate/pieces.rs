//! Evidence for the gate to weigh, each piece at its limit or just beyond it.

use abaco_rollout::evidence::{
    ChecklistRecord, ComparisonRecord, ConcurrencyRecord, Evidence, Occasion, PerformanceRecord, Provenance,
    RehearsalRecord, SoakRecord, TieOutRecord,
};
use chrono::{DateTime, Duration, NaiveDate, Utc};

pub(crate) type Pieces = Vec<(String, Provenance)>;

pub(crate) fn now() -> DateTime<Utc> {
    "2026-03-03T08:00:00Z".parse().unwrap()
}

pub(crate) fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn comparison(occasion: Occasion, as_of: &str, mismatches: u64, informative: u64) -> Evidence {
    let outcomes = [("match", 10 - mismatches), ("mismatch", mismatches)];
    Evidence::Comparison(ComparisonRecord {
        occasion,
        as_of: Some(date(as_of)),
        baseline: "sha256:b".to_owned(),
        rules: "rules".to_owned(),
        until: None,
        outcomes: outcomes.into_iter().map(|(name, count)| (name.to_owned(), count)).collect(),
        compared: 10,
        expected: 10,
        informative,
        clean: mismatches == 0,
        largest_relative: Some("0".to_owned()),
        document: "d".to_owned(),
    })
}

pub(crate) fn tie(ties: bool) -> Evidence {
    Evidence::TieOut(TieOutRecord {
        as_of: Some(date("2026-02-27")),
        figure: "outstanding_balance".to_owned(),
        source: "general ledger".to_owned(),
        found: "1000.00".to_owned(),
        expected: if ties { "1000.00" } else { "1000.01" }.to_owned(),
        tolerance: "0".to_owned(),
        ties,
    })
}

pub(crate) fn speed(rows: u64, milliseconds: u64) -> Evidence {
    Evidence::Performance(PerformanceRecord { rows, milliseconds })
}

pub(crate) fn at_once(runs: u64, failed: u64, damaged: u64) -> Evidence {
    Evidence::Concurrency(ConcurrencyRecord { runs, failed, damaged })
}

pub(crate) fn soaked(runs: u64, failed: u64, early: Option<u64>, late: Option<u64>) -> Evidence {
    Evidence::Soak(SoakRecord { runs, failed, memory_early_kib: early, memory_late_kib: late })
}

pub(crate) fn rehearsed(rollback_milliseconds: u64, proven: bool, forward: bool) -> Evidence {
    Evidence::Rehearsal(RehearsalRecord {
        baseline: "sha256:b".to_owned(),
        rollback_milliseconds,
        proven,
        forward,
    })
}

pub(crate) fn done(item: &str) -> Evidence {
    let (list, note) = ("training".to_owned(), "held".to_owned());
    Evidence::Checklist(ChecklistRecord { list, item: item.to_owned(), note })
}

/// Evidence of one day after another, the last of them one day before now.
pub(crate) fn filed(evidence: impl IntoIterator<Item = Evidence>) -> Pieces {
    let evidence: Vec<_> = evidence.into_iter().collect();
    let first = now() - Duration::days(evidence.len() as i64);
    let piece = |(day, evidence): (usize, Evidence)| {
        let at = first + Duration::days(day as i64);
        let provenance =
            Provenance { at, actor: "op".to_owned(), candidate: "sha256:c".to_owned(), evidence };
        (format!("e{day:03}"), provenance)
    };
    evidence.into_iter().enumerate().map(piece).collect()
}

pub(crate) fn replays() -> Vec<Evidence> {
    let dates = (1..=12).map(|month| format!("2025-{month:02}-28"));
    let mut replays: Vec<_> = dates.map(|date| comparison(Occasion::Replay, &date, 0, 5)).collect();
    replays[11] = comparison(Occasion::Replay, "2025-12-31", 0, 5);
    replays
}

pub(crate) fn lives() -> Vec<Evidence> {
    ["2026-02-25", "2026-02-26", "2026-02-27"].map(|date| comparison(Occasion::Live, date, 0, 5)).to_vec()
}

/// All that the policy asks for, each at its limit.
pub(crate) fn enough() -> Vec<Evidence> {
    let mut all = replays();
    all.extend([tie(true), speed(100_000, 9_999), at_once(8, 0, 0), soaked(100, 0, Some(1000), Some(1100))]);
    all.extend([rehearsed(300_000, true, true), done("handbook"), done("course")]);
    all.extend(lives());
    all
}
