//! A version is a configuration, a program or a file, and exactly one of them.

use std::path::PathBuf;

use abaco_engine::AsOf;
use abaco_rollout::RolloutConfig;
use abaco_rollout::comparison::{Inputs, Outcome, compare};
use abaco_rollout::version::Asked;
use rstest::rstest;
use tempfile::TempDir;

use crate::common::{catalogue, of, repository, today};

fn config(folder: &TempDir, baseline: &str) -> Result<RolloutConfig, String> {
    let path = folder.path().join("rollout.yml");
    let candidate = repository("config/pipeline.yml").canonicalize().unwrap();
    let text = format!(
        "version: 1\nbaseline: {{name: v1, {baseline}}}\ncandidate: {{name: v2, configuration: '{}'}}\n",
        candidate.display()
    );
    std::fs::write(&path, text).unwrap();
    RolloutConfig::load(&path)
        .map_err(|error| error.to_string().replace(&path.display().to_string(), "rollout.yml"))
}

fn asked(tape: PathBuf) -> Asked {
    Asked { inputs: vec![tape], tables: Vec::new(), as_of: AsOf::Single }
}

#[rstest]
#[case("scale: 2", "none")]
#[case("figures: a.csv, configuration: b.yml", "configuration and figures")]
#[case("program: {arguments: [x]}, figures: a.csv", "program and figures")]
fn exactly_one_source(#[case] baseline: &str, #[case] found: &str) {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        config(&folder, baseline).unwrap_err(),
        format!(
            "rollout.yml: version `v1`: expected one of configuration, program and figures, found {found}"
        )
    );
}

#[rstest]
#[case("tolerance: {relative: '-1'}", "`comparison`: `tolerance`: expected a limit of 0 or more, found -1")]
#[case("scope: {kpis: []}", "`comparison`: `scope.kpis`: expected at least one KPI, found none")]
#[case(
    "known_differences: [{kpi: a, between: ['0', '1'], owner: Ana, reason: r, approved_by: ana, expires: 2026-01-01}]",
    "`comparison`: known difference of `a`: `approved_by`: expected somebody else than the owner, found `Ana`"
)]
#[case(
    "known_differences: [{kpi: a, between: ['1', '0'], owner: Ana, reason: r, approved_by: Ben, expires: 2026-01-01}]",
    "`comparison`: known difference of `a`: `between`: expected the lower end first, found 1 and 0"
)]
#[case(
    "scope: baseline\nties: [{name: t, key: [a], left: {contract: c, inputs: [l], measure: SUM(a)}, right: {contract: c, inputs: [r], measure: SUM(a)}, tolerance: '-0.01'}]",
    "`ties`, `t`: `tolerance`: expected a limit of 0 or more, found -0.01"
)]
fn rules_that_cannot_be_meant(#[case] rules: &str, #[case] message: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rollout.yml");
    let text = format!(
        "version: 1\nbaseline: {{name: v1, figures: a.csv}}\ncandidate: {{name: v2, figures: b.csv}}\ncomparison:\n  {rules}\n"
    );
    std::fs::write(&path, text).unwrap();
    let error = RolloutConfig::load(&path).unwrap_err().to_string();
    assert_eq!(error, format!("{}: {message}", path.display()));
}

/// A program that writes what V2 published is compared with a run of the same bytes.
#[cfg(unix)]
#[test]
fn a_program_beside_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let script = "test -r \"$1\" && test \"$1\" = \"$3\" && test \"$2\" = single && \
        printf 'kpi,value\\nPAR30,2.21\\nPAR90,0.32\\n'";
    std::fs::write(folder.path().join("v1.sh"), script).unwrap();
    let program = "scale: 2, program: {arguments: [sh, v1.sh, '{tape}', '{as_of}', '{inputs}']}";
    let config = config(&folder, program).unwrap();
    let asked = asked(repository("examples/data/rollout_1000.csv"));
    let settings = &config.settings;
    let baseline = settings.baseline.figures(&config, &asked, &catalogue()).unwrap();
    let candidate = settings.candidate.figures(&config, &asked, &catalogue()).unwrap();
    assert_eq!((baseline.name.as_str(), candidate.name.as_str()), ("v1", "v2"));
    let comparison = compare(&baseline, &candidate, &settings.comparison, today());
    assert_eq!(comparison.inputs, Inputs::Same);
    assert_eq!(of(&comparison), [Outcome::MatchAtBaselinePrecision; 2]);
}

#[cfg(unix)]
#[test]
fn a_program_that_changes_its_input_counts_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let tape = folder.path().join("tape.csv");
    std::fs::write(&tape, "dpd\n").unwrap();
    std::fs::write(folder.path().join("v1.sh"), "echo >> \"$1\"; printf 'kpi,value\\na,1\\n'").unwrap();
    let config = config(&folder, "program: {arguments: [sh, v1.sh, '{tape}']}").unwrap();
    let error = config.settings.baseline.figures(&config, &asked(tape), &catalogue()).unwrap_err();
    assert_eq!(error.to_string(), "program `sh`: the inputs are not the same before and after it ran");
}

#[test]
fn a_file_at_its_last_date_or_at_the_one_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let text = "kpi,as_of,value\nPAR30,2025-11-30,3.31\nPAR30,2025-12-31,3.50\n";
    std::fs::write(folder.path().join("v1.csv"), text).unwrap();
    let config = config(&folder, "figures: v1.csv").unwrap();
    let values = |as_of: AsOf| {
        let asked = Asked { as_of, ..asked(folder.path().join("tape.csv")) };
        let figures = config.settings.baseline.figures(&config, &asked, &catalogue()).unwrap();
        let text = |value: &Result<rust_decimal::Decimal, String>| value.as_ref().unwrap().to_string();
        figures
            .values
            .iter()
            .map(|(key, figure)| format!("{key}: {}", text(&figure.value)))
            .collect::<Vec<_>>()
    };
    assert_eq!(values(AsOf::Latest), ["par_30 at 2025-12-31: 3.50"]);
    assert_eq!(values(AsOf::Date("2025-11-30".parse().unwrap())), ["par_30 at 2025-11-30: 3.31"]);
    assert_eq!(values(AsOf::Single).len(), 2);
}
