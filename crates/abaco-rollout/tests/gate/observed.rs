//! What is seen of runs that were really published.

use std::fs;
use std::path::Path;

use abaco_engine::AsOf;
use abaco_pipeline::verify::Options;
use abaco_pipeline::{Catalogue, Pipeline, PipelineConfig, RunRequest};
use abaco_rollout::monitor::{MonitorSettings, NullShare, judge, observe, published_since};
use chrono::{DateTime, Duration, Utc};

const CONTRACT: &str = "\
contract: slices
version: 1
currency: USD
columns:
  month: { type: date, roles: [snapshot] }
  segment: { type: text }
  dpd_90_plus_usd: { type: 'decimal(18, 2)' }
  total_receivable_usd: { type: 'decimal(18, 2)' }
";

/// One of the latest snapshot's two rows has no amount past due.
const TAPE: &str = "\
month,segment,dpd_90_plus_usd,total_receivable_usd
2025-01-31,a,1.00,100.00
2025-02-28,a,2.00,100.00
2025-02-28,b,,50.00
";

fn publish(folder: &Path) -> String {
    let files = [
        ("pipeline.yml", "version: 1\nportfolio: p\ncontract: contract.yml\ndefinitions: definitions.yml\n"),
        ("contract.yml", CONTRACT),
        ("definitions.yml", "version: 1\nkpis: [{id: par_90}]\n"),
        ("tape.csv", TAPE),
    ];
    for (name, text) in files {
        fs::write(folder.join(name), text).unwrap();
    }
    let catalogue = abaco_calculators::PROFILES
        .iter()
        .fold(Catalogue::new(), |catalogue, profile| catalogue.profile(profile.id, profile.kpis()));
    let config = PipelineConfig::load(folder.join("pipeline.yml")).unwrap();
    let request = RunRequest {
        inputs: vec![folder.join("tape.csv")],
        tables: Vec::new(),
        as_of: AsOf::Latest,
        out: Some(folder.join("runs")),
        actor: "test".to_owned(),
    };
    Pipeline::new(config, &catalogue).unwrap().run(&request).unwrap().document.run_id
}

fn ever() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

#[test]
fn published_runs_are_found_and_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let ids = [publish(folder.path()), publish(folder.path())];
    let runs = folder.path().join("runs");
    let found: Vec<String> =
        published_since(&runs, ever()).unwrap().into_iter().map(|run| run.run_id).collect();
    assert_eq!(found, ids);
    let observed = observe(&runs, ever(), Vec::new(), &Options::default()).unwrap().observed;
    assert_eq!((observed.runs, observed.failed, observed.milliseconds.len()), (2, 0, 2));
    assert_eq!((observed.unsound, observed.lost), (Vec::new(), Vec::new()));
    let par = NullShare { kpi: "par_90".to_owned(), nulls: 1, rows: 2 };
    let with_nulls: Vec<NullShare> = observed.nulls.into_iter().filter(|share| share.nulls > 0).collect();
    assert_eq!(with_nulls, [par.clone(), par]);
    let later = Utc::now() + Duration::days(1);
    assert_eq!(published_since(&runs, later).unwrap(), []);
}

#[test]
fn a_run_that_was_changed_rolls_back_and_is_still_listed_for_recall() {
    let folder = tempfile::tempdir().unwrap();
    let id = publish(folder.path());
    let runs = folder.path().join("runs");
    fs::remove_file(runs.join(&id).join("manifest.json")).unwrap();
    let later = Utc::now() + Duration::days(1);
    let found = published_since(&runs, later).unwrap();
    assert_eq!((found.len(), found[0].run_id.as_str(), found[0].began_at), (1, id.as_str(), None));
    let observed = observe(&runs, ever(), Vec::new(), &Options::default()).unwrap().observed;
    let fired = judge(&MonitorSettings::default(), &observed);
    assert!(fired.iter().any(|fired| fired.trigger == "audit_failure" && fired.rolls_back), "{fired:?}");
}
