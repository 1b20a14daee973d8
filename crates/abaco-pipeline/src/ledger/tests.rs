use super::file::Tail;
use super::{Current, Ledger, LedgerEntry, LedgerFacts};
use crate::audit::Head;

/// Lines of runs of these portfolios and days.
fn written(runs: &[(&str, Option<&str>)]) -> (Vec<LedgerEntry>, Vec<String>) {
    let (mut entries, mut lines) = (Vec::new(), Vec::new());
    for (number, (portfolio, as_of)) in runs.iter().enumerate() {
        let facts = LedgerFacts {
            run_id: format!("run-{}", number + 1),
            portfolio: (*portfolio).to_owned(),
            as_of: as_of.map(|date| date.parse().unwrap()),
        };
        let audit = Head { seq: 2, count: 2, hash: "ab".repeat(32) };
        let (entry, line) = LedgerEntry::behind(entries.last(), &facts, "cd".repeat(32), audit).unwrap();
        entries.push(entry);
        lines.push(line);
    }
    (entries, lines)
}

fn three() -> (Vec<LedgerEntry>, Vec<String>) {
    written(&[("a", Some("2025-10-31")), ("a", Some("2025-11-30")), ("b", None)])
}

/// The first line by hand; the digest is what `sha256sum` says of it without `hash`.
#[test]
fn a_line_to_the_letter() {
    let (_, lines) = written(&[("a", Some("2025-10-31"))]);
    let (ab, cd, zeros) = ("ab".repeat(32), "cd".repeat(32), "0".repeat(64));
    let hash = "b1e1f0594bbd75c2dba89d52af1e9c98e6851425ae559325b6dae8d5eebd0bc1";
    assert_eq!(
        lines[0],
        format!(
            "{{\"as_of\":\"2025-10-31\",\"audit\":{{\"count\":2,\"hash\":\"{ab}\",\"seq\":2}},\"hash\":\"{hash}\",\
             \"manifest_sha256\":\"{cd}\",\"portfolio\":\"a\",\"prev\":\"{zeros}\",\"run_id\":\"run-1\",\"seq\":1}}\n"
        )
    );
}

#[test]
fn what_was_written_is_read() {
    let (entries, lines) = three();
    let mut ledger = Ledger::default();
    assert_eq!(ledger.extend(lines.concat().as_bytes()), Ok(None));
    assert_eq!(ledger.entries(), entries);
    assert!(ledger.has("run-3") && !ledger.has("run-4"));
}

/// Wherever the last line stops, it is a tail; what is before it stands.
#[test]
fn an_unfinished_line_is_a_tail() {
    let (entries, lines) = three();
    for end in 1..lines[2].len() {
        let mut ledger = Ledger::default();
        let text = lines[..2].concat() + &lines[2][..end];
        assert_eq!(ledger.extend(text.as_bytes()), Ok(Some(Tail { line: 3, bytes: end as u64 })));
        assert_eq!(ledger.entries(), &entries[..2]);
    }
}

#[test]
fn a_bad_line_in_the_middle_is_an_error() {
    let (_, lines) = three();
    // Without the end of its line, it is one with the last and they are an unfinished line: `CURRENT` tells.
    for at in 0..lines[1].len() - 1 {
        let mut text = lines.concat().into_bytes();
        text[lines[0].len() + at] ^= 1;
        let problem = Ledger::default().extend(&text).unwrap_err();
        assert_eq!(problem.line, 2, "byte {at}: {problem}");
    }
    let removed = lines[0].clone() + &lines[2];
    let message = Ledger::default().extend(removed.as_bytes()).unwrap_err().to_string();
    assert_eq!(message, "line 2: removed: expected entry 2, found 3");
}

#[test]
fn a_ledger_is_read_further_and_another_one_anew() {
    let (_, lines) = three();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("LEDGER.ndjson");
    let mut ledger = Ledger::default();
    assert_eq!(ledger.catch_up(folder.path()).unwrap(), None);
    for end in 1..=3 {
        std::fs::write(&path, lines[..end].concat()).unwrap();
        assert_eq!(ledger.catch_up(folder.path()).unwrap(), None);
        assert_eq!(ledger.entries().len(), end);
    }
    let (others, of_others) = written(&[("b", None), ("c", None), ("d", None), ("e", None)]);
    std::fs::write(&path, of_others.concat()).unwrap();
    ledger.catch_up(folder.path()).unwrap();
    assert_eq!(ledger.entries(), others);
    std::fs::write(&path, &lines[0]).unwrap();
    ledger.catch_up(folder.path()).unwrap();
    assert_eq!(ledger.entries().len(), 1);
    std::fs::remove_file(&path).unwrap();
    ledger.catch_up(folder.path()).unwrap();
    assert_eq!(ledger.entries(), []);
}

#[test]
fn the_current_run_is_the_latest_snapshot_and_of_those_the_last() {
    let (entries, _) = written(&[
        ("a", Some("2025-10-31")),
        ("b", None),
        ("a", Some("2025-11-30")),
        ("a", Some("2025-09-30")),
        ("a", Some("2025-11-30")),
        ("b", None),
        ("a", Some("2025-10-31")),
    ]);
    let current = |runs: usize| {
        let current = Current::of(&entries[..runs]).unwrap();
        assert_eq!((current.ledger.seq, &current.ledger.hash), (runs as u64, &entries[runs - 1].hash));
        let run = |name: &str| current.portfolios.get(name).map(|run| run.run_id.clone());
        (run("a").unwrap_or_default(), run("b").unwrap_or_default())
    };
    let named: Vec<(String, String)> = (1..=7).map(current).collect();
    let expected =
        [("1", ""), ("1", "2"), ("3", "2"), ("3", "2"), ("5", "2"), ("5", "6"), ("5", "6")].map(|(a, b)| {
            let id = |number: &str| if number.is_empty() { String::new() } else { format!("run-{number}") };
            (id(a), id(b))
        });
    assert_eq!(named, expected);
    assert_eq!(Current::of(&[]), None);
}

#[test]
fn a_ledger_that_lost_its_tail_is_noticed() {
    let (entries, _) = three();
    let current = Current::of(&entries).unwrap();
    let out = std::path::Path::new("runs");
    assert!(current.known_to(out, &entries).is_ok());
    let error = current.known_to(out, &entries[..2]).unwrap_err().to_string();
    let expected = "truncated: expected at least 3 entries, since `CURRENT` names the last of them, found 2";
    assert!(error.ends_with(expected), "{error}");
    let (others, _) = written(&[("c", None), ("c", None), ("c", None)]);
    let error = current.known_to(out, &others).unwrap_err().to_string();
    assert!(error.ends_with("changed: expected in entry 3 the hash that `CURRENT` names"), "{error}");
}
