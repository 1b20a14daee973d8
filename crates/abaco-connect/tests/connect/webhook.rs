//! An address that is told of published runs.

use abaco_connect::http::WebhookOutput;
use abaco_connect::outputs;
use abaco_pipeline::outbox::{OutputSettings, Sent};
use serde_json::{Value, json};

use crate::common::{deliver, deliver_trying, reason};
use crate::server::{Server, answer};
use crate::toy::{Toy, sha256};

fn token(name: &str) -> Option<String> {
    (name == "DASHBOARD_TOKEN").then(|| "word-that-opens".to_owned())
}

fn webhook(server: &Server, path: &str) -> WebhookOutput {
    WebhookOutput::new(server.url(path).into(), Some("DASHBOARD_TOKEN"), &token).unwrap()
}

#[test]
fn it_is_told_which_run_there_is_and_no_figure() {
    let out = tempfile::tempdir().unwrap();
    Toy::default().publish(out.path());
    let server = Server::new(vec![answer(204, &[], b"")]);
    let settings = format!(
        r#"[{{"name": "board", "kind": "webhook", "url": "{}", "token_env": "DASHBOARD_TOKEN"}}]"#,
        server.url("/refresh?board=7")
    );
    let settings: Vec<OutputSettings> = serde_json::from_str(&settings).unwrap();
    assert_eq!((settings[0].name(), settings[0].kind()), ("board", "webhook"));
    let made = outputs(&settings, &token, out.path()).unwrap();
    assert_eq!(deliver(out.path(), "run-1", &*made[0].1), Sent::Delivered);

    let requests = server.requests();
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    let head = head.to_lowercase();
    assert!(head.starts_with("post /refresh?board=7 http/1.1\r\n"), "{head}");
    for line in
        ["content-type: application/json", "idempotency-key: run-1", "authorization: bearer word-that-opens"]
    {
        assert!(head.lines().any(|found| found == line), "{line} in {head}");
    }
    let manifest = std::fs::read(out.path().join("run-1/manifest.json")).unwrap();
    let document: Value =
        serde_json::from_slice(&std::fs::read(out.path().join("run-1/kpis.json")).unwrap()).unwrap();
    let told: Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        told,
        json!({
            "schema_version": 1,
            "event": "run_published",
            "run_id": "run-1",
            "identity": document["identity"],
            "portfolio": document["portfolio"],
            "as_of": document["as_of"],
            "known_at": document["known_at"],
            "manifest_sha256": sha256(&manifest),
        })
    );
    assert!(told["portfolio"].is_string());
}

/// What may pass is tried again by the outbox; what is refused stays there with the reason, in which neither the token is
/// nor any part of the address but its host: many services have the secret in the path.
#[test]
fn a_status_that_is_no_success() {
    for (status, tries) in [(503, 2), (429, 2), (404, 1), (401, 1), (302, 1)] {
        let out = tempfile::tempdir().unwrap();
        Toy::default().publish(out.path());
        let answers = (0..tries).map(|_| answer(status, &["location: http://127.0.0.1:1/x"], b"no"));
        let server = Server::new(answers.collect());
        let (sent, tried) =
            deliver_trying(out.path(), "run-1", &webhook(&server, "/services/secret?key=secret"), 1);
        let host = server.url("");
        assert_eq!(reason(sent), format!("{host}: expected a status from 200 to 299, found {status}"));
        assert_eq!(tried, tries, "{status}");
    }
}

#[test]
fn nobody_there_may_pass() {
    let out = tempfile::tempdir().unwrap();
    Toy::default().publish(out.path());
    let server = Server::new(Vec::new());
    let (sent, tried) = deliver_trying(out.path(), "run-1", &webhook(&server, "/"), 1);
    assert_eq!((reason(sent).is_empty(), tried), (false, 2));
}

#[test]
fn an_address_or_a_token_that_cannot_be_used() {
    let made = |url: &str, token_env| WebhookOutput::new(url.into(), token_env, &token).unwrap_err();
    let plain = "expected https; plain http is for this machine only";
    assert_eq!(made("http://example.org/hook", None), plain);
    assert!(made("https://ana:hunter2@example.org/hook", None).contains("without user and password"));
    assert_eq!(made("https://example.org/hook", Some("NONE")), "environment variable `NONE` is not set");
    assert!(!made("no address hunter2", None).contains("hunter2"));
}
