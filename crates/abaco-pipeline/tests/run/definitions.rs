//! KPIs that a file of definitions adds: computed, judged and part of the identity like any other.

use abaco_pipeline::{Pipeline, PipelineConfig};

use crate::common::{CONTRACT, Desk, SETTINGS, catalogue, kpis};

const MINE: &str = r#"
version: 1
columns:
  insured_amount: { type: money, kind: stock, meaning: the insured part of what is owed }
  uninsured_amount: { type: money, kind: stock, meaning: the rest }
kpis:
  - id: uninsured_share
    name: Uninsured share
    unit: percent
    direction: lower_is_better
    thresholds: { warning: "30", critical: "60" }
    formula: 100 * SUM(uninsured_amount) / SUM(total_receivable_usd)
  - id: uninsured_and_late
    name: Uninsured share less PAR90
    unit: percent
    formula: KPI(uninsured_share) - KPI(par_90)
"#;

/// One added column is on the tape, the other is derived.
fn desk(definitions: &str) -> Desk {
    let desk = Desk::new();
    desk.write("cfg/definitions.yml", definitions);
    desk.write(
        "cfg/contract.yml",
        format!(
            "{CONTRACT}  insured_amount: {{ type: 'decimal(18, 2)' }}\nderive:\n  \
             uninsured_amount: GREATEST(total_receivable_usd - insured_amount, 0)\n"
        ),
    );
    desk.write("cfg/pipeline.yml", format!("{SETTINGS}required: [uninsured_share]\n"));
    desk.write(
        "tape.csv",
        "month,segment,dpd_90_plus_usd,total_receivable_usd,insured_amount\n\
         2025-02-28,a,2.00,100.00,80.00\n2025-02-28,b,4.00,50.00,10.00\n",
    );
    desk
}

fn refused(desk: &Desk) -> String {
    let config = PipelineConfig::load(desk.path("cfg/pipeline.yml")).unwrap();
    let error = Pipeline::new(config, &catalogue()).err().unwrap().to_string();
    error.split_once("cfg/").map_or(error.clone(), |(_, rest)| rest.to_owned())
}

#[test]
fn a_run_computes_what_definitions_add() {
    let desk = desk(MINE);
    let run = desk.run(&desk.dry()).unwrap();
    let found = kpis(&run);
    let entry = |id: &str| found.as_array().unwrap().iter().find(|kpi| kpi["id"] == id).unwrap().clone();
    // 20 and 40 of 150 are not insured; 6 are late.
    let share = entry("uninsured_share");
    assert_eq!((&share["value"], &share["status"]), (&"40.00".into(), &"warning".into()));
    assert_eq!(share["formula"], "100 * SUM(uninsured_amount) / SUM(total_receivable_usd)");
    assert_eq!(entry("uninsured_and_late")["value"], "36.00");
    assert_eq!(run.missing_required, [""; 0]);
}

#[test]
fn another_formula_is_another_run() {
    let one = desk(MINE);
    let other = desk(&MINE.replace("100 * SUM(uninsured_amount)", "100.0 * SUM(uninsured_amount)"));
    let identities = [&one, &other].map(|desk| desk.run(&desk.dry()).unwrap().document.identity);
    assert_ne!(identities[0], identities[1]);
}

#[test]
fn formulas_belong_to_the_profile_that_the_file_names() {
    let named = MINE.replace("version: 1\n", "version: 1\nprofile: standard\n");
    let stated = format!(
        "{named}  - {{ id: par_90, formula: 100 * SUM(dpd_90_plus_usd) / SUM(total_receivable_usd) }}\n"
    );
    let desk = desk(&stated);
    assert!(desk.pipeline().engine().kpis().any(|kpi| kpi.spec().id == "uninsured_share"));
    // The legacy profile rounds its own formula of the same id, and gets no KPI of this file.
    desk.write("cfg/pipeline.yml", format!("{SETTINGS}profile: legacy_v2\n"));
    let pipeline = desk.pipeline();
    assert_eq!(pipeline.engine().kpis().count(), 4);
    // Without its name the file speaks of the profile that runs.
    desk.write("cfg/definitions.yml", stated.replace("profile: standard\n", ""));
    assert!(
        refused(&desk).contains("kpi `par_90`: formula: it is not that of this KPI: expected `COALESCE(")
    );
}

#[test]
fn what_is_refused_names_the_place() {
    let cases = [
        (
            MINE.replace("SUM(uninsured_amount)", "SUM(uninsured_amuont)"),
            "definitions.yml: line 12, column 24: kpi `uninsured_share`: formula: no column is called \
             uninsured_amuont; did you mean `uninsured_amount`?",
        ),
        (
            MINE.replace("  uninsured_amount: {", "  something_else: {")
                .replace("SUM(uninsured_amount)", "SUM(insured_amount)"),
            "contract.yml: `derive`, column `uninsured_amount`: expected the name of a canonical column",
        ),
    ];
    for (definitions, expected) in cases {
        assert_eq!(refused(&desk(&definitions)), expected);
    }
}
