//! `abaco shadow` from the outside.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of a test stop the test"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rstest::rstest;
use serde_json::{Value, json};
use tempfile::TempDir;

const PUBLISHED: &str = "kpi,value\nPAR30,2.21\nPAR90,0.32\nCollectionRate,11.97\nPortfolioHealth,10.0\n";

fn repository(path: &str) -> String {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    root.join(path).display().to_string()
}

/// Status, standard output and standard error of the command in this folder.
fn abaco(folder: &TempDir, args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_abaco"));
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "ABACO_LOG"] {
        command.env_remove(name);
    }
    let output = command.args(args).current_dir(folder.path()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn shadow(folder: &TempDir, args: &[&str]) -> (i32, String, String) {
    abaco(folder, &[&["shadow"], args].concat())
}

fn with(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// Publishes the thousand rows of the repository and gives the run's folder.
fn publish(folder: &TempDir) -> String {
    let tape = repository("examples/data/rollout_1000.csv");
    let (status, stdout, stderr) = abaco(folder, &["run", &tape, "--format", "json"]);
    assert_eq!(status, 0, "{stderr}");
    let document: Value = serde_json::from_str(&stdout).unwrap();
    format!("runs/{}", document["run_id"].as_str().unwrap())
}

#[test]
fn what_v2_published_beside_our_run() {
    let folder = with(&[("v2.csv", PUBLISHED)]);
    let run = publish(&folder);
    let args = ["--baseline", "v2.csv", "--candidate", &run, "--scale", "2"];
    let (status, stdout, stderr) = shadow(&folder, &args);
    assert_eq!((status, stderr.as_str()), (0, ""), "{stdout}");
    let squeezed: Vec<String> =
        stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in [
        "par_90 0.32 0.32 (0.319383) -0.000617 -0.1928 % match_at_baseline_precision",
        "4 keys: 3 match_at_baseline_precision, 1 match; informative: 4",
        "causes: no difference needs one",
        "passes",
    ] {
        assert!(squeezed.iter().any(|found| found == line), "{line}: {stdout}");
    }
    let (status, stdout, _) = shadow(&folder, &[&args[..], &["--format", "json"]].concat());
    let document: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((status, &document["passes"], &document["compared"]), (0, &json!(true), &json!(4)));
    assert_eq!(document["outcomes"]["match_at_baseline_precision"], json!(3));
    assert_eq!(document["outcomes"]["mismatch"], json!(0));
    assert_eq!(
        document["keys"][2]["baseline"],
        json!({"value": "0.32", "exact": null, "scale": 2, "reason": null})
    );
}

/// A run beside itself, and beside its document alone.
#[test]
fn a_run_beside_itself() {
    let folder = tempfile::tempdir().unwrap();
    let run = publish(&folder);
    let (status, stdout, _) = shadow(&folder, &["--baseline", &run, "--candidate", &run, "--format", "json"]);
    let document: Value = serde_json::from_str(&stdout).unwrap();
    let counts = |key: &str| document["outcomes"][key].as_u64().unwrap();
    assert_eq!((status, document["inputs"].as_str()), (0, Some("same")));
    assert_eq!(counts("match") + counts("both_absent"), document["compared"].as_u64().unwrap());
    assert!(counts("match") >= 4, "{}", document["outcomes"]);
    let alone = format!("{run}/kpis.json");
    let (status, stdout, _) =
        shadow(&folder, &["--baseline", &run, "--candidate", &alone, "--format", "json"]);
    let document: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((status, document["inputs"].as_str()), (0, Some("unknown")));
}

#[rstest]
#[case("kpi,value\na,100\n", "kpi,value\na,100.1\n", 0, "1 key: 1 within_tolerance; informative: 1")]
#[case("kpi,value\na,100\n", "kpi,value\na,101\n", 5, "1 key: 1 mismatch; informative: 1")]
#[case("kpi,value\na,0\n", "kpi,value\na,\n", 5, "1 key: 1 missing_candidate; informative: 0")]
#[case("kpi,value\n", "kpi,value\na,1\n", 5, "no key to compare")]
fn statuses(#[case] baseline: &str, #[case] candidate: &str, #[case] expected: i32, #[case] counts: &str) {
    let folder = with(&[("v1.csv", baseline), ("v2.csv", candidate)]);
    let (status, stdout, stderr) = shadow(&folder, &["--baseline", "v1.csv", "--candidate", "v2.csv"]);
    assert_eq!((status, stderr.as_str()), (expected, ""), "{stdout}");
    assert!(stdout.lines().any(|line| line.trim() == counts), "{stdout}");
}

/// The worst comes first: by outcome, and then by size.
#[test]
fn the_worst_comes_first() {
    let folder = with(&[
        ("v1.csv", "kpi,value\na,100\nb,100\nc,100\nd,100\n"),
        ("v2.csv", "kpi,value\na,100.05\nb,102\nc,50\nd,\n"),
    ]);
    let (status, stdout, _) = shadow(&folder, &["--baseline", "v1.csv", "--candidate", "v2.csv"]);
    let kpis: Vec<&str> = stdout
        .lines()
        .filter(|line| line.contains("100"))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!((status, kpis), (5, vec!["c", "b", "d", "a"]), "{stdout}");
    // A value on one side alone is one of them.
    assert!(stdout.contains("causes: 4 differences need one"), "{stdout}");
}

#[test]
fn other_inputs_are_never_a_pass() {
    let values =
        |digit: &str| format!(r#"{{"inputs":["{}"],"values":[{{"kpi":"a","value":1}}]}}"#, digit.repeat(64));
    let folder = with(&[("v1.json", &values("a")), ("v2.json", &values("b"))]);
    let (status, stdout, _) = shadow(&folder, &["--baseline", "v1.json", "--candidate", "v2.json"]);
    assert_eq!(status, 5, "{stdout}");
    assert!(stdout.contains("1 key: 1 incomparable; informative: 0"), "{stdout}");
}

/// Both versions of a configuration are asked for one tape: the compatibility profile plays V2.
#[test]
fn both_versions_of_a_configuration() {
    let rollout = format!(
        "version: 1\nbaseline: {{name: v2, configuration: '{}'}}\ncandidate: {{name: v3, configuration: '{}'}}\n\
         comparison: {{tolerance: {{absolute: '0.005'}}}}\n",
        repository("config/legacy_v2.yml"),
        repository("config/pipeline.yml"),
    );
    let folder = with(&[("rollout.yml", &rollout)]);
    let tape = repository("examples/data/rollout_1000.csv");
    let args = ["--config", "rollout.yml", "--format", "json", "--tape", &tape];
    let (status, stdout, stderr) = shadow(&folder, &args);
    let document: Value = serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stderr}"));
    assert_eq!((status, document["inputs"].as_str(), &document["compared"]), (0, Some("same"), &json!(4)));
    assert_eq!((&document["baseline"]["name"], &document["candidate"]["name"]), (&json!("v2"), &json!("v3")));
}

/// A date that is asked for is that of values without one, and leaves those of others out.
#[test]
fn a_date() {
    let folder = with(&[
        ("v1.csv", "kpi,value\na,1\n"),
        ("v2.csv", "kpi,as_of,value\na,2025-11-30,2\na,2025-12-31,1\n"),
    ]);
    let args = ["--baseline", "v1.csv", "--candidate", "v2.csv", "--as-of"];
    assert_eq!(shadow(&folder, &[&args[..], &["2025-12-31"]].concat()).0, 0);
    assert_eq!(shadow(&folder, &[&args[..], &["2025-11-30"]].concat()).0, 5);
    let (status, _, stderr) = shadow(&folder, &[&args[..], &["latest"]].concat());
    assert_eq!(
        (status, stderr.as_str()),
        (2, "error: option `as-of`: expected a date, since files are compared\n")
    );
}

#[rstest]
#[case(&["--baseline", "v1.csv"], 2)]
#[case(&["--candidate", "v1.csv"], 2)]
#[case(&["--tape", "v1.csv"], 2)]
#[case(&[], 2)]
#[case(&["--baseline", "none.csv", "--candidate", "v1.csv"], 1)]
#[case(&["--baseline", "bad.csv", "--candidate", "v1.csv"], 3)]
#[case(&["--baseline", "v1.csv", "--candidate", "v1.csv", "--config", "bad.csv"], 2)]
fn refused(#[case] args: &[&str], #[case] expected: i32) {
    let folder = with(&[("v1.csv", "kpi,value\na,1\n"), ("bad.csv", "kpi,value\na,1\nb,x\n")]);
    let (status, stdout, stderr) = shadow(&folder, args);
    assert_eq!((status, stdout.as_str()), (expected, ""), "{stderr}");
    if expected == 3 {
        let message = "error: bad.csv: row 3: column `value`: expected a decimal such as 2.21, found `x`\n";
        assert_eq!(stderr, message);
    }
}
