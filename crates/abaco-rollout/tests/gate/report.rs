use std::collections::BTreeMap;

use abaco_rollout::evidence::{
    CauseRecord, CausesRecord, ChecklistRecord, ComparisonRecord, Evidence, Occasion, Provenance,
};
use abaco_rollout::gate::{Criterion, State, Verdict};
use abaco_rollout::journal::{Event, Outcome};
use abaco_rollout::monitor::Checkpoints;
use abaco_rollout::report::{Expiring, RolloutView, html, markdown};
use abaco_rollout::stage::Stage;
use chrono::{DateTime, Utc};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn piece(digest: &str, when: &str, evidence: Evidence) -> (String, Provenance) {
    let (actor, candidate) = ("ana".to_owned(), "sha256:c".to_owned());
    (digest.to_owned(), Provenance { at: at(when), actor, candidate, evidence })
}

fn compared(mismatches: u64, date: &str) -> Evidence {
    let outcomes = [("match", 10 - mismatches), ("mismatch", mismatches)];
    Evidence::Comparison(ComparisonRecord {
        occasion: Occasion::Live,
        as_of: Some(date.parse().unwrap()),
        baseline: "sha256:b".to_owned(),
        rules: "rules".to_owned(),
        until: None,
        outcomes: outcomes.into_iter().map(|(name, count)| (name.to_owned(), count)).collect(),
        compared: 10,
        expected: 10,
        informative: 7,
        clean: mismatches == 0,
        largest_relative: Some("0.02".to_owned()),
        document: "d".to_owned(),
    })
}

fn criterion(name: &str, target: &str, achieved: &str, missing: Option<&str>) -> Criterion {
    Criterion {
        name: name.to_owned(),
        target: target.to_owned(),
        achieved: achieved.to_owned(),
        state: if missing.is_some() { State::Unmet } else { State::Met },
        missing: missing.map(str::to_owned),
        evidence: Vec::new(),
    }
}

fn view() -> RolloutView {
    let step = Event::Step {
        step: "tests".to_owned(),
        outcome: Outcome::Passed,
        message: "3 | 0 <b>".to_owned(),
        milliseconds: 1,
        details: serde_json::Value::Null,
    };
    let moved =
        Event::Moved { from: Stage::Staging, to: Stage::Shadow, reason: String::new(), evidence: Vec::new() };
    let recorded =
        |digest: &str| Event::Recorded { kind: "comparison".to_owned(), digest: digest.to_owned() };
    let entries = [
        ("2026-03-02T08:00:00Z", step),
        ("2026-03-02T09:00:00Z", moved),
        ("2026-03-03T09:00:00Z", recorded("e1")),
        ("2026-03-09T09:00:00Z", recorded("e2")),
    ];
    let (list, item) = ("training".to_owned(), "course".to_owned());
    let done = ChecklistRecord { list, item, note: "held".to_owned() };
    let cause = |kpi: &str, verdict: &str, sentence: &str, informative| CauseRecord {
        kpi: kpi.to_owned(),
        verdict: verdict.to_owned(),
        sentence: sentence.to_owned(),
        informative,
    };
    let findings = vec![
        cause("par_30", "indistinguishable", "perhaps v1 counts from the 31st day", 1),
        cause("par_90", "confirmed", "v1 pools 24 snapshots", 24),
    ];
    let causes = CausesRecord { baseline: "sha256:b".to_owned(), findings, document: "f".to_owned() };
    RolloutView {
        baseline: "v1".to_owned(),
        candidate: "v2".to_owned(),
        identity: "sha256:c".to_owned(),
        entries: entries.into_iter().map(|(when, event)| (at(when), "ana".to_owned(), event)).collect(),
        evidence: vec![
            piece("e1", "2026-03-03T09:00:00Z", compared(1, "2026-03-02")),
            piece("e2", "2026-03-09T09:00:00Z", compared(0, "2026-03-06")),
            piece("e3", "2026-03-05T09:00:00Z", Evidence::Checklist(done)),
            piece("e4", "2026-03-05T10:00:00Z", Evidence::Causes(causes)),
        ],
        verdict: Verdict {
            criteria: vec![
                criterion(
                    "live comparisons",
                    "2 in a row",
                    "1",
                    Some("live comparisons: 1 more in a row must be clean"),
                ),
                criterion("approval business", "1", "business: `bo`, unsigned (demo)", None),
            ],
            evidence: Vec::new(),
            open: false,
        },
        checklists: BTreeMap::from([(
            "training".to_owned(),
            vec!["course".to_owned(), "handbook".to_owned()],
        )]),
        expiring: vec![
            Expiring { what: "known difference `rounding`".to_owned(), expires: at("2026-03-20T00:00:00Z") },
            Expiring { what: "far away".to_owned(), expires: at("2027-03-20T00:00:00Z") },
        ],
        checkpoints: Checkpoints::default(),
        unwatched: None,
        next: "collect evidence".to_owned(),
        now: at("2026-03-10T08:00:00Z"),
    }
}

#[test]
fn the_report_to_the_letter() {
    let expected = "\
# Rollout of `v2` in place of `v1`

- Candidate: sha256:c
- Period: 2026-03-02 to 2026-03-10
- Stage: shadow
- Gate: closed, 1 of 2 criteria met

## Week by week

| Week | From | Stage | Events | Clean comparisons | Others | Triggers |
|---|---|---|---|---|---|---|
| 2026-W10 | 2026-03-02 | shadow | 3 | 0 | 1 | 0 |
| 2026-W11 | 2026-03-09 | shadow | 1 | 1 | 0 | 0 |

## Criteria

| Criterion | Target | Achieved | State |
|---|---|---|---|
| live comparisons | 2 in a row | 1 | unmet |

## Approvals

| Approval | Given | State |
|---|---|---|
| approval business | business: `bo`, unsigned (demo) | met |

## Checklist

- [x] training: course (2026-03-05 by `ana`: held)
- [ ] training: handbook

## Risks

- live at 2026-03-02: 1 mismatch (evidence e1)
- known difference `rounding` expires on 2026-03-20
- `par_30` rests on one key only: perhaps v1 counts from the 31st day

## Next steps

- live comparisons: 1 more in a row must be clean
- collect evidence

## Causes

- `par_30`, indistinguishable: perhaps v1 counts from the 31st day
- `par_90`, confirmed: v1 pools 24 snapshots

## After the cutover

The candidate is not official.

No day is recorded.

## Tests

| Day | Step | Outcome | Found |
|---|---|---|---|
| 2026-03-02 | tests | passed | 3 \\| 0 &lt;b> |

## Validation

| Comparison | Snapshot | Keys | Informative | Clean | Largest difference | Evidence |
|---|---|---|---|---|---|---|
| live | 2026-03-02 | 10 of 10 | 7 | no | 0.02 | e1 |
| live | 2026-03-06 | 10 of 10 | 7 | yes | 0.02 | e2 |
";
    assert_eq!(markdown(&view()).unwrap().trim_end(), expected.trim_end());
}

#[test]
fn the_page_escapes_what_it_shows() {
    let mut view = view();
    view.candidate = "<script>alert(1)</script>".to_owned();
    let page = html(&view).unwrap();
    assert!(!page.contains("<script>"), "{page}");
    assert!(page.contains("<code>&lt;script&gt;alert(1)&lt;&#x2f;script&gt;</code>"), "{page}");
    assert!(
        page.contains("<td>2026-03-02</td><td>tests</td><td>passed</td><td>3 | 0 &lt;b&gt;</td>"),
        "{page}"
    );
    assert!(page.contains("<td>business: `bo`, unsigned (demo)</td>"), "{page}");
    assert!(page.contains("<td>training</td><td>handbook</td><td>open</td>"), "{page}");
    assert!(page.contains("<li>live comparisons: 1 more in a row must be clean</li>"), "{page}");
}

#[test]
fn nothing_recorded_is_a_report_that_says_so() {
    let view = RolloutView {
        entries: Vec::new(),
        evidence: Vec::new(),
        checklists: BTreeMap::new(),
        expiring: Vec::new(),
        ..view()
    };
    let report = markdown(&view).unwrap();
    assert!(report.contains("- Period: not begun to 2026-03-10\n- Stage: staging\n"), "{report}");
    assert!(report.contains("## Risks\n\nNone is recorded.\n"), "{report}");
    assert!(report.contains("## Checklist\n\n`rollout.yml` has no checklist.\n"), "{report}");
    assert!(html(&view).unwrap().contains("<p>None is recorded.</p>"));
}
