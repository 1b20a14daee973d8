//! The known results of the system being replaced, under both profiles.
#![allow(clippy::expect_used, clippy::panic, reason = "the helpers of a test are part of the test")]
#![allow(clippy::inconsistent_digit_grouping, reason = "amounts are written in cents: 100_00")]

use abaco_calculators::{LEGACY_V2, Profile, STANDARD, portfolio_health};
use abaco_engine::{AsOf, Group, KpiResult, Plan, PlanOptions};
use abaco_kpi::{Formula, FormulaKpi, Fraction, Kpi, KpiSpec, Outcome, Unit};
use abaco_testkit::{Cell, CellType, Tape, Width};
use rstest::rstest;

/// The totals of every KPI of a profile.
fn run(profile: Profile, tape: &Tape) -> Group {
    run_kpis(&profile.kpis(), tape)
}

fn run_kpis(kpis: &[FormulaKpi], tape: &Tape) -> Group {
    let kpis: Vec<&dyn Kpi> = kpis.iter().map(|kpi| kpi as &dyn Kpi).collect();
    let width = if tape.fits(Width::Decimal64) { Width::Decimal64 } else { Width::Decimal128 };
    let plan = Plan::new(&kpis, &tape.schema(width), &PlanOptions::default()).expect("a plan");
    let state = plan.fold_all(&tape.to_batches(width, 7).expect("batches")).expect("a state");
    plan.finish(&state, AsOf::Single).expect("outcomes").groups.remove(0)
}

fn result<'g>(group: &'g Group, id: &str) -> &'g KpiResult {
    group.kpis.iter().find(|result| result.id == id).unwrap_or_else(|| panic!("no result {id}"))
}

/// `17.50`, `0.00 (no_rows)` for a fallback, or the reason alone.
fn shown(outcome: &Outcome) -> String {
    match (outcome.value(), outcome.reason()) {
        (Some(value), Some(reason)) => format!("{value} ({reason})"),
        (Some(value), None) => value.to_string(),
        (None, reason) => reason.unwrap_or_default(),
    }
}

/// A slice tape; the columns are V2's, the amounts whole dollars.
fn slices(columns: &[(&'static str, &[i128])]) -> Tape {
    columns.iter().fold(Tape::new(), |tape, (name, dollars)| {
        tape.money(*name, dollars.iter().map(|amount| amount * 100)).expect("columns of one length")
    })
}

fn buckets(early: &[i128], middle: &[i128], late: &[i128], receivable: &[i128]) -> Tape {
    slices(&[
        ("dpd_30_60_usd", early),
        ("dpd_60_90_usd", middle),
        ("dpd_90_plus_usd", late),
        ("total_receivable_usd", receivable),
    ])
}

/// One slice whose PAR30 and collection rate are these percentages.
fn with_ratios(par_30: i128, collection: i128) -> Tape {
    slices(&[
        ("dpd_30_60_usd", &[par_30]),
        ("dpd_60_90_usd", &[0]),
        ("dpd_90_plus_usd", &[0]),
        ("total_receivable_usd", &[100]),
        ("cash_available_usd", &[collection]),
        ("total_eligible_usd", &[100]),
    ])
}

fn three_slices() -> Tape {
    slices(&[
        ("dpd_30_60_usd", &[1_000, 500, 250]),
        ("dpd_60_90_usd", &[800, 400, 200]),
        ("dpd_90_plus_usd", &[600, 300, 150]),
        ("total_receivable_usd", &[100_000, 50_000, 25_000]),
        ("cash_available_usd", &[5_000, 2_500, 1_250]),
        ("total_eligible_usd", &[80_000, 40_000, 20_000]),
    ])
}

#[rstest]
#[case::par_30(buckets(&[100, 200], &[50, 100], &[25, 50], &[1000, 2000]), "par_30", "17.50", "17.50")]
#[case::par_30_of_a_zero_receivable(
    buckets(&[100], &[50], &[25], &[0]), "par_30", "zero_denominator", "0.00 (zero_denominator)"
)]
#[case::par_30_of_receivables_that_cancel(
    buckets(&[1, 1], &[0, 0], &[0, 0], &[5, -5]), "par_30", "zero_denominator", "0.00 (zero_denominator)"
)]
#[case::par_30_without_rows(buckets(&[], &[], &[], &[]), "par_30", "no_rows", "0.00 (no_rows)")]
#[case::par_30_without_columns(
    slices(&[("dpd_60_90_usd", &[1])]),
    "par_30",
    "missing columns: dpd_30_60_usd, dpd_90_plus_usd, total_receivable_usd",
    "missing columns: dpd_30_60_usd, dpd_90_plus_usd, total_receivable_usd"
)]
#[case::health_names_every_missing_column(
    buckets(&[1], &[1], &[1], &[1]),
    "portfolio_health",
    "missing columns: cash_available_usd, total_eligible_usd",
    "missing columns: cash_available_usd, total_eligible_usd"
)]
#[case::par_90(
    slices(&[("dpd_90_plus_usd", &[100, 200]), ("total_receivable_usd", &[1000, 2000])]),
    "par_90", "10.00", "10.00"
)]
#[case::par_90_of_a_zero_receivable(
    buckets(&[100], &[50], &[25], &[0]), "par_90", "zero_denominator", "0.00 (zero_denominator)"
)]
#[case::collection_rate(
    slices(&[("cash_available_usd", &[100, 200]), ("total_eligible_usd", &[1000, 2000])]),
    "collection_rate", "10.00", "10.00"
)]
#[case::collection_rate_without_rows(
    slices(&[("cash_available_usd", &[]), ("total_eligible_usd", &[])]),
    "collection_rate", "no_rows", "0.00 (no_rows)"
)]
#[case::health_of_5_and_10(with_ratios(5, 10), "portfolio_health", "9.50", "9.500000")]
#[case::health_is_clamped_above(with_ratios(0, 100), "portfolio_health", "10.00", "10.000000")]
#[case::health_is_clamped_below(with_ratios(0, -100), "portfolio_health", "0.00", "0.000000")]
#[case::health_of_a_portfolio_all_in_arrears(with_ratios(100, 50), "portfolio_health", "0.00", "0.000000")]
#[case::health_of_more_arrears_than_balance(with_ratios(150, 50), "portfolio_health", "0.00", "0.000000")]
#[case::health_of_15_and_10(with_ratios(15, 10), "portfolio_health", "8.50", "8.500000")]
#[case::health_of_15_and_100_is_85_clamped(with_ratios(15, 100), "portfolio_health", "10.00", "10.000000")]
#[case::health_without_rows(with_ratios(15, 10).select([]), "portfolio_health", "no_rows", "0.000000 (no_rows)")]
#[case::three_slices_par_30(three_slices(), "par_30", "2.40", "2.40")]
#[case::three_slices_par_90(three_slices(), "par_90", "0.60", "0.60")]
#[case::three_slices_collection_rate(three_slices(), "collection_rate", "6.25", "6.25")]
#[case::three_slices_health(three_slices(), "portfolio_health", "6.10", "6.100000")]
#[case::a_tie_goes_away_from_zero_or_to_even(
    slices(&[("dpd_90_plus_usd", &[17]), ("total_receivable_usd", &[800])]), "par_90", "2.13", "2.12"
)]
#[case::health_keeps_six_places_of_rounded_inputs(
    slices(&[
        ("dpd_30_60_usd", &[123_456]),
        ("dpd_60_90_usd", &[0]),
        ("dpd_90_plus_usd", &[0]),
        ("total_receivable_usd", &[10_000_000]),
        ("cash_available_usd", &[987_654]),
        ("total_eligible_usd", &[10_000_000]),
    ]),
    // Exact: 9.876544 * 9.87654 / 10 = 9.7546.. ; V2: 9.877 * 9.88 / 10 = 9.758476.
    "portfolio_health", "9.75", "9.758476"
)]
fn a_known_result(#[case] tape: Tape, #[case] id: &str, #[case] standard: &str, #[case] legacy: &str) {
    for (profile, expected) in [(STANDARD, standard), (LEGACY_V2, legacy)] {
        let group = run(profile, &tape);
        let found = result(&group, id);
        assert_eq!(shown(&found.outcome), expected, "{} {id} on\n{tape}", profile.id);
        assert_eq!(found.rows, u64::try_from(tape.len()).expect("few rows"), "{} {id}", profile.id);
    }
}

#[rstest]
fn a_null_in_cash_is_counted_and_adds_nothing(#[values(STANDARD, LEGACY_V2)] profile: Profile) {
    let tape = Tape::new()
        .column("cash_available_usd", CellType::MONEY, [Cell::Number(100_00), Cell::Null])
        .expect("a column")
        .money("total_eligible_usd", [1000_00, 2000_00])
        .expect("a column");
    let group = run(profile, &tape);
    let rate = result(&group, "collection_rate");
    assert_eq!(shown(&rate.outcome), "3.33");
    assert_eq!((rate.rows, rate.nulls), (2, 1));
}

#[rstest]
#[case::standard(STANDARD, "all_null")]
#[case::legacy(LEGACY_V2, "0.00 (all_null)")]
fn cash_that_is_null_throughout(#[case] profile: Profile, #[case] expected: &str) {
    let tape = Tape::new()
        .column("cash_available_usd", CellType::MONEY, [Cell::Null, Cell::Null])
        .expect("a column")
        .money("total_eligible_usd", [1000_00, 2000_00])
        .expect("a column");
    let group = run(profile, &tape);
    let rate = result(&group, "collection_rate");
    assert_eq!(shown(&rate.outcome), expected);
    assert_eq!((rate.rows, rate.nulls), (2, 2));
}

#[rstest]
fn health_comes_with_its_inputs(#[values(STANDARD, LEGACY_V2)] profile: Profile) {
    let group = run(profile, &with_ratios(5, 10));
    assert_eq!(shown(&result(&group, "par_30").outcome), "5.00");
    assert_eq!(shown(&result(&group, "collection_rate").outcome), "10.00");
    let health = result(&group, "portfolio_health");
    let components: Vec<(&str, String)> = health
        .components
        .iter()
        .map(|(text, total)| (text.as_str(), total.as_ref().map(ToString::to_string).unwrap_or_default()))
        .collect();
    assert_eq!(
        components,
        [
            ("SUM(dpd_30_60_usd)", "5.00".to_owned()),
            ("SUM(dpd_60_90_usd)", "0.00".to_owned()),
            ("SUM(dpd_90_plus_usd)", "0.00".to_owned()),
            ("SUM(total_receivable_usd)", "100.00".to_owned()),
            ("SUM(cash_available_usd)", "10.00".to_owned()),
            ("SUM(total_eligible_usd)", "100.00".to_owned()),
        ]
    );
}

#[rstest]
fn one_kpi_without_its_columns_does_not_sink_the_others(#[values(STANDARD, LEGACY_V2)] profile: Profile) {
    let group = run(profile, &buckets(&[100, 200], &[50, 100], &[25, 50], &[1000, 2000]));
    assert_eq!(shown(&result(&group, "par_30").outcome), "17.50");
    assert_eq!(result(&group, "collection_rate").outcome.state(), "unavailable");
    assert_eq!(result(&group, "portfolio_health").outcome.state(), "unavailable");
}

#[test]
fn every_family_but_the_seed_asks_for_other_columns_than_slices() {
    let group = run(STANDARD, &three_slices());
    for found in &group.kpis {
        let family = STANDARD.find(&found.id).expect("a KPI of the profile").spec().family.clone();
        let unavailable = found.outcome.state() == "unavailable";
        assert_eq!(unavailable, family != "seed", "{}", found.id);
    }
}

mod rollout_1000 {
    use super::*;

    /// Decimal places of the tape: as many as its longest number has.
    const PLACES: usize = 17;

    /// The tape of the rollout report, every digit of it.
    fn tape() -> Tape {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/rollout_1000.csv");
        let text = std::fs::read_to_string(path).expect("examples/data/rollout_1000.csv");
        let mut lines = text.lines();
        let names: Vec<String> = lines.next().expect("a header").split(',').map(str::to_owned).collect();
        let scale = u8::try_from(PLACES).expect("a scale");
        let columns = names.into_iter().map(|name| (name.into(), CellType::Number { scale }));
        let rows = lines.map(|line| line.split(',').map(|number| Cell::Number(units(number))).collect());
        Tape::from_rows(columns, rows).expect("a tape")
    }

    /// `12.5` is 1,250,000,000,000,000,000: digits and places, no float on the way.
    fn units(number: &str) -> i128 {
        let (whole, places) = number.split_once('.').unwrap_or((number, ""));
        assert!(places.len() <= PLACES, "{number} has more than {PLACES} places");
        format!("{whole}{places:0<PLACES$}").parse().expect("digits")
    }

    /// Whether the decimals of `exact` begin with those of `digits`.
    fn begins_with(exact: &Fraction, digits: &str) -> bool {
        let (whole, places) = digits.split_once('.').expect("a decimal point");
        let units: i128 = format!("{whole}{places}").parse().expect("digits");
        let scale = 10i128.pow(u32::try_from(places.len()).expect("few places"));
        let at = |units: i128| Fraction::ratio(units, scale).expect("a scale is not zero");
        at(units) <= *exact && *exact < at(units + 1)
    }

    #[test]
    fn the_helper_is_exact() {
        assert_eq!(units("12.5"), 1_250_000_000_000_000_000);
        assert_eq!(units("0.00000000000000001"), 1);
        assert_eq!(units("7"), 7 * 10i128.pow(17));
        let third = Fraction::ratio(1, 3).expect("a fraction");
        assert!(begins_with(&third, "0.333"));
        assert!(!begins_with(&third, "0.334") && !begins_with(&third, "0.332"));
    }

    #[rstest]
    #[case::standard(STANDARD, ["2.21", "0.32", "11.97", "10.00"])]
    #[case::legacy(LEGACY_V2, ["2.21", "0.32", "11.97", "10.000000"])]
    fn published(#[case] profile: Profile, #[case] expected: [&str; 4]) {
        let tape = tape();
        assert_eq!(tape.len(), 1_000);
        let group = run(profile, &tape);
        let ids = ["par_30", "par_90", "collection_rate", "portfolio_health"];
        assert_eq!(ids.map(|id| shown(&result(&group, id).outcome)), expected);
        assert!(ids.into_iter().all(|id| (result(&group, id).rows, result(&group, id).nulls) == (1_000, 0)));
    }

    #[test]
    fn exact_ratios() {
        let group = run(STANDARD, &tape());
        for (id, digits) in [
            ("par_30", "2.2106520796836970"),
            ("par_90", "0.3193831622444017"),
            ("collection_rate", "11.9732995306865493"),
        ] {
            let exact = result(&group, id).outcome.exact().expect("a value");
            assert!(begins_with(exact, digits), "{id}: {:?}", exact.lowest_terms());
        }
    }

    #[test]
    fn health_before_its_clamp() {
        let clamped = portfolio_health().formula();
        let Formula::Least(capped) = clamped else { panic!("{clamped}") };
        let Formula::Greatest(floored) = capped[0].clone() else { panic!("{}", capped[0]) };
        let unclamped =
            FormulaKpi::new(KpiSpec::new("unclamped", "Unclamped", Unit::Score), floored[0].clone());
        let group = run_kpis(&[unclamped], &tape());
        let exact = result(&group, "unclamped").outcome.exact().expect("a value").clone();
        assert!(begins_with(&exact, "11.7086115356046687"), "{:?}", exact.lowest_terms());
    }

    #[rstest]
    #[case("SUM(dpd_30_60_usd)", "9805131.06640267245580")]
    #[case("SUM(dpd_60_90_usd)", "5070173.051792036168785")]
    #[case("SUM(dpd_90_plus_usd)", "2512028.63051794943929187")]
    #[case("SUM(total_receivable_usd)", "786525066.90245260735")]
    #[case("SUM(cash_available_usd)", "74621693.0616964327438")]
    #[case("SUM(total_eligible_usd)", "623234162.566862826777")]
    fn exact_sums(#[case] measure: &str, #[case] digits: &str) {
        let group = run(STANDARD, &tape());
        let components = &result(&group, "portfolio_health").components;
        let (_, total) = components.iter().find(|(text, _)| text == measure).expect("a component");
        let places = digits.split_once('.').map_or(0, |(_, places)| places.len());
        let floor = u32::try_from(places).expect("few places");
        let total = total.as_ref().expect("a total").with_scale_at_least(floor);
        assert_eq!(total.to_string(), digits);
    }

    #[test]
    fn the_exact_form_is_the_sums_that_people_check() {
        let group = run(STANDARD, &tape());
        let form = result(&group, "par_90").exact.clone().expect("an exact form");
        assert_eq!(form.multiplier.to_string(), "100");
        assert_eq!(form.numerator.with_scale_at_least(0).to_string(), "2512028.63051794943929187");
        assert_eq!(form.denominator.with_scale_at_least(0).to_string(), "786525066.90245260735");
    }
}
