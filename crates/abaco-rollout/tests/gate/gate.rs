//! The gate: each criterion on both sides of its limit, and what closes it whatever else is met.

use std::collections::BTreeMap;

use abaco_rollout::approval::{ApprovalSettings, Role, Signed, sign};
use abaco_rollout::evidence::{
    ChecklistRecord, ComparisonRecord, Evidence, Occasion, Provenance, TieOutRecord,
};
use abaco_rollout::gate::{Case, ChecklistSettings, Criterion, GateSettings, Policy, State, Verdict};
use abaco_rollout::gate::{weigh, weighed};
use chrono::Duration;
use rstest::rstest;

use crate::approval::{approval, settings, signer};
use crate::pieces::{
    Pieces, at_once, comparison, date, done, enough, filed, lives, now, rehearsed, replays, soaked, speed,
    tie,
};

pub(crate) fn gate() -> GateSettings {
    let mut gate =
        GateSettings { checklists: vec!["training".to_owned()], informative: 3, ..GateSettings::default() };
    gate.live.consecutive = 3;
    gate
}

fn checklists() -> ChecklistSettings {
    BTreeMap::from([("training".to_owned(), vec!["handbook".to_owned(), "course".to_owned()])])
}

fn approved(pieces: &Pieces) -> Vec<Signed> {
    let evidence = weighed("sha256:c", &gate(), pieces);
    let of = |(role, key): (&Role, u8)| {
        let approval = approval(&format!("p{key}"), *role, &evidence);
        sign(approval, &signer(key)).unwrap()
    };
    Role::ALL.iter().zip(1..).map(of).collect()
}

pub(crate) fn weighing(
    pieces: &Pieces,
    lost: &[(String, String)],
    approvals: &[Signed],
    gate: &GateSettings,
) -> Verdict {
    let (people, lists) = (settings(), checklists());
    let policy = Policy { gate, approvals: &people, checklists: &lists };
    let case = Case {
        candidate: "sha256:c",
        baseline: Ok("sha256:b"),
        rules: "rules",
        configuration: "conf",
        evidence: pieces,
        lost,
        approvals,
        operators: &[],
        now: now(),
        demo: true,
    };
    weigh(policy, case)
}

fn criterion(name: &str, evidence: Vec<Evidence>) -> Criterion {
    let pieces = filed(evidence);
    let verdict = weighing(&pieces, &[], &approved(&pieces), &gate());
    verdict.criteria.into_iter().find(|criterion| criterion.name == name).unwrap()
}

#[test]
fn the_gate_opens_when_each_criterion_is_met_at_its_limit() {
    let pieces = filed(enough());
    let verdict = weighing(&pieces, &[], &approved(&pieces), &gate());
    assert_eq!(verdict.missing(), Vec::<String>::new());
    assert!(verdict.open);
    let names: Vec<&str> = verdict.criteria.iter().map(|criterion| criterion.name.as_str()).collect();
    let expected = [
        "evidence",
        "replay",
        "quarter end in the replay",
        "live comparisons",
        "month end among the live comparisons",
        "tie-outs",
        "performance",
        "concurrency",
        "soak",
        "rehearsal",
        "checklist training",
        "approval engineering",
        "approval operations",
        "approval business",
        "approval security",
        "approval data_governance",
    ];
    assert_eq!(names, expected);
}

#[rstest]
#[case::eleven("replay", replays()[1..].to_vec(), State::Unmet, "11 (0 not clean, 0 prove nothing)")]
#[case::twelve("replay", replays(), State::Met, "12 (0 not clean, 0 prove nothing)")]
#[case::a_date_counts_once("replay", [&replays()[1..], &replays()[5..6]].concat(), State::Unmet, "11 (0 not clean, 0 prove nothing)")]
#[case::the_latest_counts("replay", [replays(), vec![comparison(Occasion::Replay, "2025-12-31", 1, 5)]].concat(), State::Unmet, "11 (1 not clean, 0 prove nothing)")]
#[case::the_latest_counts_again("replay", [vec![comparison(Occasion::Replay, "2025-12-31", 1, 5)], replays()].concat(), State::Met, "12 (0 not clean, 0 prove nothing)")]
#[case::few_keys("replay", vec![comparison(Occasion::Replay, "2025-12-31", 0, 2)], State::Inconclusive, "0 (0 not clean, 1 prove nothing)")]
#[case::none("replay", vec![], State::Inconclusive, "0 (0 not clean, 0 prove nothing)")]
#[case::no_quarter("quarter end in the replay", replays()[..11].to_vec(), State::Inconclusive, "0")]
#[case::quarter("quarter end in the replay", replays(), State::Met, "1 (the last 2025-12-31)")]
#[case::month_is_no_quarter("quarter end in the replay", vec![comparison(Occasion::Replay, "2025-10-31", 0, 5)], State::Inconclusive, "0")]
#[case::two("live comparisons", lives()[1..].to_vec(), State::Unmet, "2 (0 prove nothing)")]
#[case::three("live comparisons", lives(), State::Met, "3 (0 prove nothing)")]
#[case::dirty_resets("live comparisons", [&lives()[..], &[comparison(Occasion::Live, "2026-03-02", 1, 5)]].concat(), State::Unmet, "0 (0 prove nothing)")]
#[case::dirty_then_two("live comparisons", [&[comparison(Occasion::Live, "2026-02-25", 1, 5)], &lives()[1..]].concat(), State::Unmet, "2 (0 prove nothing)")]
#[case::dirty_then_three("live comparisons", [&[comparison(Occasion::Live, "2026-02-24", 1, 5)], &lives()[..]].concat(), State::Met, "3 (0 prove nothing)")]
#[case::a_day_counts_once("live comparisons", [&lives()[1..], &lives()[1..]].concat(), State::Unmet, "2 (0 prove nothing)")]
#[case::informative_at_limit("live comparisons", vec![comparison(Occasion::Live, "2026-02-27", 0, 3)], State::Unmet, "1 (0 prove nothing)")]
#[case::informative_below("live comparisons", vec![comparison(Occasion::Live, "2026-02-27", 0, 2)], State::Inconclusive, "0 (1 prove nothing)")]
#[case::reverse_is_not_live("live comparisons", vec![comparison(Occasion::Reverse, "2026-02-27", 0, 5)], State::Inconclusive, "0 (0 prove nothing)")]
#[case::no_month_end("month end among the live comparisons", lives()[..2].to_vec(), State::Inconclusive, "0")]
#[case::month_end("month end among the live comparisons", lives(), State::Met, "1 (the last 2026-02-27)")]
#[case::month_end_before_the_reset("month end among the live comparisons", [&lives()[..], &[comparison(Occasion::Live, "2026-03-02", 1, 5)]].concat(), State::Inconclusive, "0")]
#[case::ties("tie-outs", vec![tie(true)], State::Met, "1 of 1")]
#[case::does_not_tie("tie-outs", vec![tie(true), tie(false)], State::Unmet, "0 of 1")]
#[case::ties_now("tie-outs", vec![tie(false), tie(true)], State::Met, "1 of 1")]
#[case::no_tie("tie-outs", vec![], State::Inconclusive, "0 of 0")]
#[case::fast("performance", vec![speed(100_000, 9_999)], State::Met, "100000 rows in 9999 ms")]
#[case::slow("performance", vec![speed(100_000, 10_000)], State::Unmet, "100000 rows in 10000 ms")]
#[case::short("performance", vec![speed(99_999, 1)], State::Inconclusive, "nothing")]
#[case::slow_last("performance", vec![speed(100_000, 1), speed(100_000, 10_000)], State::Unmet, "100000 rows in 10000 ms")]
#[case::whole("concurrency", vec![at_once(8, 0, 0)], State::Met, "8 runs, 0 failed, 0 damaged")]
#[case::few("concurrency", vec![at_once(7, 0, 0)], State::Inconclusive, "nothing")]
#[case::failed("concurrency", vec![at_once(8, 1, 0)], State::Unmet, "8 runs, 1 failed, 0 damaged")]
#[case::damaged("concurrency", vec![at_once(8, 0, 1)], State::Unmet, "8 runs, 0 failed, 1 damaged")]
#[case::level("soak", vec![soaked(100, 0, Some(1000), Some(1100))], State::Met, "100 runs, from 1000 KiB to 1100 KiB")]
#[case::grows("soak", vec![soaked(100, 0, Some(1000), Some(1101))], State::Unmet, "100 runs, from 1000 KiB to 1101 KiB")]
#[case::soak_short("soak", vec![soaked(99, 0, Some(1000), Some(1000))], State::Inconclusive, "nothing")]
#[case::soak_failed("soak", vec![soaked(100, 1, Some(1000), Some(1000))], State::Unmet, "100 runs, 1 failed")]
#[case::not_measured("soak", vec![soaked(100, 0, None, Some(1000))], State::Inconclusive, "100 runs, memory not measured")]
#[case::rehearsed("rehearsal", vec![rehearsed(300_000, true, true)], State::Met, "2026-03-02: rolled back in 300000 ms")]
#[case::rehearsed_slowly("rehearsal", vec![rehearsed(300_001, true, true)], State::Unmet, "2026-03-02: rolled back in 300001 ms")]
#[case::not_proven("rehearsal", vec![rehearsed(1, false, true)], State::Unmet, "2026-03-02: not proven")]
#[case::failed_last("rehearsal", vec![rehearsed(1, true, true), rehearsed(0, false, false)], State::Unmet, "2026-03-02: not proven")]
#[case::not_forward("rehearsal", vec![rehearsed(1, true, false)], State::Unmet, "2026-03-02: rolled back in 1 ms")]
#[case::not_rehearsed("rehearsal", vec![], State::Inconclusive, "nothing")]
#[case::checked("checklist training", vec![done("handbook"), done("course")], State::Met, "2")]
#[case::half_checked("checklist training", vec![done("handbook"), done("another")], State::Unmet, "1")]
fn a_criterion_on_both_sides_of_its_limit(
    #[case] name: &str,
    #[case] evidence: Vec<Evidence>,
    #[case] state: State,
    #[case] achieved: &str,
) {
    let criterion = criterion(name, evidence);
    assert_eq!((criterion.state, criterion.achieved.as_str()), (state, achieved), "{criterion:?}");
    assert_eq!(criterion.missing.is_none(), state == State::Met, "{criterion:?}");
}

#[rstest]
#[case("30", State::Met)]
#[case("31", State::Unmet)]
#[case("-1", State::Unmet)]
fn a_rehearsal_gets_old(#[case] days: i64, #[case] state: State) {
    let mut pieces = filed([rehearsed(1, true, true)]);
    pieces[0].1.at = now() - Duration::days(days);
    let verdict = weighing(&pieces, &[], &[], &gate());
    let found = verdict.criteria.iter().find(|criterion| criterion.name == "rehearsal").unwrap();
    assert_eq!(found.state, state);
}

#[rstest]
#[case(9, "0.9", State::Met)]
#[case(9, "0.91", State::Inconclusive)]
fn too_few_keys_prove_nothing(#[case] compared: u64, #[case] coverage: &str, #[case] state: State) {
    let mut live = lives();
    for evidence in &mut live {
        let Evidence::Comparison(record) = evidence else { unreachable!() };
        record.compared = compared;
        record.outcomes = BTreeMap::from([("match".to_owned(), compared)]);
    }
    let gate = GateSettings { coverage: coverage.parse().unwrap(), ..gate() };
    let verdict = weighing(&filed(live), &[], &[], &gate);
    assert_eq!((verdict.criteria[3].name.as_str(), verdict.criteria[3].state), ("live comparisons", state));
}

#[rstest]
#[case(0, State::Met, "12 (0 not clean, 1 prove nothing)")]
#[case(1, State::Unmet, "12 (1 not clean, 0 prove nothing)")]
fn a_replay_without_a_date_can_only_speak_against(
    #[case] mismatches: u64,
    #[case] state: State,
    #[case] achieved: &str,
) {
    let mut undated = comparison(Occasion::Replay, "2025-12-31", mismatches, 5);
    let Evidence::Comparison(record) = &mut undated else { unreachable!() };
    record.as_of = None;
    let criterion = criterion("replay", [replays(), vec![undated]].concat());
    assert_eq!((criterion.state, criterion.achieved.as_str()), (state, achieved), "{criterion:?}");
}

#[test]
fn evidence_about_another_candidate_counts_for_nothing() {
    let mut pieces = filed(enough());
    let approvals = approved(&pieces);
    for (_, piece) in &mut pieces {
        piece.candidate = "sha256:another".to_owned();
    }
    let verdict = weighing(&pieces, &[], &approvals, &gate());
    assert!(!verdict.open);
    let met: Vec<_> = verdict.criteria.iter().filter(|c| c.state == State::Met).map(|c| &c.name).collect();
    assert_eq!(met, ["evidence"]);
    assert_eq!(verdict.evidence, Vec::<String>::new());
}

#[test]
fn what_is_missing_is_said_in_sentences() {
    let pieces = filed(lives());
    let missing = weighing(&pieces, &[], &approved(&pieces)[..1], &gate()).missing();
    let expected = [
        "replay: 12 more snapshots must be compared",
        "quarter end in the replay: the end of a quarter must be compared",
        "tie-outs: 1 more figures must tie to another source",
        "performance: a tape of 100000 rows must be timed",
        "concurrency: 8 runs must be begun at once",
        "soak: 100 runs must be made in a row",
        "rehearsal: a cutover and its rollback must be rehearsed",
        "checklist `training`: 2 items are open, the first `handbook`",
        "approval operations: somebody must approve",
        "approval business: somebody must approve",
        "approval security: somebody must approve",
        "approval data_governance: somebody must approve",
    ];
    assert_eq!(missing, expected);
}

#[test]
fn a_policy_without_roles_or_items_keeps_the_gate_closed() {
    let pieces = filed(enough());
    let (gate, lists) = (gate(), ChecklistSettings::new());
    let people = ApprovalSettings { required: Vec::new(), ..settings() };
    let policy = Policy { gate: &gate, approvals: &people, checklists: &lists };
    let approvals = approved(&pieces);
    let case = Case {
        candidate: "sha256:c",
        baseline: Ok("sha256:b"),
        rules: "rules",
        configuration: "conf",
        evidence: &pieces,
        lost: &[],
        approvals: &approvals,
        operators: &[],
        now: now(),
        demo: false,
    };
    let expected = [
        "checklist `training`: `checklists` in rollout.yml names no item of it",
        "approvals: `required` in rollout.yml names no role",
    ];
    assert_eq!(weigh(policy, case).missing(), expected);
}

/// The old system is taken down after the cutover; nobody need approve anew for that.
#[test]
fn a_list_that_the_gate_does_not_name_makes_no_approval_void() {
    let mut pieces = filed(enough());
    let approvals = approved(&pieces);
    let of_list = |list: &str| {
        let (item, note) = ("archived".to_owned(), "done".to_owned());
        Evidence::Checklist(ChecklistRecord { list: list.to_owned(), item, note })
    };
    let file = |evidence: Evidence| Provenance { evidence, ..filed(enough())[0].1.clone() };
    pieces.push(("f0".to_owned(), file(of_list("decommission"))));
    assert!(weighing(&pieces, &[], &approvals, &gate()).open);
    pieces.push(("f1".to_owned(), file(of_list("training"))));
    let verdict = weighing(&pieces, &[], &approvals, &gate());
    assert!(
        !verdict.open && verdict.missing()[0].contains("the evidence changed: 1 added"),
        "{:?}",
        verdict.missing()
    );
}

/// What the comparisons come to where each was changed.
fn counted(change: impl Fn(&mut ComparisonRecord)) -> [Criterion; 2] {
    let changed = enough().into_iter().map(|mut evidence| {
        if let Evidence::Comparison(record) = &mut evidence {
            change(record);
        }
        evidence
    });
    let pieces = filed(changed);
    let verdict = weighing(&pieces, &[], &approved(&pieces), &gate());
    ["replay", "live comparisons"]
        .map(|name| verdict.criteria.iter().find(|criterion| criterion.name == name).unwrap().clone())
}

#[test]
fn what_was_compared_with_something_else_counts_for_nothing() {
    for criterion in counted(|_| {}) {
        assert_eq!(criterion.state, State::Met, "{criterion:?}");
    }
    let by_others: [fn(&mut ComparisonRecord); 2] =
        [|record| record.baseline = "sha256:other".to_owned(), |record| record.rules = "others".to_owned()];
    for change in by_others {
        let [replay, live] = counted(change);
        assert_eq!(
            (replay.state, replay.achieved.as_str()),
            (State::Inconclusive, "0 (0 not clean, 0 prove nothing)")
        );
        assert_eq!((live.state, live.achieved.as_str()), (State::Inconclusive, "0 (0 prove nothing)"));
    }
}

#[rstest]
#[case("2026-03-03", State::Met)] // today
#[case("2026-03-02", State::Inconclusive)]
fn a_comparison_counts_no_longer_than_the_known_differences_it_rests_on(
    #[case] until: &str,
    #[case] state: State,
) {
    for criterion in counted(|record| record.until = Some(date(until))) {
        assert_eq!(criterion.state, state, "{criterion:?}");
    }
}

#[test]
fn a_baseline_that_cannot_be_identified_closes_the_gate() {
    let pieces = filed(enough());
    let (people, lists, gate) = (settings(), checklists(), gate());
    let policy = Policy { gate: &gate, approvals: &people, checklists: &lists };
    let approvals = approved(&pieces);
    let case = Case {
        candidate: "sha256:c",
        baseline: Err("v1.yml: no such file"),
        rules: "rules",
        configuration: "conf",
        evidence: &pieces,
        lost: &[],
        approvals: &approvals,
        operators: &[],
        now: now(),
        demo: false,
    };
    let verdict = weigh(policy, case);
    assert!(!verdict.open);
    assert_eq!(verdict.missing()[0], "baseline: v1.yml: no such file");
}

/// Whoever compares the extracts of a month on one afternoon has looked at the past, not at the days as they came.
#[test]
fn many_snapshots_of_one_day_are_one_live_comparison() {
    let mut pieces = filed(enough());
    let at = pieces.last().unwrap().1.at;
    pieces.iter_mut().for_each(|(_, piece)| piece.at = at);
    let live = |gate: &GateSettings| {
        let verdict = weighing(&pieces, &[], &approved(&pieces), gate);
        verdict.criteria.into_iter().find(|criterion| criterion.name == "live comparisons").unwrap()
    };
    let found = live(&gate());
    assert_eq!(
        (found.state, found.missing.as_deref()),
        (State::Unmet, Some("live comparisons: 2 more in a row must be clean, each on another day"))
    );
    let mut lenient = gate();
    lenient.live.one_a_day = false;
    assert_eq!(live(&lenient).state, State::Met);
}

#[rstest]
#[case("performance", vec![speed(100_000, 1), speed(50_000, 10_000)], "50000 rows in 10000 ms")]
#[case("concurrency", vec![at_once(8, 0, 0), at_once(2, 0, 1)], "2 runs, 0 failed, 1 damaged")]
#[case("soak", vec![soaked(100, 0, Some(1), Some(1)), soaked(3, 1, None, None)], "3 runs, 1 failed")]
fn what_failed_counts_however_small_it_was(
    #[case] name: &str,
    #[case] evidence: Vec<Evidence>,
    #[case] achieved: &str,
) {
    let found = criterion(name, evidence);
    assert_eq!((found.state, found.achieved.as_str()), (State::Unmet, achieved));
}

#[test]
fn the_gate_says_why_a_comparison_proves_nothing() {
    let said =
        |change: fn(&mut ComparisonRecord)| counted(change).map(|criterion| criterion.missing.unwrap());
    let because = |why: &str| {
        [
            format!("replay: 12 more snapshots must be compared (the last that proves nothing {why})"),
            format!(
                "live comparisons: 3 more in a row must be clean, each on another day (the last that proves nothing {why})"
            ),
        ]
    };
    let informative =
        "has 2 informative keys of 3: a zero is none, nor is what a side has that does not say what it read";
    assert_eq!(said(|record| record.informative = 2), because(informative));
    assert_eq!(said(|record| record.expected = 11), because("compared 10 of 11 keys"));
    assert_eq!(said(|record| record.compared = 11), because("has counts that contradict each other"));
    assert_eq!(
        said(|record| record.until = Some(date("2026-03-02"))),
        because("rests on a known difference that ended on 2026-03-02")
    );
}

/// Whoever accepts anything ties to anything, and nothing ties to nothing.
#[rstest]
#[case("1000.00", "1000.00", "1", State::Met, None)]
#[case(
    "1000.00",
    "1000.00",
    "1.01",
    State::Inconclusive,
    Some("`balance` accepts 1.01, more than 0.001 of 1000.00")
)]
#[case("0", "0.00", "0", State::Inconclusive, Some("`balance` is 0, which proves nothing"))]
fn a_tie_that_proves_nothing(
    #[case] found: &str,
    #[case] expected: &str,
    #[case] tolerance: &str,
    #[case] state: State,
    #[case] why: Option<&str>,
) {
    let tied = Evidence::TieOut(TieOutRecord {
        as_of: None,
        figure: "balance".to_owned(),
        source: "general ledger".to_owned(),
        found: found.to_owned(),
        expected: expected.to_owned(),
        tolerance: tolerance.to_owned(),
        ties: true,
    });
    let criterion = criterion("tie-outs", vec![tied]);
    assert_eq!(criterion.state, state);
    let missing = why.map(|why| format!("tie-outs: 1 more figures must tie to another source ({why})"));
    assert_eq!(criterion.missing, missing);
}

fn live_of(pieces: &Pieces) -> (State, String, Option<String>) {
    let verdict = weighing(pieces, &[], &[], &gate());
    let live = verdict.criteria.into_iter().find(|criterion| criterion.name == "live comparisons").unwrap();
    (live.state, live.achieved, live.missing)
}

/// What comes last in the journal was found last, whatever the clock said then.
#[test]
fn a_clock_that_goes_back_does_not_hide_what_was_found_last() {
    let mut pieces = filed([lives(), vec![comparison(Occasion::Live, "2026-03-02", 1, 5)]].concat());
    pieces[3].1.at = pieces[0].1.at - Duration::days(1);
    let (state, achieved, _) = live_of(&pieces);
    assert_eq!((state, achieved.as_str()), (State::Unmet, "0 (0 prove nothing)"));
    let mut pieces = filed([replays(), vec![comparison(Occasion::Replay, "2025-12-31", 1, 5)]].concat());
    pieces[12].1.at = pieces[0].1.at - Duration::days(1);
    let verdict = weighing(&pieces, &[], &[], &gate());
    assert_eq!(verdict.criteria[1].achieved, "11 (1 not clean, 0 prove nothing)");
}

/// Days that are still to come have not been compared; what differs on them differs all the same.
#[test]
fn a_comparison_of_the_future_proves_nothing() {
    let mut pieces = filed(lives());
    pieces[2].1.at = now() + Duration::seconds(1);
    let (state, achieved, missing) = live_of(&pieces);
    assert_eq!((state, achieved.as_str()), (State::Unmet, "2 (1 prove nothing)"));
    assert_eq!(
        missing.as_deref(),
        Some(
            "live comparisons: 1 more in a row must be clean, each on another day \
             (the last that proves nothing is dated in the future: 2026-03-03 08:00:01 UTC)"
        )
    );
    let mut dirty = filed([lives(), vec![comparison(Occasion::Live, "2026-03-02", 1, 5)]].concat());
    dirty[3].1.at = now() + Duration::days(1);
    assert_eq!(live_of(&dirty).1, "0 (0 prove nothing)");
    let mut replayed = filed(replays());
    replayed[11].1.at = now() + Duration::days(1);
    let verdict = weighing(&replayed, &[], &[], &gate());
    assert_eq!(verdict.criteria[1].achieved, "11 (0 not clean, 1 prove nothing)");
}

/// An old tape that was compared with others on one day is not a tape of the days on which it is compared again.
#[test]
fn a_snapshot_counts_on_the_day_on_which_it_was_compared_first() {
    let mut pieces = filed([&lives()[..], &lives()[..2]].concat());
    let first = pieces[0].1.at;
    pieces[1].1.at = first;
    pieces[2].1.at = first;
    let (state, achieved, _) = live_of(&pieces);
    assert_eq!((state, achieved.as_str()), (State::Unmet, "1 (0 prove nothing)"));
}
