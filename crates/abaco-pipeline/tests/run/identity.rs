//! The identity of a run covers what its numbers depend on, and nothing else.

use std::collections::BTreeMap;

use abaco_engine::AsOf;
use abaco_pipeline::{PipelineConfig, RunRequest};
use chrono::NaiveDate;

use crate::common::{CONTRACT, DEFINITIONS, Desk, SETTINGS, TAPE, catalogue, kpis};

fn identity(desk: &Desk, request: &RunRequest) -> String {
    desk.run(request).unwrap().document.identity
}

fn after(edit: impl FnOnce(&Desk)) -> String {
    let desk = Desk::new();
    edit(&desk);
    identity(&desk, &desk.dry())
}

#[test]
fn whatever_the_numbers_depend_on_changes_it() {
    let january = AsOf::Date(NaiveDate::from_ymd_opt(2025, 1, 31).unwrap());
    let dated = |as_of| {
        let desk = Desk::new();
        identity(&desk, &RunRequest { as_of, ..desk.dry() })
    };
    let partitions = |first: &str, second: &str| {
        let desk = Desk::new();
        desk.write("a.csv", first);
        desk.write("b.csv", second);
        identity(&desk, &RunRequest { inputs: vec![desk.path("a.csv"), desk.path("b.csv")], ..desk.dry() })
    };
    let header = TAPE.lines().next().unwrap();
    let cases = [
        ("nothing", after(|_| {})),
        ("a digit of the tape", after(|desk| desk.write("tape.csv", TAPE.replace("2.00", "2.01")))),
        ("a row of another snapshot", after(|desk| desk.write("tape.csv", TAPE.replace("1.00,", "1.01,")))),
        ("a column that is not read", after(|desk| desk.write("tape.csv", TAPE.replace(",a,", ",c,")))),
        ("the line ends of the tape", after(|desk| desk.write("tape.csv", TAPE.replace('\n', "\r\n")))),
        ("an empty partition", partitions(TAPE, &format!("{header}\n"))),
        (
            "the contract's currency",
            after(|desk| desk.write("cfg/contract.yml", CONTRACT.replace("USD", "EUR"))),
        ),
        (
            "a rule of the contract",
            after(|desk| {
                let zero = "dpd_90_plus_usd: { type: 'decimal(18, 2)', nulls: fill_zero }";
                let text = CONTRACT.replace("dpd_90_plus_usd: { type: 'decimal(18, 2)' }", zero);
                assert_ne!(text, CONTRACT);
                desk.write("cfg/contract.yml", text);
            }),
        ),
        (
            "a threshold",
            after(|desk| desk.write("cfg/definitions.yml", DEFINITIONS.replace("\"3\"", "\"3.5\""))),
        ),
        (
            "no definitions",
            after(|desk| {
                desk.write("cfg/pipeline.yml", SETTINGS.replace("definitions: definitions.yml\n", ""))
            }),
        ),
        ("the portfolio", after(|desk| desk.write("cfg/pipeline.yml", SETTINGS.replace(": p\n", ": q\n")))),
        (
            "the profile",
            after(|desk| desk.write("cfg/pipeline.yml", format!("{SETTINGS}profile: legacy_v2\n"))),
        ),
        (
            "the segments",
            after(|desk| desk.write("cfg/pipeline.yml", format!("{SETTINGS}segments: [[segment]]\n"))),
        ),
        (
            "the required KPIs",
            after(|desk| desk.write("cfg/pipeline.yml", format!("{SETTINGS}required: [par_90]\n"))),
        ),
        ("the as-of", dated(january)),
        ("all dates pooled", {
            let desk = Desk::new();
            desk.write("cfg/pipeline.yml", format!("{SETTINGS}profile: legacy_v2\n"));
            identity(&desk, &RunRequest { as_of: AsOf::Pooled, ..desk.dry() })
        }),
    ];
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for (what, identity) in &cases {
        if let Some(before) = seen.insert(identity, what) {
            panic!("`{before}` and `{what}` have one identity");
        }
    }
}

#[test]
fn what_the_numbers_do_not_depend_on_leaves_it() {
    let desk = Desk::new();
    let expected = identity(&desk, &desk.dry());
    let february = AsOf::Date(NaiveDate::from_ymd_opt(2025, 2, 28).unwrap());
    desk.write("elsewhere/other name.CSV", TAPE);
    let requests = [
        ("a rerun", desk.dry()),
        ("publishing", desk.request()),
        ("another folder for runs", RunRequest { out: Some(desk.path("a/b")), ..desk.request() }),
        ("another actor", RunRequest { actor: "somebody else".to_owned(), ..desk.dry() }),
        ("the date that `latest` means", RunRequest { as_of: february, ..desk.dry() }),
        (
            "another name of the same bytes",
            RunRequest { inputs: vec![desk.path("elsewhere/other name.CSV")], ..desk.dry() },
        ),
    ];
    for (what, request) in requests {
        assert_eq!(identity(&desk, &request), expected, "{what}");
    }
    // The same files in another folder.
    assert_eq!(after(|_| {}), expected);
    // Comments and layout of the settings are not settings, and a default that is written out is the default.
    let settings = format!("# a comment\n{SETTINGS}profile: standard\nsegments: []\n");
    assert_eq!(after(|desk| desk.write("cfg/pipeline.yml", settings)), expected);
}

#[test]
fn a_run_without_dates_has_one_too() {
    let desk = Desk::new();
    desk.write("tape.csv", "dpd_90_plus_usd,total_receivable_usd\n1.00,100.00\n");
    let runs =
        [AsOf::Single, AsOf::Latest].map(|as_of| desk.run(&RunRequest { as_of, ..desk.dry() }).unwrap());
    assert_eq!(runs[0].document.identity, runs[1].document.identity);
    assert_eq!(runs[0].document.as_of, None);
}

/// Two runs of one identity have the same KPIs, whatever else differs.
#[test]
fn one_identity_means_the_same_numbers() {
    let desk = Desk::new();
    let [first, second] = [desk.request(), desk.dry()].map(|request| desk.run(&request).unwrap());
    assert_eq!(first.document.identity, second.document.identity);
    assert_eq!(kpis(&first), kpis(&second));
    assert_ne!(first.document.run_id, second.document.run_id);
}

/// Definitions that a caller puts in place of the configured ones count as if they had been configured.
#[test]
fn replaced_definitions_are_covered() {
    let desk = Desk::new();
    let mine = DEFINITIONS.replace("\"3\"", "\"1\"");
    desk.write("mine.yml", &mine);
    let config = PipelineConfig::load(desk.path("cfg/pipeline.yml")).unwrap();
    let config = config.with_definitions(desk.path("mine.yml")).unwrap();
    let replaced =
        abaco_pipeline::Pipeline::new(config, &catalogue()).unwrap().run(&desk.dry()).unwrap().document;
    assert_eq!(replaced.identity, after(|desk| desk.write("cfg/definitions.yml", &mine)));
    let par_90 = replaced.kpis.iter().find(|kpi| kpi.id == "par_90").unwrap();
    assert_eq!((par_90.value.as_deref(), par_90.status), (Some("1.33"), "warning"));
}

/// Only a profile that reproduces a system which pooled its snapshots may do so.
#[test]
fn the_standard_profile_never_pools() {
    let desk = Desk::new();
    let error = desk.run(&RunRequest { as_of: AsOf::Pooled, ..desk.dry() }).unwrap_err();
    assert_eq!(
        error.to_string(),
        "option `as_of`: expected a snapshot: only a compatibility profile pools them, \
         found pooled snapshots under the profile `standard`"
    );
}

/// Another formula under the same id is another number under the same name.
#[test]
fn what_is_computed_is_part_of_the_identity() {
    use abaco_kpi::{Formula, FormulaKpi, KpiSpec, Unit, sum};
    use abaco_pipeline::{Catalogue, Pipeline};

    let desk = Desk::new();
    desk.write("cfg/definitions.yml", "version: 1\nkpis: []\n");
    let of = |formula: Formula| {
        let kpi = FormulaKpi::new(KpiSpec::new("late", "Late", Unit::Currency), formula);
        let config = PipelineConfig::load(desk.path("cfg/pipeline.yml")).unwrap();
        let pipeline = Pipeline::new(config, &Catalogue::new().profile("standard", [kpi])).unwrap();
        pipeline.run(&desk.dry()).unwrap().document.identity
    };
    let late = || Formula::from(sum("dpd_90_plus_usd"));
    assert_eq!(of(late()), of(late()));
    assert_ne!(of(late()), of(late() + 0));
}
