//! What a staging takes, what it refuses, and what a sealed run looks like.

use abaco_pipeline::audit::AuditLog;
use abaco_pipeline::seal::Sealing;
use abaco_pipeline::storage::Access;
use abaco_pipeline::{ErrorKind, PipelineError};
use rstest::rstest;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::common::{Desk, Toy, holds, is_complete, names, publish};

#[test]
fn a_run_and_what_lies_beside_it() {
    let desk = Desk::new();
    let sealed = publish(&desk.runs(), &Toy::of("run-1", "2025-11-30")).unwrap();
    assert_eq!(sealed.folder, desk.path("run-1"));
    assert!(sealed.moved_current && sealed.unfinished.is_none());
    assert_eq!(
        names(&sealed.folder),
        ["audit.ndjson", "kpis.json", "manifest.json", "quarantine.parquet", "tape.parquet"]
    );
    is_complete(&sealed.folder);
    holds(&sealed.folder);
    assert_eq!(names(&desk.out()), [".lock", ".outbox", "CURRENT", "LEDGER.ndjson", "run-1"]);
    assert_eq!(names(&desk.path(".outbox")), ["run-1-0.json"]);
    assert_eq!(desk.runs().entries().unwrap(), std::slice::from_ref(&sealed.entry));
    let manifest = std::fs::read(desk.path("run-1/manifest.json")).unwrap();
    let digest: String = Sha256::digest(&manifest).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((sealed.entry.seq, &sealed.entry.manifest_sha256), (1, &digest));
    assert_eq!((sealed.entry.audit.seq, sealed.entry.audit.count), (3, 3));
    let hash = sealed.entry.hash;
    assert_eq!(
        std::fs::read_to_string(desk.path("CURRENT")).unwrap(),
        format!(
            "{{\"ledger\":{{\"hash\":\"{hash}\",\"seq\":1}},\"portfolios\":{{\"factoring\":{{\"as_of\":\"2025-11-30\",\"run_id\":\"run-1\"}}}}}}\n"
        )
    );
    let audit = std::fs::read_to_string(desk.path("run-1/audit.ndjson")).unwrap();
    let last = audit.lines().last().unwrap();
    assert!(last.contains(r#""action":"publish""#) && last.contains(r#""event":"sealed""#), "{last}");
    assert!(last.contains(r#""detail":{"artefacts":3,"bytes":54}"#), "{last}");
}

#[cfg(unix)]
#[test]
fn permissions() {
    use std::os::unix::fs::PermissionsExt;

    let desk = Desk::with_old();
    let mode = |name: &str| std::fs::metadata(desk.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("old/quarantine.parquet"), 0o600);
    assert_eq!(mode("old/tape.parquet"), mode("LEDGER.ndjson"));
}

#[test]
fn current_never_moves_to_an_older_snapshot() {
    let desk = Desk::new();
    let runs = desk.runs();
    let mut moved = Vec::new();
    for (run_id, as_of) in
        [("a", "2025-10-31"), ("b", "2025-11-30"), ("c", "2025-10-31"), ("d", "2025-11-30")]
    {
        moved.push(publish(&runs, &Toy::of(run_id, as_of)).unwrap().moved_current);
    }
    assert_eq!(moved, [true, true, false, true]);
    assert_eq!(runs.current().unwrap().unwrap().portfolios["factoring"].run_id, "d");
    let other = Toy { portfolio: "par", as_of: None, ..Toy::of("e", "2025-11-30") };
    assert!(publish(&runs, &other).unwrap().moved_current);
    assert_eq!(runs.current().unwrap().unwrap().portfolios.len(), 2);
    desk.visible().iter().for_each(|name| holds(&desk.path(name)));
}

#[test]
fn a_run_of_the_same_name_is_refused() {
    let desk = Desk::with_old();
    std::fs::create_dir(desk.path("empty")).unwrap();
    for name in ["old", "empty"] {
        let error = publish(&desk.runs(), &Toy::of(name, "2025-11-30")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.to_string().starts_with(&format!("{}: ", desk.path(name).display())), "{error}");
    }
    // Somebody makes it while the run is under way.
    let staging = desk.runs().begin("late").unwrap();
    std::fs::create_dir(desk.path("late")).unwrap();
    let facts = Toy::of("late", "2025-11-30").facts();
    let sealing =
        Sealing { facts: facts.clone(), audit: AuditLog::new("tester"), outbox: vec![], signer: None };
    let error = staging
        .seal(sealing, |artefacts, head| {
            let (id, portfolio, as_of) = (&facts.run_id, &facts.portfolio, &facts.as_of);
            let manifest = json!({ "run_id": id, "portfolio": portfolio, "as_of": as_of,
                "artefacts": artefacts, "audit": head });
            Ok(manifest.to_string().into_bytes())
        })
        .unwrap_err();
    assert!(error.to_string().starts_with(&format!("{}: ", desk.path("late").display())), "{error}");
    assert_eq!((desk.listed(), names(&desk.path("late"))), (vec!["old".to_owned()], vec![]));
    assert_eq!(desk.names().0, [".lock", ".outbox"]);
}

#[rstest]
#[case("")]
#[case("..")]
#[case(".hidden")]
#[case("a/b")]
#[case("a\\b")]
#[case("a:b")]
#[case("CURRENT.")]
#[case(&"a".repeat(101))]
fn a_name_that_is_no_run_s(#[case] run_id: &str) {
    let desk = Desk::new();
    let error = desk.runs().begin(run_id).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(!desk.out().exists());
}

#[rstest]
#[case("manifest.json")]
#[case("manifest.sig")]
#[case("audit.ndjson")]
#[case("../kpis.json")]
#[case(".kpis.json")]
#[case("")]
fn a_name_that_is_no_artefact_s(#[case] name: &str) {
    let desk = Desk::new();
    let staging = desk.runs().begin("run-1").unwrap();
    assert_eq!(staging.create(name, Access::Shared).unwrap_err().kind(), ErrorKind::Usage);
    assert_eq!(names(staging.folder()), [""; 0]);
}

#[test]
fn a_file_that_is_not_finished_stops_the_sealing() {
    let desk = Desk::new();
    let staging = desk.runs().begin("run-1").unwrap();
    let _unfinished = staging.create("tape.parquet", Access::Shared).unwrap();
    let sealing = Sealing {
        facts: Toy::of("run-1", "2025-11-30").facts(),
        audit: AuditLog::new("tester"),
        outbox: vec![],
        signer: None,
    };
    let error = staging.seal(sealing, |_, _| Ok(vec![])).unwrap_err().to_string();
    let expected = "tape.parquet: expected a finished file, found one that is still being written";
    assert!(error.ends_with(expected), "{error}");
    assert_eq!(desk.names(), (vec![".lock".to_owned()], vec![]));
}

/// A manifest that says something else of the run than the ledger would.
#[rstest]
#[case("run_id", json!("run-2"))]
#[case("portfolio", json!("other"))]
#[case("as_of", json!(null))]
#[case("artefacts", json!({}))]
#[case("audit", json!({ "seq": 0, "count": 0, "hash": "" }))]
fn a_manifest_that_does_not_fit(#[case] key: &str, #[case] value: serde_json::Value) {
    let desk = Desk::new();
    let staging = desk.runs().begin("run-1").unwrap();
    let facts = Toy::of("run-1", "2025-11-30").facts();
    let (audit, outbox) = (AuditLog::new("tester"), vec![]);
    let sealing = Sealing { facts: facts.clone(), audit, outbox, signer: None };
    let error = staging
        .seal(sealing, |artefacts, head| {
            let mut manifest = json!({ "run_id": facts.run_id, "portfolio": facts.portfolio,
                "as_of": facts.as_of, "artefacts": artefacts, "audit": head });
            manifest[key] = value;
            Ok(manifest.to_string().into_bytes())
        })
        .unwrap_err();
    let expected = format!("`{key}`: expected what is being sealed, found something else");
    assert!(error.to_string().ends_with(&expected), "{error}");
    assert_eq!(desk.names(), (vec![".lock".to_owned()], vec![]));
}

#[test]
fn what_the_manifest_s_maker_says_is_passed_on() {
    let desk = Desk::new();
    let staging = desk.runs().begin("run-1").unwrap();
    let facts = Toy::of("run-1", "2025-11-30").facts();
    let sealing = Sealing { facts, audit: AuditLog::new("tester"), outbox: vec![], signer: None };
    let error = staging.seal(sealing, |_, _| Err(PipelineError::Cancelled)).unwrap_err();
    assert!(matches!(error, PipelineError::Cancelled));
    assert_eq!(desk.names(), (vec![".lock".to_owned()], vec![]));
}
