//! Paths and patterns, and the files that they mean.

use std::path::{Path, PathBuf};

use abaco_pipeline::ErrorKind;
use abaco_pipeline::ingest::expand;
use rstest::rstest;
use tempfile::TempDir;

/// A folder of tapes, of which one has the name of a pattern.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("sub/c.csv")).unwrap();
    for name in ["b.csv", "a.csv", "a.jsonl", "c[1].csv", "c1.csv", "sub/d.csv"] {
        std::fs::write(folder.path().join(name), "x\n").unwrap();
    }
    folder
}

fn expanded(paths: &[&str]) -> Result<Vec<String>, String> {
    let folder = folder();
    let paths: Vec<PathBuf> = paths
        .iter()
        .map(|path| if path.contains("://") { PathBuf::from(path) } else { folder.path().join(path) })
        .collect();
    let name = |path: &Path| path.strip_prefix(folder.path()).unwrap_or(path).display().to_string();
    let files = expand(&paths).map_err(|error| {
        let kind = if paths[0].ends_with("a**.csv") { ErrorKind::Usage } else { ErrorKind::Data };
        assert_eq!(error.kind(), kind);
        error.to_string().replace(&format!("{}/", folder.path().display()), "")
    })?;
    Ok(files.iter().map(|file| name(file)).collect())
}

#[rstest]
#[case(&["*.csv"], &["a.csv", "b.csv", "c1.csv", "c[1].csv"])]
#[case(&["b.csv", "?.csv"], &["b.csv", "a.csv"])]
#[case(&["?.csv", "sub/../b.csv"], &["a.csv", "b.csv"])]
#[case(&["a.*", "*.jsonl", "[ab].csv"], &["a.csv", "a.jsonl", "b.csv"])]
#[case(&["c[1].csv"], &["c[1].csv"])]
#[case(&["c[0-9].csv"], &["c1.csv"])]
#[case(&["**/*.csv"], &["a.csv", "b.csv", "c1.csv", "c[1].csv", "sub/d.csv"])]
#[case(&["missing.csv", "s3://bucket/*.csv?x=[1]"], &["missing.csv", "s3://bucket/*.csv?x=[1]"])]
#[case(&["a.csv", "a.csv"], &["a.csv", "a.csv"])]
#[case(&[], &[])]
fn files(#[case] paths: &[&str], #[case] expected: &[&str]) {
    assert_eq!(expanded(paths).unwrap(), expected);
}

#[rstest]
#[case(&["*.parquet"], "*.parquet: expected at least one file that matches, found none")]
#[case(&["*.csv", "sub/c*.csv"], "sub/c*.csv: expected at least one file that matches, found none")]
fn no_match(#[case] paths: &[&str], #[case] message: &str) {
    assert_eq!(expanded(paths).unwrap_err(), message);
}

#[test]
fn no_pattern() {
    let message = expanded(&["a**.csv"]).unwrap_err();
    assert!(
        message.starts_with("option `input`: expected a path or a pattern, found `a**.csv`, in which "),
        "{message}"
    );
}
