//! What cannot be explained, what is not compared, and what is too much.

use abaco_rollout::ErrorKind;
use abaco_rollout::causes::{CauseSettings, Findings, Verdict};
use rust_decimal::Decimal;

use crate::common::{Desk, figures, key, shown};
use crate::naive::Naive;
use crate::tape::{self, SNAPSHOTS, date};

fn months() -> Vec<chrono::NaiveDate> {
    (0..SNAPSHOTS).map(date).collect()
}

#[test]
fn values_of_no_convention_are_unexplained() {
    let rows = tape::rich(11);
    let naive = Naive { rows: &rows, kpi: "par_30", switches: &["more_than"] };
    let mut baseline = naive.figures(&months(), &[None, Some("a")], 4);
    let last = baseline.values.values_mut().next_back().unwrap();
    last.value = last.value.clone().map(|value| value + Decimal::new(1, 4));
    let findings = Desk::new(&rows).find(&baseline);
    let finding = &findings.kpis[0];
    assert_eq!(finding.verdict, Verdict::Unexplained, "{}", shown(finding));
    assert!(finding.survivors.is_empty());
    assert_eq!(finding.nearest[0].switches, ["more_than"]);
    assert_eq!((finding.nearest[0].explained, finding.keys), (11, 12));
    assert!(finding.tried > 100, "{}", finding.tried);
    let expected = format!("none of {} hypotheses gives all 12 values of v1", finding.tried);
    assert!(finding.sentence.starts_with(&expected), "{}", finding.sentence);
}

#[test]
fn the_candidates_own_values_need_no_switch() {
    let rows = tape::rich(12);
    let naive = Naive { rows: &rows, kpi: "par_30", switches: &[] };
    let findings = Desk::new(&rows).find(&naive.figures(&months(), &[None], 6));
    assert_eq!(findings.together.verdict, Verdict::NothingToExplain);
    assert!(findings.together.survivors[0].switches.is_empty());
    assert_eq!(findings.together.survivors[0].sentence, "v1 says what v2 says");
}

#[test]
fn keys_that_the_candidate_does_not_have_are_named() {
    let rows = tape::rich(13);
    let naive = Naive { rows: &rows, kpi: "par_30", switches: &["more_than"] };
    let mut baseline = naive.figures(&months(), &[None], 4);
    let one = || Some(Decimal::ONE);
    let mut by_branch = key("par_30", Some(date(0)), None);
    by_branch.segment = [("branch".to_owned(), "x".to_owned())].into();
    let others = [
        (key("par_31", Some(date(0)), None), one()),
        (key("par_30", Some(date(99)), None), one()),
        (by_branch, one()),
    ];
    baseline.values.extend(figures(others, Some(4)).values);
    let findings = Desk::new(&rows).find(&baseline);
    let reasons: Vec<&str> = findings.not_compared.iter().map(|not| not.reason.as_str()).collect();
    let missing = format!("the tape has no snapshot of {}", date(99));
    assert_eq!(reasons, ["the tape has no column `branch`", &missing, "the candidate has no such kpi"]);
    assert_eq!(findings.together.survivors[0].switches, ["more_than"]);
    assert_eq!(findings.together.keys, 6);
}

/// A value without declared places has as many as the longest of its KPI; a zero at the end may have been dropped.
#[test]
fn places_that_are_not_declared_are_those_of_the_longest_value() {
    let rows = tape::rich(14);
    let naive = Naive { rows: &rows, kpi: "par_30", switches: &["nulls_excluded"] };
    let mut baseline = naive.figures(&months(), &[None, Some("a"), Some("b")], 3);
    for figure in baseline.values.values_mut() {
        figure.scale = None;
        figure.value = figure.value.clone().map(|value| value.normalize());
    }
    crate::common::assert_confirmed(&Desk::new(&rows).find(&baseline), &["nulls_excluded"]);
}

/// A date is not asked for where there is none.
#[test]
fn a_value_without_a_date_is_of_the_latest_snapshot() {
    let rows = tape::rich(15);
    let naive = Naive { rows: &rows, kpi: "par_30", switches: &["more_than"] };
    let value = naive.published(date(SNAPSHOTS - 1), None, 6);
    let findings = Desk::new(&rows).find(&figures([(key("par_30", None, None), value)], Some(6)));
    let finding = &findings.kpis[0];
    assert_eq!(finding.verdict, Verdict::Indistinguishable);
    assert_eq!(finding.survivors[0].switches, ["more_than"]);
}

/// The snapshot before the first is on no tape: there the key speaks neither for nor against.
#[test]
fn what_lies_before_the_tape_is_undecided() {
    let rows = tape::rich(16);
    let naive = Naive { rows: &rows, kpi: "par_30", switches: &["opening_denominator"] };
    let mut baseline = naive.figures(&months(), &[None], 4);
    baseline.values.get_mut(&key("par_30", Some(date(0)), None)).unwrap().value =
        Ok(Decimal::new(123_456, 4));
    let findings = Desk::new(&rows).find(&baseline);
    crate::common::assert_confirmed(&findings, &["opening_denominator"]);
    let survivor = &findings.kpis[0].survivors[0];
    assert_eq!((survivor.explained, survivor.undecided, survivor.dates), (5, 1, 5));
    assert!(findings.kpis[0].sentence.ends_with("; at 1 key the tape cannot tell"));
}

#[test]
fn findings_are_the_same_each_time_and_survive_json() {
    let rows = tape::rich(17);
    let naive = Naive { rows: &rows, kpi: "par_30", switches: &["pooled"] };
    let baseline = naive.figures(&months(), &[None, Some("a")], 2);
    let desk = Desk::new(&rows);
    let findings = desk.find(&baseline);
    assert_eq!(findings, desk.find(&baseline));
    assert_eq!(findings.snapshots, 6);
    let text = serde_json::to_string(&findings).unwrap();
    assert_eq!(serde_json::from_str::<Findings>(&text).unwrap(), findings);
}

#[test]
fn too_much_is_refused_before_the_tape_is_folded() {
    let rows = tape::rich(18);
    let naive = Naive { rows: &rows, kpi: "par_30", switches: &[] };
    let baseline = naive.figures(&months(), &[None], 2);
    let desk = Desk::new(&rows);
    for (settings, option) in [
        (CauseSettings { max_values: 100, ..CauseSettings::default() }, "max_values"),
        (CauseSettings { max_formulas: 5, ..CauseSettings::default() }, "max_formulas"),
    ] {
        let error = desk.find_within(&baseline, &settings).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.to_string().starts_with(&format!("option `{option}`: expected at most")), "{error}");
    }
}
