//! Fetching over HTTP when it does not go well.

use std::time::Duration;

use abaco_pipeline::Watch;
use abaco_pipeline::fetch::{FetchError, HttpSettings};

use crate::http::{Patient, client, fetched};
use crate::server::{Answer, Server, answer, head, raw};

fn once() -> HttpSettings {
    HttpSettings { retries: 0, ..HttpSettings::default() }
}

#[track_caller]
fn refused(settings: HttpSettings, answers: Vec<Answer>, path: &str) -> (FetchError, usize) {
    let server = Server::new(answers);
    let error = fetched(settings, &server.url(path)).unwrap_err();
    (error, server.requests().len())
}

#[test]
fn a_refusal_is_not_asked_again() {
    for status in [400, 401, 403, 404, 410, 204, 206, 304] {
        let (error, requests) = refused(HttpSettings::default(), vec![answer(status, &[], b"")], "/");
        assert_eq!(error, FetchError::lasting(format!("expected status 200, found {status}")));
        assert_eq!(requests, 1);
    }
}

#[test]
fn after_the_last_try_it_is_over() {
    for status in [408, 429, 500, 502, 503] {
        let answers = (0..4).map(|_| answer(status, &[], b"")).collect();
        let (error, requests) = refused(HttpSettings::default(), answers, "/");
        assert_eq!(error, FetchError::passing(format!("expected status 200, found {status}")));
        assert_eq!(requests, 4);
    }
}

#[test]
fn a_wait_that_is_too_long_is_not_waited() {
    let server = Server::new(vec![answer(503, &["retry-after: 3600"], b"")]);
    let clock = Patient::new();
    let error = client(HttpSettings::default(), &clock)
        .fetch(&server.url("/"), &mut Vec::new(), &Watch::default())
        .unwrap_err();
    assert_eq!(error.message, "expected status 200, found 503; it asks to wait 3600 s");
    assert_eq!(clock.waited(), Duration::ZERO);
}

#[test]
fn a_body_that_ends_early_or_without_a_known_end_is_an_error() {
    let (error, _) = refused(once(), vec![raw(200, &["content-length: 10"], b"123456789")], "/");
    assert!(error.retry && error.message.starts_with("after 9 bytes: "), "{error:?}");
    let (error, _) = refused(once(), vec![raw(200, &["transfer-encoding: chunked"], b"4\r\nabcd\r\n")], "/");
    assert!(error.retry && error.message.starts_with("after 4 bytes: "), "{error:?}");
    let (error, _) = refused(once(), vec![raw(200, &[], b"who knows")], "/");
    assert_eq!(error, FetchError::lasting("expected `content-length` or chunks, found neither"));
    let (error, _) = refused(once(), vec![Answer::Bytes(Vec::new())], "/");
    assert!(error.retry, "{error:?}");
    let (error, _) = refused(once(), vec![Answer::Bytes(b"220 ftp ready\r\n\r\n".to_vec())], "/");
    assert!(error.retry, "{error:?}");
}

#[test]
fn nothing_of_a_failed_body_is_handed_on() {
    let server = Server::new(vec![raw(200, &["content-length: 10"], b"123456789")]);
    let mut bytes = Vec::new();
    client(once(), &Patient::new()).fetch(&server.url("/"), &mut bytes, &Watch::default()).unwrap_err();
    assert_eq!(bytes, b"");
}

#[test]
fn a_body_that_is_too_long_is_refused_before_or_while_it_comes() {
    let settings = || HttpSettings { max_bytes: 100, ..HttpSettings::default() };
    let (error, _) = refused(settings(), vec![answer(200, &[], &[b'x'; 101])], "/");
    assert_eq!(error, FetchError::lasting("expected at most 100 bytes, found 101; see `max_bytes`"));
    let chunk = format!("65\r\n{}\r\n0\r\n\r\n", "x".repeat(101));
    let (error, _) =
        refused(settings(), vec![raw(200, &["transfer-encoding: chunked"], chunk.as_bytes())], "/");
    assert_eq!(error, FetchError::lasting("expected at most 100 bytes, found more; see `max_bytes`"));
    let server = Server::new(vec![answer(200, &[], &[b'x'; 100])]);
    assert_eq!(fetched(settings(), &server.url("/")).unwrap().0.len(), 100);
}

#[test]
fn an_encoded_body_is_refused_unless_the_address_says_that_it_is_packed() {
    let encoded = || answer(200, &["content-encoding: gzip"], b"packed");
    let (error, _) = refused(HttpSettings::default(), vec![encoded()], "/tape.csv");
    assert_eq!(error, FetchError::lasting("expected a body as it is, found one with encoding `gzip`"));
    let server = Server::new(vec![encoded()]);
    assert_eq!(fetched(HttpSettings::default(), &server.url("/tape.csv.gz")).unwrap().0, b"packed");
}

#[test]
fn a_silent_server_is_given_up() {
    let settings = || HttpSettings { read_timeout_seconds: 1, ..once() };
    let (error, _) = refused(settings(), vec![Answer::Silence(Vec::new())], "/");
    assert!(error.retry && error.message.starts_with("timed out: "), "{error:?}");
    let stuck = head(200, &["content-length: 10"], b"12345");
    let (error, _) = refused(settings(), vec![Answer::Silence(stuck)], "/");
    assert!(error.retry && error.message.starts_with("after 5 bytes: timed out: "), "{error:?}");
}

#[test]
fn redirects_have_an_end_and_do_not_lead_astray() {
    let cases: [(&str, &str); 5] = [
        (
            "http://192.0.2.1/x",
            "a redirect: expected https; plain http leaves this machine only with `allow_http`",
        ),
        ("ftp://192.0.2.1/x", "a redirect: expected https, found `ftp`"),
        ("file:///etc/passwd", "a redirect: expected https, found `file`"),
        (
            "https://user:pw@192.0.2.1/x",
            "a redirect: expected an address without user and password; a token comes from the variable that \
             `token_env` names",
        ),
        ("http://[", "a redirect without an address"),
    ];
    for (location, expected) in cases {
        let location = format!("location: {location}");
        let (error, _) = refused(HttpSettings::default(), vec![answer(302, &[&location], b"")], "/");
        assert_eq!(error, FetchError::lasting(expected), "{location}");
    }
    let (error, _) = refused(HttpSettings::default(), vec![answer(301, &[], b"")], "/");
    assert_eq!(error, FetchError::lasting("a redirect without an address"));
    let circle = (0..6).map(|_| answer(302, &["location: /"], b"")).collect();
    let (error, requests) = refused(HttpSettings::default(), circle, "/");
    assert_eq!((error, requests), (FetchError::lasting("expected at most 5 redirects, found more"), 6));
}

#[test]
fn addresses_that_may_not_be_asked_are_refused_without_their_secrets() {
    let cases = [
        ("http://example.org/x", "expected https; plain http leaves this machine only with `allow_http`"),
        ("ftp://example.org/x", "expected https, found `ftp`"),
        ("https://", "expected an address such as https://host/path"),
        (
            "https://user:hunter2@example.org/x",
            "expected an address without user and password; a token comes from the variable that `token_env` names",
        ),
    ];
    for (url, expected) in cases {
        assert_eq!(fetched(once(), url).unwrap_err(), FetchError::lasting(expected), "{url}");
    }
}

#[test]
fn nobody_there_is_a_failure_that_may_pass() {
    let server = Server::new(vec![]);
    let error = fetched(once(), &server.url("/?token=hunter2")).unwrap_err();
    assert!(error.retry && !error.message.contains("hunter2"), "{error:?}");
}

#[test]
fn a_host_that_failed_three_times_is_left_alone_for_two_minutes() {
    let down = || answer(500, &[], b"");
    let server =
        Server::new(vec![down(), down(), down(), down(), answer(200, &[], b"up"), answer(200, &[], b"up")]);
    let clock = Patient::new();
    let client = client(once(), &clock);
    let fetch =
        || client.fetch(&server.url("/"), &mut Vec::new(), &Watch::default()).map(|fetched| fetched.bytes);
    let down = Err(FetchError::passing("expected status 200, found 500"));
    for _ in 0..3 {
        assert_eq!(fetch(), down);
    }
    let open = |seconds: u64| {
        Err(FetchError::passing(format!(
            "the host failed 3 times in a row; it is asked again in {seconds} s"
        )))
    };
    assert_eq!(fetch(), open(120));
    clock.advance(Duration::from_secs(119));
    assert_eq!(fetch(), open(1));
    assert_eq!(server.requests().len(), 3);
    // Another host is not concerned.
    let other = Server::new(vec![answer(200, &[], b"up")]);
    assert_ne!(other.port(), server.port());
    client.fetch(&other.url("/"), &mut Vec::new(), &Watch::default()).unwrap();
    clock.advance(Duration::from_secs(1));
    assert_eq!(fetch(), down);
    assert_eq!(fetch(), open(120));
    clock.advance(Duration::from_secs(120));
    assert_eq!((fetch(), fetch()), (Ok(2), Ok(2)));
    assert_eq!(server.requests().len(), 6);
}

#[test]
fn whoever_cancels_waits_for_nothing() {
    let watch = Watch::default();
    watch.cancel();
    let server = Server::new(vec![]);
    let clock = Patient::new();
    let error =
        client(HttpSettings::default(), &clock).fetch(&server.url("/"), &mut Vec::new(), &watch).unwrap_err();
    assert_eq!(error, FetchError::cancelled());
    assert_eq!((clock.waited(), server.requests().len()), (Duration::ZERO, 0));
}
