//! Definitions from outside: the shipped file, what is refused, and where.

use std::collections::BTreeMap;
use std::path::Path;

use abaco_engine::{
    Change, Covenant, Definition, Definitions, Expectation, Limit, Measured, Reference, Refresh, Since,
    Status, Thresholds,
};
use abaco_kpi::{
    Decimal, Direction, FormulaKpi, Fraction, Kpi, KpiSpec, Outcome, Rounding, Unit, Value, count,
};

const SHIPPED: &str = include_str!("../../../../config/kpi_definitions.yml");

fn read(text: &str) -> Result<Definitions, String> {
    Definitions::from_yaml(text, Path::new("kpis.yml")).map_err(|error| error.to_string())
}

/// The standard KPIs, and one without a direction.
fn catalogue() -> Vec<FormulaKpi> {
    let mut kpis = abaco_calculators::all();
    kpis.push(FormulaKpi::new(KpiSpec::new("balance", "Balance", Unit::Currency), count()));
    kpis
}

fn checked(text: &str) -> Result<(), String> {
    let kpis = catalogue();
    let kpis: Vec<&dyn Kpi> = kpis.iter().map(|kpi| kpi as &dyn Kpi).collect();
    read(text)?.check(&kpis).map_err(|error| error.to_string())
}

fn outcome(numerator: i128, denominator: i128) -> Outcome {
    let exact = Fraction::ratio(numerator, denominator).unwrap();
    Outcome::Value(Value { rounded: exact.round(Rounding::half_away(2)).unwrap(), exact, caught: None })
}

#[test]
fn the_shipped_definitions_are_v2s() {
    assert_eq!(checked(SHIPPED), Ok(()));
    let definitions = read(SHIPPED).unwrap();
    let text = |value: Option<Decimal>| value.map(|value| value.to_string());
    let summary = |definition: &Definition| {
        let thresholds = (
            text(definition.expectation.thresholds.warning),
            text(definition.expectation.thresholds.critical),
        );
        let range =
            (text(definition.expectation.valid_range.min), text(definition.expectation.valid_range.max));
        (definition.owner.clone(), thresholds, range)
    };
    let some = |text: &str| Some(text.to_owned());
    let percent = || (some("0"), some("100"));
    let expected = BTreeMap::from([
        ("par_30", (some("CRO"), (some("5"), some("8")), percent())),
        ("par_90", (some("CRO"), (some("3"), some("5")), percent())),
        ("collection_rate", (some("CFO"), (some("1.5"), some("1.0")), percent())),
        ("portfolio_health", (some("CRO"), (some("5"), some("3")), (some("0"), some("10")))),
        ("rdr_90", (None, (some("50"), some("25")), percent())),
        ("origination_volume", (None, (None, None), (None, None))),
        ("active_clients", (None, (None, None), (None, None))),
        ("client_retention", (None, (some("75"), some("50")), percent())),
        ("arr", (None, (None, None), (None, None))),
        ("write_off_rate", (None, (some("2"), some("3.5")), percent())),
        ("audit_flags", (None, (some("5"), some("10")), (None, None))),
        ("data_quality_score", (None, (some("95"), some("90")), percent())),
    ]);
    for (id, expected) in &expected {
        let definition = definitions.get(id).unwrap();
        assert_eq!(summary(definition), *expected, "{id}");
        assert!(definition.formula.is_some() && definition.data_source.is_some(), "{id}");
    }
    for definition in definitions.iter().filter(|definition| !expected.contains_key(definition.id.as_str())) {
        assert_eq!(summary(definition), (some("CRO"), (None, None), percent()), "{}", definition.id);
    }
    assert_eq!(definitions.iter().count(), 24);
}

#[test]
fn the_shipped_definitions_name_v2s_departments_and_refreshes() {
    let definitions = read(SHIPPED).unwrap();
    let of = |department: &str| -> Vec<String> {
        let uses =
            definitions.iter().filter(|definition| definition.departments.iter().any(|d| d == department));
        uses.map(|definition| definition.id.clone()).filter(|id| !id.starts_with("par_g")).collect()
    };
    let cases: [(&str, &[&str]); 7] = [
        ("risk", &["par_30", "par_90", "collection_rate", "portfolio_health", "rdr_90"]),
        ("growth", &["origination_volume", "active_clients", "client_retention"]),
        ("finance", &["arr", "write_off_rate"]),
        ("compliance", &["audit_flags", "data_quality_score"]),
        ("technology", &["data_quality_score"]),
        ("marketing", &["origination_volume", "active_clients"]),
        ("sales", &["origination_volume", "client_retention"]),
    ];
    for (department, expected) in cases {
        assert_eq!(of(department), expected, "{department}");
    }
    let refresh = |id: &str| definitions.get(id).unwrap().refresh;
    for definition in definitions.iter().filter(|definition| definition.departments == ["risk"]) {
        assert_eq!(definition.refresh, Some(Refresh::Daily), "{}", definition.id);
    }
    let cases = [
        ("arr", Some(Refresh::Daily)),
        ("active_clients", Some(Refresh::Weekly)),
        ("client_retention", Some(Refresh::Monthly)),
        ("write_off_rate", Some(Refresh::Monthly)),
        ("audit_flags", Some(Refresh::Hourly)),
        ("data_quality_score", Some(Refresh::Hourly)),
        // V2 gives none.
        ("origination_volume", None),
    ];
    for (id, expected) in cases {
        assert_eq!(refresh(id), expected, "{id}");
    }
}

/// Each formula that stands in the file is that of the KPI which is computed.
#[test]
fn the_shipped_formulas_are_those_of_the_standard_kpis() {
    let definitions = read(SHIPPED).unwrap();
    let kpis = catalogue();
    let kpis: Vec<&dyn Kpi> = kpis.iter().map(|kpi| kpi as &dyn Kpi).collect();
    assert_eq!(definitions.profile(), Some("standard"));
    assert_eq!(definitions.iter().filter(|definition| definition.formula.is_some()).count(), 12);
    assert_eq!(definitions.kpis(&kpis), Ok(Vec::new()));
}

#[test]
fn a_definition_judges() {
    let definitions = read(SHIPPED).unwrap();
    let cases = [
        ("par_30", Direction::LowerIsBetter, outcome(331, 100), Status::Ok),
        ("par_30", Direction::LowerIsBetter, outcome(4_999_999, 1_000_000), Status::Ok),
        ("par_30", Direction::LowerIsBetter, outcome(5, 1), Status::Warning),
        ("par_30", Direction::LowerIsBetter, outcome(35, 2), Status::Critical),
        ("par_30", Direction::LowerIsBetter, outcome(-1, 100), Status::Critical),
        ("collection_rate", Direction::HigherIsBetter, outcome(10, 1), Status::Ok),
        ("collection_rate", Direction::HigherIsBetter, outcome(1, 1), Status::Critical),
        ("portfolio_health", Direction::HigherIsBetter, outcome(9, 2), Status::Warning),
        ("par_ge_30", Direction::LowerIsBetter, outcome(99, 1), Status::None),
        ("par_ge_30", Direction::LowerIsBetter, outcome(101, 1), Status::Critical),
    ];
    for (id, direction, outcome, expected) in cases {
        let expectation = &definitions.get(id).unwrap().expectation;
        let (status, _) = expectation.judge(&outcome, direction, Reference::default()).unwrap();
        assert_eq!(status, expected, "{id} {outcome:?}");
    }
}

#[test]
fn every_key_is_read() {
    let text = r#"
version: 1
kpis:
  - id: par_30
    name: Portfolio at risk, 30 days
    owner: CRO
    departments: [risk, finance]
    refresh: monthly
    thresholds: { critical: "8.25" }
    valid_range: { min: "-0.5" }
    rounding: { scale: 4, mode: half_even }
    data_source: core banking
  - id: par_90
    valid_range: { min: "1.0", max: "1" }
    rounding: { scale: 28, mode: half_away }
  - id: par_ge_1
"#;
    let definitions = read(text).unwrap();
    let full = definitions.get("par_30").unwrap();
    assert_eq!(full.name.as_deref(), Some("Portfolio at risk, 30 days"));
    assert_eq!(full.departments, ["risk", "finance"]);
    assert_eq!(full.refresh, Some(Refresh::Monthly));
    assert_eq!(
        (full.expectation.thresholds.warning, full.expectation.thresholds.critical),
        (None, Some(Decimal::new(825, 2)))
    );
    assert_eq!(
        (full.expectation.valid_range.min, full.expectation.valid_range.max),
        (Some(Decimal::new(-5, 1)), None)
    );
    assert_eq!(full.rounding, Some(Rounding::half_even(4)));
    assert_eq!(full.data_source.as_deref(), Some("core banking"));
    assert_eq!(definitions.get("par_90").unwrap().rounding, Some(Rounding::half_away(28)));
    let bare = definitions.get("par_ge_1").unwrap();
    assert!(bare.expectation == Expectation::default() && bare.departments.is_empty());
    assert_eq!((bare.name.as_ref(), bare.refresh, bare.rounding), (None, None, None));
}

#[test]
fn every_rule_is_read() {
    let text = r#"
version: 1
kpis:
  - id: par_30
    thresholds: { warning: "5", critical: "8" }
    leave: { warning: "4.5", critical: "7" }
    changes:
      - { since: prior, measured: absolute, warning: "0.5" }
      - { since: baseline, measured: relative, warning: "0.1", critical: "0.25" }
    covenants:
      - { name: "facility agreement, 7.1 (b)", at_most: "10" }
      - { name: "facility agreement, 7.2", at_least: "0" }
    anomaly: "0.2"
"#;
    let definitions = read(text).unwrap();
    let rules = &definitions.get("par_30").unwrap().expectation;
    let decimal = |text: &str| Decimal::from_str_exact(text).unwrap();
    assert_eq!(rules.leave, Thresholds { warning: Some(decimal("4.5")), critical: Some(decimal("7")) });
    let first = Change {
        since: Since::Prior,
        measured: Measured::Absolute,
        warning: Some(decimal("0.5")),
        critical: None,
    };
    let second = Change {
        since: Since::Baseline,
        measured: Measured::Relative,
        warning: Some(decimal("0.1")),
        critical: Some(decimal("0.25")),
    };
    assert_eq!(rules.changes, [first, second]);
    let covenant = |name: &str, limit| Covenant { name: name.to_owned(), limit };
    assert_eq!(
        rules.covenants,
        [
            covenant("facility agreement, 7.1 (b)", Limit::AtMost(decimal("10"))),
            covenant("facility agreement, 7.2", Limit::AtLeast(decimal("0"))),
        ]
    );
    assert_eq!(rules.anomaly, Some(decimal("0.2")));
    assert!(rules.needs_baseline());
    assert_eq!(checked(text), Ok(()));
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let entry = |rest: &str| format!("version: 1\nkpis:\n  - id: par_90\n  - id: par_30\n    {rest}\n");
    let cases = [
        (String::new(), "line 1, column 1: missing field `version`"),
        ("version: 2\nkpis: []".to_owned(), "line 1, column 1: version 2 is unknown; this is version 1"),
        ("kpis: []".to_owned(), "line 1, column 1: missing field `version`"),
        ("version: 1\nkpis: []\nkpis: []".to_owned(), "line 1, column 1: duplicate field `kpis`"),
        (
            "version: 1\nkpi: []".to_owned(),
            "line 2, column 1: unknown field `kpi`, expected one of `version`, `profile`, `columns`, `kpis`",
        ),
        (
            "version: 1\nkpis:\n  - {id: par_30, owner: [".to_owned(),
            "line 3, column 25: kpis[0].owner: invalid type: sequence, expected a string",
        ),
        ("version: 1\nkpis:\n  - owner: CRO".to_owned(), "line 3, column 5: kpis[0]: missing field `id`"),
        (
            entry("formulas: SUM(a)"),
            "line 5, column 5: kpi `par_30`: kpis[1]: unknown field `formulas`, expected one of `id`, `name`, `formula`, `unit`, `direction`, `convention`, `basis`, `aliases`, `references`, `owner`, `departments`, `refresh`, `thresholds`, `leave`, `valid_range`, `changes`, `covenants`, `anomaly`, `rounding`, `data_source`",
        ),
        (entry("owner: CRO\n    owner: CFO"), "line 4, column 5: kpis[1]: duplicate field `owner`"),
        (
            entry("refresh: sometimes"),
            "line 5, column 14: kpi `par_30`: kpis[1].refresh: unknown variant `sometimes`, expected one of `hourly`, `daily`, `weekly`, `monthly`",
        ),
        (
            entry("thresholds: { warning: 5 }"),
            "line 5, column 28: kpi `par_30`: kpis[1].thresholds.warning: invalid type: integer `5`, expected a decimal in quotes, such as \"1.5\"",
        ),
        (
            entry("thresholds: { warning: 5.5 }"),
            "line 5, column 28: kpi `par_30`: kpis[1].thresholds.warning: invalid type: floating point `5.5`, expected a decimal in quotes, such as \"1.5\"",
        ),
        (
            entry("thresholds: { warning: \"five\" }"),
            "line 5, column 28: kpi `par_30`: kpis[1].thresholds.warning: `five` is no decimal of at most 28 digits, such as \"1.5\"",
        ),
        (
            entry("thresholds: { waring: \"5\" }"),
            "line 5, column 19: kpi `par_30`: kpis[1].thresholds: unknown field `waring`, expected `warning` or `critical`",
        ),
        (
            entry("valid_range: { min: \"2\", max: \"1\" }"),
            "line 4, column 5: kpi `par_30`: kpis[1]: the valid range begins at 2, behind its end 1",
        ),
        (
            entry("valid_range: {}"),
            "line 4, column 5: kpi `par_30`: kpis[1]: the valid range needs `min`, `max` or both",
        ),
        (
            entry("rounding: { scale: 29, mode: half_away }"),
            "line 4, column 5: kpi `par_30`: kpis[1]: rounding has at most 28 places, found 29",
        ),
        (
            entry("rounding: { scale: 2, mode: up }"),
            "line 5, column 33: kpi `par_30`: kpis[1].rounding.mode: unknown variant `up`, expected `half_away` or `half_even`",
        ),
        (entry("owner: CRO\n  - id: par_30"), "kpi `par_30`: defined twice"),
        (
            entry("thresholds: { warning: \"5\" }\n    leave: { warning: \"6\" }"),
            "kpi `par_30`: the level 6, at which a threshold is left, must lie on its better side",
        ),
        (entry("anomaly: \"0\""), "kpi `par_30`: `anomaly` is a share above 0, found 0"),
        (
            entry("changes: [{ since: prior, measured: absolute }]"),
            "line 5, column 14: kpi `par_30`: kpis[1].changes: a change needs `warning`, `critical` or both",
        ),
        (
            entry("changes: [{ since: prior, measured: relative, warning: \"2\", critical: \"1\" }]"),
            "line 5, column 14: kpi `par_30`: kpis[1].changes: the warning 2 must not lie above the critical limit 1",
        ),
        (
            entry("covenants: [{ name: a, at_most: \"1\", at_least: \"0\" }]"),
            "line 5, column 16: kpi `par_30`: kpis[1].covenants: a covenant has either `at_most` or `at_least`",
        ),
        (
            entry("thresholds: { warning: \"8\", critical: \"5\" }"),
            "kpi `par_30`: lower is better, so the warning 8 must not lie above the critical threshold 5",
        ),
        (
            "{version: 1, kpis: [{id: collection_rate, thresholds: {warning: \"1\", critical: \"1.5\"}}]}"
                .to_owned(),
            "kpi `collection_rate`: higher is better, so the warning 1 must not lie below the critical threshold 1.5",
        ),
        (
            "{version: 1, kpis: [{id: balance, thresholds: {warning: \"1\"}}]}".to_owned(),
            "kpi `balance`: neither direction is better, so it takes no thresholds",
        ),
        (
            "{version: 1, kpis: [{id: risk.par_30}]}".to_owned(),
            "kpi `risk.par_30`: this is another name of `par_30`; a definition uses the id",
        ),
        (
            "{version: 1, kpis: [{id: PAR30}]}".to_owned(),
            "kpi `PAR30`: this is another name of `par_30`; a definition uses the id",
        ),
        (
            "{version: 1, kpis: [{id: Par-90}]}".to_owned(),
            "kpi `Par-90`: no KPI has this id; did you mean `par_90`?",
        ),
        (
            "{version: 1, kpis: [{id: colection_rate}]}".to_owned(),
            "kpi `colection_rate`: no KPI has this id; did you mean `collection_rate`?",
        ),
        ("{version: 1, kpis: [{id: zzz}]}".to_owned(), "kpi `zzz`: no KPI has this id"),
    ];
    for (text, expected) in cases {
        let error = checked(&text).expect_err(&text);
        assert_eq!(error, format!("kpis.yml: {expected}"), "{text}");
    }
}

#[test]
fn hostile_files_are_refused() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(read(&deep).is_err());
    let laughs = "version: 1\nkpis: &a [x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a]\n";
    assert!(read(laughs).is_err());
    assert!(read("version: 1\nkpis: []\n---\nversion: 1\nkpis: []\n").is_err());
    let long = format!("version: 1\nkpis: []\n#{}", "x".repeat(4 * 1024 * 1024));
    assert_eq!(read(&long).unwrap_err(), "kpis.yml: the file has 4194325 bytes; at most 4194304 are allowed");
}
