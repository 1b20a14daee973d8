//! What a program gets back beyond the document.

use abaco_engine::{AsOf, Status};
use abaco_pipeline::{ErrorKind, Pipeline, PipelineConfig, RunRequest};

use crate::common::{Desk, SETTINGS, catalogue};

#[test]
fn without_an_output_folder_nothing_is_written() {
    let desk = Desk::new();
    let run = desk.run(&desk.dry()).unwrap();
    assert_eq!(run.folder, None);
    assert!(!desk.path("runs").exists());
    assert_eq!(run.document.rows.read, 3);
}

#[test]
fn without_inputs_there_is_no_run() {
    let desk = Desk::new();
    let error = desk.run(&RunRequest { inputs: Vec::new(), ..desk.request() }).unwrap_err();
    assert_eq!(error.to_string(), "option `inputs`: expected at least one tape, found none");
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(!desk.path("runs").exists());
}

#[test]
fn the_audit_names_the_actor_and_every_kpi() {
    let desk = Desk::new();
    desk.write("cfg/pipeline.yml", format!("{SETTINGS}profile: legacy_v2\n"));
    let run = desk.run(&desk.dry()).unwrap();
    let steps: Vec<(&str, &str, Option<&str>, &str)> = run
        .audit
        .iter()
        .map(|event| {
            (event.actor.as_str(), event.event.as_str(), event.kpi.as_deref(), event.status.as_str())
        })
        .collect();
    assert_eq!(
        steps,
        [
            ("test", "started", None, "ok"),
            ("test", "kpi", Some("par_30"), "unavailable"),
            ("test", "kpi", Some("par_90"), "value"),
            ("test", "kpi", Some("collection_rate"), "unavailable"),
            ("test", "kpi", Some("portfolio_health"), "unavailable"),
            ("test", "completed", None, "ok"),
        ]
    );
}

#[test]
fn what_is_required_and_missing_is_named_in_the_order_of_the_configuration() {
    let desk = Desk::new();
    desk.write("cfg/pipeline.yml", format!("{SETTINGS}required: [portfolio_health, par_90, par_30]\n"));
    let run = desk.run(&desk.dry()).unwrap();
    assert_eq!(run.missing_required, ["portfolio_health", "par_30"]);
    assert!(!run.any_failed());
}

#[test]
fn the_worst_status_counts_groups() {
    let desk = Desk::new();
    let worst = |settings: &str, tape: &str| {
        desk.write("cfg/pipeline.yml", settings);
        desk.write("tape.csv", tape);
        desk.run(&desk.dry()).unwrap().worst_status()
    };
    let header = "month,segment,dpd_90_plus_usd,total_receivable_usd";
    let tape = format!("{header}\n2025-01-31,a,5,100\n2025-01-31,b,0,100\n");
    assert_eq!(worst(SETTINGS, &tape), Status::Ok);
    assert_eq!(worst(&format!("{SETTINGS}segments: [[segment]]\n"), &tape), Status::Critical);
    assert_eq!(worst(SETTINGS, &format!("{header}\n2025-01-31,a,3,100\n")), Status::Warning);
    assert_eq!(worst(SETTINGS, &format!("{header}\n2025-01-31,a,0,0\n")), Status::None);
}

#[test]
fn a_profile_that_the_catalogue_lacks() {
    let config = PipelineConfig::embedded().unwrap();
    let error = Pipeline::new(
        config,
        &abaco_pipeline::Catalogue::new().profile("mine", Vec::<abaco_kpi::FormulaKpi>::new()),
    )
    .map(drop)
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "(embedded)/pipeline.yml: `profile`: expected one of mine, found `standard`"
    );
    assert_eq!(error.kind(), ErrorKind::Configuration);
}

/// The kinds that decide the exit status of the command.
#[test]
fn the_kinds_of_refusals() {
    let desk = Desk::new();
    let kind = |request: RunRequest| desk.run(&request).unwrap_err().kind();
    assert_eq!(kind(RunRequest { as_of: AsOf::Single, ..desk.request() }), ErrorKind::Usage);
    assert_eq!(kind(RunRequest { inputs: vec![desk.path("tape.txt")], ..desk.request() }), ErrorKind::Usage);
    assert_eq!(kind(RunRequest { inputs: vec![desk.path("none.csv")], ..desk.request() }), ErrorKind::Data);
    assert_eq!(kind(RunRequest { out: Some(desk.path("tape.csv")), ..desk.request() }), ErrorKind::Io);
    assert_eq!(crate::common::runs(&desk.path("runs")), Vec::<String>::new());
    let missing = PipelineConfig::load(desk.path("cfg/none.yml")).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Configuration);
    assert!(Pipeline::new(PipelineConfig::embedded().unwrap(), &catalogue()).is_ok());
}
