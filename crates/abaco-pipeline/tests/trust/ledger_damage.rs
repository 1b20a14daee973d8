//! The ledger or `CURRENT` is changed, and it is named, by a look at any run and by the next publication.

use std::fs;

use abaco_pipeline::PipelineError;

use crate::common::{Desk, Toy, look, publish};

fn three() -> Desk {
    let desk = Desk::with_old();
    publish(&desk.runs(), &Toy::of("two", "2025-11-30")).unwrap();
    publish(&desk.runs(), &Toy::of("three", "2025-12-31")).unwrap();
    desk
}

/// What a look at the second run finds in the ledger or in `CURRENT`.
fn found(desk: &Desk) -> Vec<String> {
    look(&desk.path("two")).problems.iter().map(ToString::to_string).collect()
}

/// Nothing is published beside it, and it stays as it is.
#[track_caller]
fn stops_publishing(desk: &Desk, file: &str) -> String {
    let before = fs::read(desk.path(file)).ok();
    let error = publish(&desk.runs(), &Toy::of("next", "2026-01-31")).unwrap_err();
    assert!(matches!(error, PipelineError::Damaged { .. }), "{error}");
    assert!(desk.runs().entries().is_err());
    assert_eq!(fs::read(desk.path(file)).ok(), before);
    assert!(!desk.path("next").exists());
    error.to_string().replace(&format!("{}/", desk.out().display()), "")
}

#[test]
fn every_flipped_byte_of_the_ledger() {
    let desk = three();
    let path = desk.path("LEDGER.ndjson");
    let sound = fs::read(&path).unwrap();
    let mut line = 1;
    for at in 0..sound.len() {
        let mut damaged = sound.clone();
        damaged[at] ^= 1;
        fs::write(&path, &damaged).unwrap();
        let found = found(&desk);
        let place = format!("LEDGER.ndjson line {line}: ");
        assert!(found.iter().any(|problem| problem.starts_with(&place)), "byte {at}: {found:?}");
        line += usize::from(sound[at] == b'\n');
        if at % 50 == 0 || sound[at] == b'\n' {
            stops_publishing(&desk, "LEDGER.ndjson");
        }
    }
}

#[test]
fn a_ledger_without_its_tail() {
    let desk = three();
    let path = desk.path("LEDGER.ndjson");
    let sound = fs::read_to_string(&path).unwrap();
    let last = sound.trim_end().rfind('\n').unwrap() + 1;
    fs::write(&path, &sound[..last]).unwrap();
    let message = "LEDGER.ndjson line 3: truncated: `CURRENT` names entry 3, found 2 entries";
    assert_eq!(found(&desk), [message]);
    assert_eq!(
        stops_publishing(&desk, "LEDGER.ndjson"),
        "LEDGER.ndjson: truncated: expected at least 3 entries, since `CURRENT` names the last of them, found 2"
    );
    for end in [last + 1, last + 100, sound.len() - 1] {
        fs::write(&path, &sound[..end]).unwrap();
        let message = "LEDGER.ndjson line 3: truncated: the entry is not whole, and `CURRENT` names it or one behind it";
        assert_eq!(found(&desk), [message], "cut at {end}");
        assert_eq!(
            stops_publishing(&desk, "LEDGER.ndjson"),
            "LEDGER.ndjson: line 3: truncated or changed: `CURRENT` names this entry"
        );
    }
    fs::remove_file(&path).unwrap();
    let problems = found(&desk);
    assert_eq!(problems[0], "LEDGER.ndjson: missing: expected it beside the run, found no file");
    stops_publishing(&desk, "LEDGER.ndjson");
}

/// An unfinished line of which `CURRENT` does not know is no damage: its writer was killed, or is writing.
#[test]
fn a_line_that_is_being_written() {
    let desk = three();
    let path = desk.path("LEDGER.ndjson");
    let sound = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{sound}{{\"as_of\":\"2026")).unwrap();
    let report = look(&desk.path("two"));
    assert!(report.holds(), "{:?}", report.problems);
    assert!(report.checks.iter().any(|check| check.detail.starts_with("line 4 is not whole")));
    assert_eq!(desk.listed(), ["old", "two", "three"]);
    assert_eq!(desk.runs().recover().unwrap().cut, Some(14));
    assert_eq!(fs::read_to_string(&path).unwrap(), sound);
}

#[test]
fn every_flipped_byte_of_current() {
    let desk = three();
    let path = desk.path("CURRENT");
    let sound = fs::read(&path).unwrap();
    for at in 0..sound.len() {
        let mut damaged = sound.clone();
        damaged[at] ^= 1;
        fs::write(&path, &damaged).unwrap();
        let found = found(&desk);
        let named = |problem: &String| {
            // A greater number there is as if the ledger had lost entries: the two contradict each other.
            problem.starts_with("CURRENT: changed: ") || problem.contains("`CURRENT` names entry ")
        };
        assert!(found.iter().any(named), "byte {at}: {found:?}");
    }
    for end in 0..sound.len() {
        fs::write(&path, &sound[..end]).unwrap();
        assert!(found(&desk)[0].starts_with("CURRENT: changed: "), "cut at {end}");
    }
    let message = stops_publishing(&desk, "CURRENT");
    assert!(message.starts_with("CURRENT: ") && message.contains("remove the file"), "{message}");
    fs::remove_file(&path).unwrap();
    assert_eq!(found(&desk), ["CURRENT: missing: the ledger has runs, found no file"]);
    desk.runs().recover().unwrap();
    assert_eq!(fs::read(&path).unwrap(), sound);
}
