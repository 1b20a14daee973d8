//! Runs copied to a folder and to an object store.

use std::fs;
use std::path::Path;

use abaco_connect::FolderOutput;
use abaco_connect::objects::ObjectOutput;
use abaco_pipeline::outbox::{Deliver, Sent};

use crate::common::{deliver, files, reason};
use crate::toy::Toy;

/// Both kinds of copies below a folder.
fn both(folder: &Path) -> [Box<dyn Deliver>; 2] {
    let url = format!("file://{}", folder.display());
    [Box::new(FolderOutput::new(folder)), Box::new(ObjectOutput::new(url.into()).unwrap())]
}

#[test]
fn a_copy_has_the_same_bytes_and_a_second_one_changes_nothing() {
    for kind in 0..2 {
        let (out, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let to = to.path().join("a/b");
        let folder = Toy::default().publish(out.path());
        let output = &both(&to)[kind];
        assert_eq!(deliver(out.path(), "run-1", &**output), Sent::Delivered);
        assert_eq!(files(&to.join("run-1")), files(&folder));
        let before = files(&to);
        assert_eq!(before.len(), 3);
        assert_eq!(deliver(out.path(), "run-1", &**output), Sent::Delivered);
        assert_eq!(files(&to), before);
        // The signature goes along although the manifest cannot name it.
        Toy { run_id: "run-2", ..Toy::default() }.publish(out.path());
        fs::write(out.path().join("run-2/manifest.sig"), "signature").unwrap();
        assert_eq!(deliver(out.path(), "run-2", &**output), Sent::Delivered);
        assert_eq!(fs::read(to.join("run-2/manifest.sig")).unwrap(), b"signature");
    }
}

#[test]
fn what_is_there_with_other_bytes_is_never_overwritten() {
    for kind in 0..2 {
        for name in ["kpis.csv", "manifest.json"] {
            let (out, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            Toy::default().publish(out.path());
            let output = &both(to.path())[kind];
            assert_eq!(deliver(out.path(), "run-1", &**output), Sent::Delivered);
            let path = to.path().join("run-1").join(name);
            let mut bytes = fs::read(&path).unwrap();
            bytes[0] ^= 1;
            fs::write(&path, &bytes).unwrap();
            let reason = reason(deliver(out.path(), "run-1", &**output));
            assert!(reason.contains(name) && reason.ends_with("a run is never overwritten"), "{reason}");
            assert_eq!(fs::read(&path).unwrap(), bytes);
        }
    }
}

#[test]
fn a_copy_that_was_interrupted_is_completed() {
    let (out, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let folder = Toy::default().publish(out.path());
    // An object store has got one file; a folder has got a hidden half.
    fs::create_dir_all(to.path().join("run-1")).unwrap();
    fs::copy(folder.join("kpis.csv"), to.path().join("run-1/kpis.csv")).unwrap();
    let [_, objects] = both(to.path());
    assert_eq!(deliver(out.path(), "run-1", &*objects), Sent::Delivered);
    assert_eq!(files(&to.path().join("run-1")), files(&folder));
}

#[test]
fn a_folder_that_cannot_be_written_leaves_nothing() {
    let (out, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    Toy::default().publish(out.path());
    fs::write(to.path().join("file"), "in the way").unwrap();
    let [folder, objects] = both(&to.path().join("file"));
    for output in [folder, objects] {
        let reason = reason(deliver(out.path(), "run-1", &*output));
        assert!(reason.contains("file"), "{reason}");
    }
    assert_eq!(files(to.path()), [("file".to_owned(), b"in the way".to_vec())]);
}

#[test]
fn a_long_file_goes_in_parts() {
    let (out, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // Longer than two parts, with an end that is no part.
    let mut document = Toy::default().document();
    document["padding"] = "0123456789abcdef".repeat((33 << 20) / 16).into();
    let folder = Toy::default().publish_as(out.path(), &document);
    let [_, objects] = both(to.path());
    assert_eq!(deliver(out.path(), "run-1", &*objects), Sent::Delivered);
    assert!(files(&to.path().join("run-1")) == files(&folder));
    assert_eq!(deliver(out.path(), "run-1", &*objects), Sent::Delivered);
    let path = to.path().join("run-1/kpis.json");
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, &bytes).unwrap();
    let reason = reason(deliver(out.path(), "run-1", &*objects));
    assert!(reason.ends_with("found others; a run is never overwritten"), "{reason}");
}
