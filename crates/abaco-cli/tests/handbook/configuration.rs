//! `rollout.yml`: what is shipped and what is documented loads, is complete, and says what the defaults are.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use abaco_loans::rollout::RolloutConfig;
use abaco_loans::rollout::config::Settings;
use serde_json::Value;

use crate::{repository, text_of};

/// Settings in which nothing is set that has a default.
const LEAST: &str =
    "version: 1\nbaseline: {name: v1, figures: a.csv}\ncandidate: {name: v2, figures: b.csv}\n";

fn load(text: &str) -> Settings {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rollout.yml");
    fs::write(&path, text).unwrap();
    RolloutConfig::load(&path).unwrap_or_else(|error| panic!("{error}\n{text}")).settings
}

/// Whatever has a default is at it: everything but what names files, people, lists and programs of somebody's.
fn is_at_its_defaults(settings: &Settings) {
    let least = load(LEAST);
    assert_eq!(settings.gate, least.gate);
    assert_eq!(settings.monitor, least.monitor);
    assert_eq!(settings.causes, least.causes);

    assert_eq!(settings.approvals.required, least.approvals.required);
    let (comparison, defaults) = (&settings.comparison, &least.comparison);
    assert_eq!((&comparison.tolerance, &comparison.scope), (&defaults.tolerance, &defaults.scope));
    assert_eq!(comparison.segment_column(), defaults.segment_column());
    assert!(settings.ties.iter().all(|tie| tie.tolerance.is_zero() && tie.top == 10));
}

/// The keys of a document at any depth.
fn keys(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                into.insert(key.clone());
                keys(value, into);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| keys(value, into)),
        _ => {}
    }
}

/// Everything is filled, so that every key that there is can be seen.
const FILLED: &str = "\
version: 1
baseline: {name: v1, program: {arguments: [a]}, scale: 2}
candidate: {name: v2, configuration: b.yml, figures: null}
trials: {replay: {inputs: [a], tables: {static: b}, as_of: latest}}
smoke: {inputs: [a]}
ties: [{name: a, key: [b], left: {contract: c, inputs: [d], measure: e}, right: {contract: c, inputs: [d], measure: e}}]
comparison: {known_differences: [{kpi: a, between: ['0', '1'], owner: b, reason: c, approved_by: d, expires: 2026-01-01}]}
approvals: {author: a, people: [{actor: b, roles: [business], public_key: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'}]}
procedures: {rehearsal_hooks: {stop: {arguments: [a]}}}
";

fn every_key() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    keys(&serde_json::to_value(load(FILLED)).unwrap(), &mut all);
    // A role of a table, and no key of the file's.
    all.remove("static");
    all
}

#[test]
fn the_shipped_configuration_is_complete_and_at_its_defaults() {
    let path = repository("config/rollout.yml");
    is_at_its_defaults(&RolloutConfig::load(&path).unwrap().settings);
    let text = fs::read_to_string(&path).unwrap();
    let left_out = every_key().into_iter().filter(|key| !text.contains(&format!("{key}:")));
    // A smoke run's tables are written as those of a run, which the file need not repeat.
    let left_out: Vec<String> = left_out.filter(|key| key != "tables").collect();
    assert!(left_out.is_empty(), "{left_out:?}");
}

#[test]
fn the_documented_configuration_loads_and_is_complete() {
    let text = text_of("docs/CONFIGURATION.md");
    let (_, section) = text.split_once("\n## rollout.yml\n").expect("the section");
    let section = section.split_once("\n## ").map_or(section, |(section, _)| section);
    let mut yaml = "version: 1\n".to_owned();
    for block in section.split("```yaml\n").skip(1) {
        yaml.push_str(block.split_once("```").expect("its end").0);
    }
    is_at_its_defaults(&load(&yaml));
    let left_out: Vec<String> = every_key()
        .into_iter()
        .filter(|key| !section.contains(&format!("`{key}`")) && !yaml.contains(&format!("{key}:")))
        .collect();
    assert!(left_out.is_empty(), "{left_out:?}");
}

/// The guide's own, which the guide changes.
#[test]
fn the_configuration_of_the_guide_loads() {
    let path = repository("examples/migration/config/rollout.yml");
    assert_eq!(RolloutConfig::load(Path::new(&path)).unwrap().settings.checklists.len(), 4);
}
