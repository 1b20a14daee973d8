//! One thing of a run is changed, and it is named.

use std::fs;

use abaco_pipeline::signature::{PublicKey, Signer};
use abaco_pipeline::verify::{Options, ProblemKind, Report, UNSIGNED, verify};
use abaco_pipeline::{ErrorKind, PipelineError};
use rstest::rstest;

use crate::common::{Desk, Toy, look, names, publish};

fn signer() -> Signer {
    Signer::parse(&"07".repeat(32), "test").unwrap()
}

/// Three signed runs, of which the second is looked at.
fn signed() -> Desk {
    let (desk, signer) = (Desk::new(), signer());
    for (run_id, as_of) in [("one", "2025-09-30"), ("two", "2025-10-31"), ("three", "2025-11-30")] {
        let toy = Toy { signer: Some(&signer), ..Toy::of(run_id, as_of) };
        publish(&desk.runs(), &toy).unwrap();
    }
    desk
}

fn with_key(desk: &Desk) -> Report {
    let options = Options { public_key: Some(signer().public_key()) };
    verify(&desk.path("two"), &options).unwrap()
}

/// The kinds of the problems whose place is this file.
fn kinds(report: &Report, file: &str) -> Vec<ProblemKind> {
    let of_file = report.problems.iter().filter(|problem| problem.place.split(' ').next() == Some(file));
    of_file.map(|problem| problem.kind).collect()
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    let desk = signed();
    let report = with_key(&desk);
    assert_eq!(report.problems, []);
    let checks: Vec<String> =
        report.checks.iter().map(|check| format!("{}: {}", check.name, check.detail)).collect();
    let key = signer().public_key();
    assert_eq!(
        checks,
        [
            "ledger: 3 entries in one chain".to_owned(),
            "CURRENT: follows from the ledger".to_owned(),
            "manifest: is that of entry 2 of the ledger".to_owned(),
            format!("signature: signed by {key}"),
            "files: 4 digests recomputed".to_owned(),
            "audit log: 3 entries in one chain".to_owned(),
            "control totals: 2 of 1 phases".to_owned(),
        ]
    );
    assert_eq!(report.signature, format!("signed by {key}"));
    let without = look(&desk.path("two"));
    let said = format!("signed by {key}, but no public key was given: accidental damage only");
    assert_eq!((without.holds(), without.signature), (true, said));
}

/// Every byte of every file, in turn.
#[test]
fn every_flipped_byte_is_found_and_named() {
    let desk = signed();
    let folder = desk.path("two");
    for file in names(&folder) {
        let sound = fs::read(folder.join(&file)).unwrap();
        for at in 0..sound.len() {
            let mut damaged = sound.clone();
            damaged[at] ^= 1;
            fs::write(folder.join(&file), &damaged).unwrap();
            let report = with_key(&desk);
            let found = kinds(&report, &file);
            let expected: &[ProblemKind] = match file.as_str() {
                "manifest.sig" => &[ProblemKind::Changed, ProblemKind::Signature],
                "manifest.json" => &[ProblemKind::Changed, ProblemKind::Truncated],
                _ => &[ProblemKind::Changed],
            };
            assert!(
                found.iter().any(|kind| expected.contains(kind)),
                "{file}, byte {at}: {:?}",
                report.problems
            );
            if at % 8 == 0 {
                assert!(!look(&folder).holds(), "{file}, byte {at}, without a key");
            }
        }
        fs::write(folder.join(&file), sound).unwrap();
    }
    assert!(with_key(&desk).holds());
}

#[test]
fn shorter_longer_missing_and_additional_files() {
    let desk = signed();
    let folder = desk.path("two");
    for file in names(&folder) {
        let path = folder.join(&file);
        let sound = fs::read(&path).unwrap();
        let is_own = file.starts_with("manifest.");
        for end in [0, sound.len() / 2, sound.len().saturating_sub(1)] {
            if end == sound.len() {
                continue;
            }
            fs::write(&path, &sound[..end]).unwrap();
            let found = kinds(&with_key(&desk), &file);
            let named = found.contains(&ProblemKind::Truncated) || (is_own && !found.is_empty());
            assert!(named, "{file} cut at {end}: {found:?}");
        }
        fs::write(&path, [&sound[..], b"x"].concat()).unwrap();
        let found = kinds(&with_key(&desk), &file);
        assert!(found.contains(&ProblemKind::Extended) || (is_own && !found.is_empty()), "{file}: {found:?}");
        fs::remove_file(&path).unwrap();
        assert!(kinds(&with_key(&desk), &file).contains(&ProblemKind::Missing), "{file}");
        fs::create_dir(&path).unwrap();
        let found = verify(&folder, &Options::default());
        assert!(found.is_err() || !found.unwrap().holds(), "{file} as a folder");
        fs::remove_dir(&path).unwrap();
        fs::write(&path, sound).unwrap();
    }
    fs::write(folder.join("more.csv"), "").unwrap();
    fs::create_dir(folder.join("folder")).unwrap();
    let report = with_key(&desk);
    assert_eq!(kinds(&report, "more.csv"), [ProblemKind::Extra]);
    assert_eq!(kinds(&report, "folder"), [ProblemKind::Extra]);
    assert_eq!(report.problems.len(), 2);
}

#[cfg(unix)]
#[test]
fn a_link_is_not_the_file() {
    let desk = signed();
    fs::rename(desk.path("two/kpis.json"), desk.path("elsewhere.json")).unwrap();
    std::os::unix::fs::symlink(desk.path("elsewhere.json"), desk.path("two/kpis.json")).unwrap();
    let found: Vec<String> = with_key(&desk).problems.iter().map(ToString::to_string).collect();
    assert_eq!(found, ["kpis.json: changed: expected a file, found a link or something else"]);
}

/// The digest tells that the file is shorter, and the chain which line is gone.
#[rstest]
#[case(0, "audit.ndjson line 1: removed: expected entry 1, found 2")]
#[case(1, "audit.ndjson line 2: removed: expected entry 2, found 3")]
#[case(2, "audit.ndjson line 3: truncated: expected 3 entries, found 2: the end is missing")]
fn a_removed_audit_line(#[case] index: usize, #[case] message: &str) {
    let desk = signed();
    let path = desk.path("two/audit.ndjson");
    let mut lines: Vec<String> =
        fs::read_to_string(&path).unwrap().split_inclusive('\n').map(str::to_owned).collect();
    lines.remove(index);
    fs::write(&path, lines.concat()).unwrap();
    let found: Vec<String> = with_key(&desk).problems.iter().map(ToString::to_string).collect();
    assert!(found[0].starts_with("audit.ndjson: truncated: expected "), "{found:?}");
    assert_eq!(found[1..], [message]);
}

#[test]
fn a_run_under_another_name() {
    let desk = signed();
    fs::rename(desk.path("two"), desk.path("too")).unwrap();
    let found: Vec<String> = look(&desk.path("too")).problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "LEDGER.ndjson: missing: expected an entry of the run `too`, found none",
            "manifest.json: changed: `run_id`: expected `too` as the folder is called, found `two`",
        ]
    );
}

#[test]
fn signatures() {
    let desk = Desk::new();
    publish(&desk.runs(), &Toy::of("two", "2025-10-31")).unwrap();
    let report = look(&desk.path("two"));
    assert_eq!((report.holds(), report.signature.as_str()), (true, UNSIGNED));
    assert_eq!(UNSIGNED, "unsigned: accidental damage only");
    let report = with_key(&desk);
    assert_eq!(kinds(&report, "manifest.sig"), [ProblemKind::Missing]);
    assert_eq!(report.problems.len(), 1);

    let desk = signed();
    let other = PublicKey::parse(&Signer::parse(&"08".repeat(32), "").unwrap().public_key().to_string(), "");
    let options = Options { public_key: Some(other.unwrap()) };
    let report = verify(&desk.path("two"), &options).unwrap();
    assert_eq!(report.problems.len(), 1);
    let text = report.problems[0].to_string();
    assert!(text.starts_with("manifest.sig: signature: signed by another key: expected "), "{text}");
    // Another run's signature, by the right key.
    fs::copy(desk.path("one/manifest.sig"), desk.path("two/manifest.sig")).unwrap();
    let report = with_key(&desk);
    let found: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
    assert_eq!(found, ["manifest.sig: signature: the signature does not fit the manifest"]);
    assert_eq!(report.signature, "does not stand");
}

#[test]
fn what_is_no_run() {
    let desk = Desk::with_old();
    fs::create_dir(desk.path("empty")).unwrap();
    let audit = abaco_pipeline::audit::AuditLog::new("tester");
    desk.runs().record_failure("bad", &"row 3 was refused", &audit).unwrap();
    for (name, found) in [
        ("empty", "no manifest.json"),
        ("CURRENT", "a file"),
        ("nothing", ""),
        (".failed/bad", "the record of a run that failed"),
    ] {
        let error = verify(&desk.path(name), &Options::default()).unwrap_err();
        assert!(matches!(error, PipelineError::NotARun { .. }), "{error}");
        assert_eq!(error.kind(), ErrorKind::Usage);
        let begins = format!("{}: expected the folder of a run, found {found}", desk.path(name).display());
        assert!(error.to_string().starts_with(&begins), "{error}");
    }
}
