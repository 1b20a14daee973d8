//! Definitions with a formula: new KPIs, and statements about those that exist.

use std::path::Path;

use abaco_engine::{AsOf, Definitions, KpiEngine, PlanOptions, Status};
use abaco_kpi::{Basis, Direction, FormulaKpi, Kpi, KpiSpec, Rounding, Unit, col, count, sum};

use crate::tape::{batch, cents, ints, texts};

pub(crate) fn added(text: &str) -> Result<Vec<FormulaKpi>, String> {
    let builtins = abaco_calculators::all();
    let builtins: Vec<&dyn Kpi> = builtins.iter().map(|kpi| kpi as &dyn Kpi).collect();
    Definitions::from_yaml(text, Path::new("kpis.yml"))
        .and_then(|definitions| definitions.kpis(&builtins))
        .map_err(|error| error.to_string())
}

const MINE: &str = r#"
version: 1
columns:
  insured_amount: { type: money, kind: stock, meaning: the part of the balance that is insured }
kpis:
  - id: insured_share
    name: Insured share
    unit: percent
    direction: higher_is_better
    convention: insured at the snapshot
    basis: cohort
    aliases: [InsuredShare, risk.insured_share]
    references: ["the insurer's contract, section 4"]
    rounding: { scale: 4, mode: half_even }
    owner: CFO
    thresholds: { warning: "50", critical: "40" }
    formula: |
      100 * SUM(LEAST(insured_amount, outstanding_balance))
          / SUM(outstanding_balance)
  - id: uninsured_share
    name: Uninsured share
    unit: percent
    formula: 100 - KPI(insured_share)
  - id: par_30
    owner: CRO
"#;

#[test]
fn an_entry_with_a_formula_is_a_kpi() {
    let kpis = added(MINE).unwrap();
    let spec = KpiSpec::new("insured_share", "Insured share", Unit::Percent)
        .direction(Direction::HigherIsBetter)
        .convention("insured at the snapshot")
        .over(Basis::Cohort)
        .alias("InsuredShare")
        .alias("risk.insured_share")
        .reference("the insurer's contract, section 4")
        .rounding(Rounding::half_even(4))
        .family("definitions");
    let insured = || {
        let covered = sum(abaco_kpi::RowExpr::Least(vec![col("insured_amount"), col("outstanding_balance")]));
        100 * covered / sum("outstanding_balance")
    };
    let bare = KpiSpec::new("uninsured_share", "Uninsured share", Unit::Percent).family("definitions");
    assert_eq!(kpis, [FormulaKpi::new(spec, insured()), FormulaKpi::new(bare, 100 - insured())]);
}

#[test]
fn an_engine_computes_and_judges_what_definitions_add() {
    let definitions = Definitions::from_yaml(MINE, Path::new("kpis.yml")).unwrap();
    let column = definitions.column("insured_amount").unwrap();
    assert_eq!(column.meaning, "the part of the balance that is insured");
    let engine = KpiEngine::new(abaco_calculators::all()).with_definitions(definitions).unwrap();
    assert_eq!(engine.kpis().count(), abaco_calculators::ALL.len() + 2);
    let tape = batch([
        ("insured_amount", cents([Some(50_00), Some(30_00)])),
        ("outstanding_balance", cents([Some(40_00), Some(80_00)])),
    ]);
    let calculation = engine.calculate(&[tape], &PlanOptions::default(), AsOf::Single).unwrap();
    let results = &calculation.finished.groups[0].kpis;
    let found = |id: &str| {
        let result = results.iter().find(|result| result.id == id).unwrap();
        (result.outcome.value().map(|value| value.to_string()), result.status)
    };
    // 70 of 120 are insured.
    assert_eq!(found("insured_share"), (Some("58.3333".to_owned()), Status::Ok));
    assert_eq!(found("uninsured_share"), (Some("41.67".to_owned()), Status::None));
}

#[test]
fn a_formula_may_name_what_stands_above_it_and_what_is_built_in() {
    let text = r#"
version: 1
kpis:
  - { id: a, name: A, unit: percent, formula: KPI(par_30) + KPI("par_90") }
  - { id: b, name: B, unit: percent, formula: KPI(A) / 2 }
  - { id: rows, name: Rows, unit: count, formula: COUNT(*) }
"#;
    let (thirty, ninety) = (abaco_calculators::par_30().formula(), abaco_calculators::par_90().formula());
    let formulas: Vec<_> = added(text).unwrap().iter().map(Kpi::formula).collect();
    let both = || thirty.clone() + ninety.clone();
    assert_eq!(formulas, [both(), both() / 2, count().into()]);
}

#[test]
fn what_is_said_of_a_built_in_kpi_is_compared_with_it() {
    // The same tree in other words.
    let text = r#"
version: 1
kpis:
  - id: par_ge_30
    unit: percent
    direction: lower_is_better
    convention: dpd >= 30, written-off excluded
    references: ["lender loan tapes (dv01): a loan is delinquent from the n-th day past due"]
    formula: (100.0*sum(outstanding_balance) filter(where dpd>=30)) / sum("outstanding_balance")
  - id: par_30
    aliases: [risk.par_30, PAR30]
  - id: portfolio_health
    formula: LEAST(GREATEST(GREATEST(10 - KPI(par_30) / 10, 0) * KPI(collection_rate) / 10, 0), 10)
"#;
    assert_eq!(added(text), Ok(Vec::new()));
    // A KPI of somebody else's may read columns that are not canonical, and so may its formula.
    let theirs = FormulaKpi::new(KpiSpec::new("theirs", "Theirs", Unit::Ratio), sum("x") / sum("y"));
    let definitions = |formula: &str| {
        let text = format!("{{version: 1, kpis: [{{id: theirs, formula: {formula}}}]}}");
        let definitions = Definitions::from_yaml(&text, Path::new("kpis.yml")).unwrap();
        definitions.kpis(&[&theirs]).map_err(|error| error.to_string())
    };
    assert_eq!(definitions("SUM(x) / SUM(y)"), Ok(Vec::new()));
    assert_eq!(
        definitions("SUM(x) / SUM(z)"),
        Err("kpis.yml: line 1, column 56: kpi `theirs`: formula: no column is called z; the file's `columns` may add it"
            .to_owned())
    );
}

#[test]
fn a_series_and_totals_per_key_are_computed_too() {
    let text = r#"
version: 1
kpis:
  - id: top_2_share
    name: Share of the two largest borrowers
    unit: percent
    formula: >-
      100 * (SELECT SUM_TOP(2, balance)
             FROM (SELECT SUM(outstanding_balance) AS balance FROM tape GROUP BY borrower_id))
      / SUM(outstanding_balance)
  - id: mean_days
    name: Mean days past due
    unit: days
    rounding: { scale: 1, mode: half_away }
    formula: AVG(dpd) FILTER (WHERE dpd > 0)
"#;
    let kpis = added(text).unwrap();
    let tape = batch([
        ("borrower_id", texts(["a", "b", "a", "c", "d"].map(Some))),
        ("outstanding_balance", cents([10_00, 35_00, 30_00, 15_00, 10_00].map(Some))),
        ("dpd", ints([Some(0), Some(3), Some(10), None, Some(7)])),
    ]);
    let engine = KpiEngine::new(kpis);
    let calculation = engine.calculate(&[tape], &PlanOptions::default(), AsOf::Single).unwrap();
    let values: Vec<_> = calculation.finished.groups[0]
        .kpis
        .iter()
        .map(|result| result.outcome.value().map(|value| value.to_string()))
        .collect();
    // a has 40, b 35, of 100; and 20 days over three loans.
    assert_eq!(values, [Some("75.00".to_owned()), Some("6.7".to_owned())]);
}

#[test]
fn a_file_without_formulas_adds_nothing() {
    let text = "version: 1\nprofile: standard\nkpis:\n  - { id: par_30, owner: CRO }\n  - { id: nothing }\n";
    let definitions = Definitions::from_yaml(text, Path::new("kpis.yml")).unwrap();
    assert_eq!(definitions.profile(), Some("standard"));
    assert_eq!(added(text), Ok(Vec::new()));
    let builtins = abaco_calculators::all();
    let builtins: Vec<&dyn Kpi> = builtins.iter().map(|kpi| kpi as &dyn Kpi).collect();
    assert_eq!(
        definitions.check(&builtins).unwrap_err().to_string(),
        "kpis.yml: kpi `nothing`: no KPI has this id"
    );
}

#[test]
fn definitions_of_another_profile_lose_what_only_that_one_has() {
    let text = r#"
version: 1
profile: standard
kpis:
  - id: par_30
    owner: CRO
    formula: KPI(par_90)
    unit: days
    direction: neutral
    convention: c
    basis: period
    aliases: [x]
    references: [y]
"#;
    let plain = Definitions::from_yaml(text, Path::new("kpis.yml")).unwrap().without_formulas();
    let builtins = abaco_calculators::all();
    let builtins: Vec<&dyn Kpi> = builtins.iter().map(|kpi| kpi as &dyn Kpi).collect();
    assert_eq!(plain.kpis(&builtins), Ok(Vec::new()));
    assert_eq!(plain.get("par_30").unwrap().owner.as_deref(), Some("CRO"));
}
