//! Inputs from object stores.

use std::fs;

use abaco_connect::objects::{ObjectOutput, fetch};
use abaco_pipeline::Watch;
use abaco_pipeline::fetch::FetchError;

#[test]
fn a_file_is_an_object() {
    let folder = tempfile::tempdir().unwrap();
    // More than two pieces, with an end that is no piece.
    let bytes: Vec<u8> = (0..(17u32 << 20) + 5).map(|n| (n % 253) as u8).collect();
    for (name, bytes) in [("tape one.csv", &bytes[..]), ("empty.csv", b"")] {
        fs::write(folder.path().join(name), bytes).unwrap();
        let url = format!("file://{}/{}", folder.path().display(), name.replace(' ', "%20"));
        let mut found = Vec::new();
        assert_eq!(fetch(&url, &mut found, &Watch::default()), Ok(bytes.len() as u64));
        assert!(found == bytes, "{name}");
    }
}

#[test]
fn what_is_no_object_is_an_error_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let error = |url: &str| fetch(url, &mut Vec::new(), &Watch::default()).unwrap_err();
    let missing = error(&format!("file://{}/none.csv", folder.path().display()));
    assert!(!missing.retry && missing.message.contains("not found"), "{missing:?}");
    assert_eq!(error("nothing"), FetchError::lasting("expected an address such as s3://bucket/path"));
    assert_eq!(
        error("ftp://user:hunter2@h/x"),
        FetchError::lasting("expected file, s3, az, gs, http or https, found `ftp`")
    );
    if cfg!(not(feature = "s3")) {
        let needs = "`s3://` needs a build with the feature `s3`";
        assert_eq!(error("s3://bucket/x?hunter2"), FetchError::lasting(needs));
        assert_eq!(ObjectOutput::new("s3://bucket/x".into()).unwrap_err(), needs);
    }
    let watch = Watch::default();
    watch.cancel();
    fs::write(folder.path().join("tape.csv"), "a").unwrap();
    let url = format!("file://{}/tape.csv", folder.path().display());
    assert_eq!(fetch(&url, &mut Vec::new(), &watch), Err(FetchError::cancelled()));
}
