//! Each outcome, at its edges.

use abaco_rollout::comparison::{Inputs, Outcome, compare};
use abaco_rollout::figures::Figures;
use rstest::rstest;

use crate::common::{of, outcomes, rules, side, side_at, today};

use Outcome::{
    BothAbsent, Incomparable, KnownDifference, Match, MatchAtBaselinePrecision, Mismatch, MissingBaseline,
    MissingCandidate, WithinTolerance,
};

/// The default is a tenth of a percent of the baseline; a baseline of 0 allows nothing.
#[rstest]
#[case("100", "100.0", "{}", Match)]
#[case("100", "100.1", "{}", WithinTolerance)]
#[case("100", "99.9", "{}", WithinTolerance)]
#[case("-100", "-100.1", "{}", WithinTolerance)]
#[case("100", "100.1000000000000000000000001", "{}", Mismatch)]
#[case("0", "0.0000001", "{}", Mismatch)]
#[case("0", "0.00", "{}", Match)]
#[case("100", "100.1", "tolerance: exact", Mismatch)]
#[case("100", "100.1", "tolerance: {absolute: '0.1'}", WithinTolerance)]
#[case("0", "0.1", "tolerance: {absolute: '0.1'}", WithinTolerance)]
#[case("100", "100.11", "tolerance: {absolute: '0.1'}", Mismatch)]
#[case("100", "101", "tolerances: {a: {relative: '0.01'}}", WithinTolerance)]
#[case("100", "101", "tolerances: {b: {relative: '0.01'}}", Mismatch)]
fn tolerances(
    #[case] baseline: &str,
    #[case] candidate: &str,
    #[case] rules: &str,
    #[case] expected: Outcome,
) {
    let [baseline, candidate] = [baseline, candidate].map(|value| side(&[&format!("a,{value}")]));
    assert_eq!(outcomes(&baseline, &candidate, rules), [expected]);
}

/// A printed value stands for whatever any rule rounds to it; what is written with more places stands at its own.
#[rstest]
#[case("0.32", 2, "0.319383", MatchAtBaselinePrecision)]
#[case("0.32", 2, "0.315", MatchAtBaselinePrecision)]
#[case("0.32", 2, "0.325", MatchAtBaselinePrecision)]
#[case("0.32", 2, "0.3250001", Mismatch)]
#[case("0.32", 2, "0.32", Match)]
#[case("10.0", 2, "10", Match)]
#[case("10.0", 2, "10.005", MatchAtBaselinePrecision)]
#[case("9.5123", 2, "9.51", WithinTolerance)]
#[case("7", 0, "7.5", MatchAtBaselinePrecision)]
fn printed_places(
    #[case] baseline: &str,
    #[case] scale: u32,
    #[case] candidate: &str,
    #[case] expected: Outcome,
) {
    let baseline = side_at(&[&format!("a,{baseline}")], Some(scale));
    assert_eq!(outcomes(&baseline, &side(&[&format!("a,{candidate}")]), "{}"), [expected]);
}

#[test]
fn a_value_on_one_side_is_missing_on_the_other_and_never_zero() {
    let baseline = side(&["a,0", "b,", "c,nan", "d,1"]);
    let candidate = side(&["a,null", "b,0", "c,", "e,2"]);
    let comparison = compare(&baseline, &candidate, &rules("scope: all"), today());
    assert_eq!(
        of(&comparison),
        [MissingCandidate, MissingBaseline, BothAbsent, MissingCandidate, MissingBaseline]
    );
    let reasons: Vec<&str> = comparison.keys.iter().map(|key| key.reason.as_deref().unwrap()).collect();
    assert_eq!(
        reasons,
        [
            "candidate: null",
            "baseline: empty",
            "baseline: not a number; candidate: empty",
            "candidate: no such key",
            "baseline: no such key",
        ]
    );
    assert_eq!((comparison.passes(), comparison.informative()), (false, 0));
}

/// A candidate may offer more than its baseline, and what is left out is named.
#[test]
fn scopes() {
    let text = "kpi,segment,value\na,,1\na,x=1,1\na,x=2,1\nb,,1\n";
    let read = |text: &str| {
        abaco_rollout::figures::parse(text.as_bytes(), "side".as_ref(), &Default::default()).unwrap()
    };
    let (baseline, candidate) = (read("kpi,segment,value\na,,1\na,x=1,1\n"), read(text));
    let of = |scope: &str| compare(&baseline, &candidate, &rules(scope), today());
    let by_default = of("{}");
    assert_eq!(crate::common::of(&by_default), [Match, Match, MissingBaseline]);
    assert_eq!(by_default.left_out.iter().collect::<Vec<_>>(), ["b"]);
    assert_eq!(of("scope: all").counts()[&MissingBaseline], 2);
    let named = of("scope: {kpis: [b]}");
    assert_eq!(crate::common::of(&named), [MissingBaseline]);
    assert_eq!(named.left_out.iter().collect::<Vec<_>>(), ["a", "a by x"]);
}

fn reads(rows: &[&str], inputs: &[&str]) -> Figures {
    Figures { inputs: Some(inputs.iter().map(|digest| (*digest).to_owned()).collect()), ..side(rows) }
}

#[test]
fn other_inputs_never_pass_however_equal_the_values() {
    let (left, right) = (reads(&["a,1", "b,2"], &["aa"]), reads(&["a,1", "b,2"], &["bb"]));
    let comparison = compare(&left, &right, &rules("{}"), today());
    assert_eq!(of(&comparison), [Incomparable, Incomparable]);
    assert_eq!(
        (comparison.inputs, comparison.passes(), comparison.informative()),
        (Inputs::Different, false, 0)
    );
    let untold = compare(&left, &side(&["a,1", "b,2"]), &rules("{}"), today());
    assert_eq!((untold.inputs, untold.passes()), (Inputs::Unknown, true));
    assert_eq!(compare(&left, &left, &rules("{}"), today()).inputs, Inputs::Same);
}

#[test]
fn nothing_compared_is_no_pass_and_a_zero_proves_nothing() {
    assert!(!compare(&side(&[]), &side(&["a,1"]), &rules("{}"), today()).passes());
    let zero = compare(&side(&["a,0"]), &side(&["a,0"]), &rules("{}"), today());
    assert_eq!((zero.passes(), zero.informative()), (true, 0));
}

const KNOWN: &str =
    "known_differences: [{kpi: a, between: ['0.4', '0.6'], owner: Ana, reason: V1 counts write-offs,
    approved_by: Ben, expires: 2026-01-15}]";

#[rstest]
#[case("1.4", KnownDifference)]
#[case("1.6", KnownDifference)]
#[case("1.3999", Mismatch)]
#[case("0.5", Mismatch)]
fn known_differences(#[case] candidate: &str, #[case] expected: Outcome) {
    let candidate = side(&[&format!("a,{candidate}")]);
    let comparison = compare(&side(&["a,1"]), &candidate, &rules(KNOWN), today());
    assert_eq!((of(&comparison), comparison.passes()), (vec![expected], expected == KnownDifference));
}

/// Without a date or a segment it is about all of them; `{}` is the totals.
#[rstest]
#[case("", &[KnownDifference; 4])]
#[case("as_of: 2025-12-31,", &[Mismatch, Mismatch, KnownDifference, KnownDifference])]
#[case("segment: {},", &[KnownDifference, Mismatch, KnownDifference, Mismatch])]
#[case("segment: {x: '1'}, as_of: 2025-12-31,", &[Mismatch, Mismatch, Mismatch, KnownDifference])]
#[case("segment: {y: '1'},", &[Mismatch; 4])]
fn where_a_known_difference_applies(#[case] place: &str, #[case] expected: &[Outcome]) {
    let read = |value: u8| {
        let rows = ["2025-11-30,", "2025-11-30,x=1", "2025-12-31,", "2025-12-31,x=1"];
        let rows: String = rows.iter().map(|row| format!("a,{row},{value}\n")).collect();
        let text = format!("kpi,as_of,segment,value\n{rows}");
        abaco_rollout::figures::parse(text.as_bytes(), "side".as_ref(), &Default::default()).unwrap()
    };
    let settings = format!(
        "known_differences: [{{kpi: a, {place} between: ['1', '1'], owner: Ana, reason: r, approved_by: Ben,
        expires: 2026-12-31}}]"
    );
    assert_eq!(outcomes(&read(1), &read(2), &settings), expected, "{place}");
}

#[test]
fn a_known_difference_that_expired_is_named_and_does_not_apply() {
    let tomorrow = today().succ_opt().unwrap();
    let comparison = compare(&side(&["a,1"]), &side(&["a,1.5"]), &rules(KNOWN), tomorrow);
    assert_eq!(of(&comparison), [Mismatch]);
    assert_eq!(
        comparison.keys[0].reason.as_deref(),
        Some("a known difference of Ana that expired after 2026-01-15")
    );
    assert_eq!(comparison.expired, ["a, Ana, expired after 2026-01-15"]);
    let before = compare(&side(&["a,1"]), &side(&["a,1.5"]), &rules(KNOWN), today());
    assert_eq!(
        before.keys[0].reason.as_deref(),
        Some("V1 counts write-offs (Ana, approved by Ben, until 2026-01-15)")
    );
    assert!(!before.keys[0].needs_cause && comparison.keys[0].needs_cause);
}

#[test]
fn what_differs_within_tolerance_still_needs_a_cause() {
    let comparison = compare(&side(&["a,100", "b,1"]), &side(&["a,100.01", "b,1"]), &rules("{}"), today());
    let needed: Vec<String> = comparison.unexplained().map(|key| key.key.to_string()).collect();
    assert_eq!((needed, comparison.passes()), (vec!["a".to_owned()], true));
}

/// A 0 for no value is what old systems do most; one key that only one side has is of no convention.
#[test]
fn a_value_on_one_side_alone_needs_a_cause_where_both_have_the_key() {
    let (left, right) = (side(&["a,0", "b,", "c,1", "d,"]), side(&["a,", "b,0", "d,"]));
    let comparison = compare(&left, &right, &rules("{}"), today());
    assert_eq!(of(&comparison), [MissingCandidate, MissingBaseline, MissingCandidate, BothAbsent]);
    let needed: Vec<String> = comparison.unexplained().map(|key| key.key.to_string()).collect();
    assert_eq!(needed, ["a", "b"]);
}

/// What somebody has approved, or printed places hide, is no variance.
#[test]
fn the_largest_difference_is_one_that_nobody_accepted() {
    let largest = |settings: &str, baseline: &Figures, candidate: &Figures| {
        compare(baseline, candidate, &rules(settings), today()).largest_relative()
    };
    let (left, right) = (side(&["a,1", "b,100"]), side(&["a,1.5", "b,100.01"]));
    assert_eq!(largest("{}", &left, &right).map(|found| found.to_string()).as_deref(), Some("1/2"));
    assert_eq!(largest(KNOWN, &left, &right).map(|found| found.to_string()).as_deref(), Some("1/10000"));
    let (zero, fifty) = (side(&["a,0", "b,100"]), side(&["a,50", "b,100.01"]));
    assert_eq!(largest("{}", &zero, &fifty).map(|found| found.to_string()).as_deref(), Some("1"));
    assert_eq!(largest("{}", &zero, &zero).map(|found| found.to_string()).as_deref(), Some("0"));
    let printed = |text: &str, scale| {
        let options = abaco_rollout::figures::ReadOptions { scale, ..Default::default() };
        abaco_rollout::figures::parse(text.as_bytes(), "side".as_ref(), &options).unwrap()
    };
    let (left, right) = (printed("kpi,value\na,0.32\n", Some(2)), printed("kpi,value\na,0.3249\n", None));
    assert_eq!(outcomes(&left, &right, "{}"), [MatchAtBaselinePrecision]);
    assert_eq!(largest("{}", &left, &right), None);
}

#[rstest]
#[case("tolerance: ignore", "expected `exact`, `{absolute: \"0.01\"}` or `{relative: \"0.001\"}`")]
#[case("tolerance: {absolute: '1', relative: '1'}", "expected `exact`, `{absolute: ")]
#[case("scope: some", "expected `baseline`, `all` or `{kpis: [par_30]}`")]
fn other_words_are_refused(#[case] settings: &str, #[case] message: &str) {
    let read = abaco_pipeline::yaml::from_str::<abaco_rollout::comparison::ComparisonSettings>(
        settings,
        std::path::Path::new("rollout.yml"),
    );
    let error = read.unwrap_err().to_string();
    assert!(error.contains(message), "{error}");
}

/// What is stored as JSON is read again as it was.
#[test]
fn settings_there_and_back() {
    let settings = rules("{tolerance: exact, tolerances: {a: {absolute: '0.01'}}, scope: {kpis: [a]}}");
    let text = serde_json::to_string(&settings).unwrap();
    assert!(text.contains(r#""a":{"absolute":"0.01"}"#), "{text}");
    assert_eq!(
        serde_json::from_str::<abaco_rollout::comparison::ComparisonSettings>(&text).unwrap(),
        settings
    );
}
