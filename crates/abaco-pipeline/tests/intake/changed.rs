//! A file that is not the same at the end as at the beginning.

#![cfg(unix)]

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;

use abaco_pipeline::ingest::IngestOptions;
use rstest::rstest;

use crate::common::{Tape, contract};

const CHANGED: &str = "tape.csv: the file changed while it was being read";

fn refusal(change: impl Fn(&Tape)) -> Option<String> {
    let tape = Tape::new("tape.csv", "x\n1\n2\n");
    let mut reader = tape.open(&contract(&["x: { type: int }"]), &IngestOptions::default());
    change(&tape);
    reader.find_map(Result::err).map(|error| tape.message(&error))
}

#[test]
fn the_same_length_and_time() {
    let message = refusal(|tape| {
        let before = fs::metadata(&tape.path).unwrap();
        // Until the file system's clock has moved on.
        for _ in 0..1_000_000 {
            fs::write(&tape.path, "x\n3\n4\n").unwrap();
            let file = File::options().write(true).open(&tape.path).unwrap();
            file.set_modified(before.modified().unwrap()).unwrap();
            let after = fs::metadata(&tape.path).unwrap();
            assert_eq!((after.len(), after.modified().unwrap()), (before.len(), before.modified().unwrap()));
            if (after.ctime(), after.ctime_nsec()) != (before.ctime(), before.ctime_nsec()) {
                break;
            }
        }
    });
    assert_eq!(message.as_deref(), Some(CHANGED));
}

#[rstest]
#[case("replaced")]
#[case("gone")]
#[case("a folder")]
fn another_in_its_place(#[case] how: &str) {
    let message = refusal(|tape| {
        let other = tape.dir.path().join("other.csv");
        fs::write(&other, "x\n1\n2\n").unwrap();
        match how {
            "replaced" => fs::rename(&other, &tape.path).unwrap(),
            _ => fs::remove_file(&tape.path).unwrap(),
        }
        if how == "a folder" {
            fs::create_dir(&tape.path).unwrap();
        }
    });
    assert_eq!(message.as_deref(), Some(CHANGED));
}

#[test]
fn reading_and_looking_change_nothing() {
    let message = refusal(|tape| {
        fs::read(&tape.path).unwrap();
        fs::write(tape.dir.path().join("other.csv"), "x\n").unwrap();
    });
    assert_eq!(message, None);
}
