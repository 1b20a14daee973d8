//! A published run's KPIs follow from its saved state.

use abaco_engine::AsOf;
use abaco_pipeline::run::{Recomputed, recompute};
use abaco_pipeline::{PipelineConfig, Run};
use serde_json::Value;

use crate::common::{Desk, catalogue};
use crate::panel;

fn again(run: &Run, catalogue: &abaco_pipeline::Catalogue) -> Recomputed {
    recompute(run.folder.as_deref().unwrap(), catalogue).unwrap()
}

/// Totals at three dates, segments, a series.
fn plain() -> (Desk, Run) {
    let desk = Desk::new();
    desk.write(
        "cfg/pipeline.yml",
        format!("{}segments: [[segment]]\nrollups: [monthly, yearly]\n", crate::common::SETTINGS),
    );
    let run = desk.run(&desk.request()).unwrap();
    (desk, run)
}

fn results(run: &Run) -> usize {
    let document = &run.document;
    let of_segments: usize = document.segments.iter().map(|segment| segment.kpis.len()).sum();
    let of_series: usize = document.series.iter().map(|point| point.kpis.len()).sum();
    document.kpis.len() + of_segments + of_series
}

#[test]
fn of_a_tape() {
    let (_desk, run) = plain();
    assert_eq!(again(&run, &catalogue()), Recomputed::Agree(results(&run)));
    assert!(results(&run) > 1000, "{}", results(&run));
}

#[test]
fn of_a_pooled_tape() {
    let desk = Desk::new();
    desk.write("cfg/pipeline.yml", format!("{}profile: legacy_v2\n", crate::common::SETTINGS));
    let run = desk.run(&abaco_pipeline::RunRequest { as_of: AsOf::Pooled, ..desk.request() }).unwrap();
    assert_eq!(again(&run, &catalogue()), Recomputed::Agree(results(&run)));
}

#[test]
fn of_a_panel_with_cohorts_and_series() {
    let desk = panel::desk();
    let (run, catalogue) = panel::published(&desk, "2025-04-30");
    assert!(run.document.segments.iter().any(|segment| segment.by.contains_key("vintage")));
    assert_eq!(again(&run, &catalogue), Recomputed::Agree(results(&run)));
}

#[test]
fn what_the_document_says_otherwise_is_named() {
    let (_desk, run) = plain();
    let folder = run.folder.clone().unwrap();
    let path = folder.join("kpis.json");
    let mut document: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let at = document["kpis"].as_array().unwrap().iter().position(|kpi| kpi["id"] == "par_90").unwrap();
    assert_eq!(document["kpis"][at]["value"], "1.33");
    document["kpis"][at]["value"] = "1.34".into();
    document["kpis"][at]["exact"]["denominator"] = "150.01".into();
    std::fs::write(&path, serde_json::to_vec(&document).unwrap()).unwrap();
    let Recomputed::Differ(differences) = again(&run, &catalogue()) else { panic!("they agree") };
    assert_eq!(
        differences,
        [
            r#"kpis[par_90].value: the document says "1.34", its state "1.33""#,
            r#"kpis[par_90].exact.denominator: the document says "150.01", its state "150.00""#,
            r#"kpis.parquet: par_90, `value`: the document says Some("1.34"), the table Some("1.33")"#,
            r#"kpis.csv: par_90, `value`: the document says Some("1.34"), the table Some("1.33")"#,
        ]
    );
}

/// Each byte of the state in turn: it is refused, or its KPIs differ, or the byte decides no KPI; never a panic.
#[test]
fn a_damaged_state_stops_nothing() {
    let (_desk, run) = plain();
    let path = run.folder.clone().unwrap().join("state.bin");
    let state = std::fs::read(&path).unwrap();
    for at in (0..state.len()).step_by(state.len() / 97) {
        let mut damaged = state.clone();
        damaged[at] ^= 0x41;
        std::fs::write(&path, &damaged).unwrap();
        let _any = again(&run, &catalogue());
        std::fs::write(&path, &state[..at]).unwrap();
        assert!(matches!(again(&run, &catalogue()), Recomputed::Unreadable(_)), "{at}");
    }
}

/// The configuration that a run keeps means what the files meant, wherever they lie now.
#[test]
fn the_files_may_be_gone() {
    let desk = panel::desk();
    let (run, catalogue) = panel::published(&desk, "2025-02-28");
    std::fs::remove_dir_all(desk.path("cfg")).unwrap();
    assert!(PipelineConfig::load(desk.path("cfg/pipeline.yml")).is_err());
    assert_eq!(again(&run, &catalogue), Recomputed::Agree(results(&run)));
}
