//! Outputs as a configuration lists them.

use std::path::Path;

use abaco_connect::outputs;
use abaco_pipeline::outbox::{OutputSettings, Sent};

use crate::common::{deliver, files};
use crate::toy::Toy;

fn settings(json: &str) -> Vec<OutputSettings> {
    serde_json::from_str(json).unwrap()
}

fn env(name: &str) -> Option<String> {
    match name {
        "DATABASE_URL" => Some("postgres://ana:hunter2@127.0.0.1:1/loans".to_owned()),
        "BROKEN_URL" => Some("postgres://ana:hunter2@127.0.0.1:port/loans".to_owned()),
        _ => None,
    }
}

#[test]
fn each_output_is_made_by_its_kind() {
    let base = tempfile::tempdir().unwrap();
    let out = tempfile::tempdir().unwrap();
    Toy::default().publish(out.path());
    let listed = settings(&format!(
        r#"[{{"name": "copy", "kind": "folder", "path": "copies"}},
            {{"name": "lake", "kind": "object_store", "url": "file://{}/lake"}},
            {{"name": "warehouse", "kind": "postgres", "url": "${{DATABASE_URL}}", "tls": "disable"}}]"#,
        base.path().display()
    ));
    let made = outputs(&listed, &env, base.path()).unwrap();
    let names: Vec<&str> = made.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["copy", "lake", "warehouse"]);
    assert_eq!(deliver(out.path(), "run-1", &*made[0].1), Sent::Delivered);
    assert_eq!(deliver(out.path(), "run-1", &*made[1].1), Sent::Delivered);
    let there: Vec<String> = files(base.path()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        there,
        [
            "copies/run-1/kpis.csv",
            "copies/run-1/kpis.json",
            "copies/run-1/manifest.json",
            "lake/run-1/kpis.csv",
            "lake/run-1/kpis.json",
            "lake/run-1/manifest.json",
        ]
    );
}

#[test]
fn what_cannot_be_used_is_named_without_its_secrets() {
    let cases = [
        (r#"{"name": "a", "kind": "postgres", "url": "${NONE}"}"#, "environment variable `NONE` is not set"),
        (
            r#"{"name": "a", "kind": "postgres", "url": "${BROKEN_URL}", "tls": "disable"}"#,
            "expected a URL such as",
        ),
        (r#"{"name": "a", "kind": "postgres", "url": "host=h password=hunter2"}"#, "expected a URL such as"),
        (r#"{"name": "a", "kind": "object_store", "url": "gopher://hunter2@h"}"#, "found `gopher`"),
        (
            r#"{"name": "a", "kind": "postgres", "url": "${DATABASE_URL}", "ca_file": "none.pem"}"#,
            "none.pem: ",
        ),
    ];
    for (text, expected) in cases {
        let listed = settings(&format!("[{text}]"));
        let error = outputs(&listed, &env, Path::new("base")).err().unwrap();
        assert!(error.starts_with("output `a`: ") && error.contains(expected), "{text}: {error}");
        assert!(!error.contains("hunter2") && !error.contains("ana"), "{error}");
    }
}
