//! Fetching over HTTP when all goes well, or well in the end.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use abaco_connect::Sources;
use abaco_connect::http::{Clock, Fetched, Http};
use abaco_pipeline::Watch;
use abaco_pipeline::fetch::{Fetch, FetchError, HttpSettings, spool};

use crate::server::{Server, answer, raw};

/// A clock that stands still but for those who wait by it.
#[derive(Debug)]
pub(crate) struct Patient {
    start: Instant,
    waited: Mutex<Duration>,
}

impl Patient {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { start: Instant::now(), waited: Mutex::default() })
    }

    pub(crate) fn waited(&self) -> Duration {
        *self.waited.lock().unwrap()
    }

    pub(crate) fn advance(&self, by: Duration) {
        *self.waited.lock().unwrap() += by;
    }
}

impl Clock for Patient {
    fn now(&self) -> Instant {
        self.start + self.waited()
    }

    fn sleep(&self, wait: Duration) {
        self.advance(wait);
    }
}

pub(crate) fn client(settings: HttpSettings, clock: &Arc<Patient>) -> Http {
    Http::with_clock(settings, &|name| (name == "TOKEN").then(|| "very-secret".to_owned()), clock.clone())
        .unwrap()
}

/// What is fetched from an address by a client of its own.
pub(crate) fn fetched(settings: HttpSettings, url: &str) -> Result<(Vec<u8>, Fetched), FetchError> {
    let mut bytes = Vec::new();
    let fetched = client(settings, &Patient::new()).fetch(url, &mut bytes, &Watch::default())?;
    assert_eq!(fetched.bytes, bytes.len() as u64);
    Ok((bytes, fetched))
}

#[test]
fn a_body_arrives_as_it_is() {
    let body: Vec<u8> = (0..300_000u32).map(|n| (n % 251) as u8).collect();
    let server = Server::new(vec![answer(200, &[], &body)]);
    let (bytes, fetched) = fetched(HttpSettings::default(), &server.url("/tape.csv?x=1")).unwrap();
    assert_eq!((bytes, fetched.tries), (body, 1));
    let request = &server.requests()[0];
    assert!(request.starts_with("GET /tape.csv?x=1 HTTP/1.1\r\n"), "{request}");
    assert!(!request.to_lowercase().contains("authorization"), "{request}");
}

#[test]
fn chunks_are_put_together_and_an_empty_body_is_one() {
    let chunks = b"4\r\na,b\n\r\n3\r\n1,2\r\n0\r\n\r\n";
    let server = Server::new(vec![raw(200, &["transfer-encoding: chunked"], chunks), answer(200, &[], b"")]);
    assert_eq!(fetched(HttpSettings::default(), &server.url("/")).unwrap().0, b"a,b\n1,2");
    assert_eq!(fetched(HttpSettings::default(), &server.url("/")).unwrap().0, b"");
}

#[test]
fn what_may_pass_is_tried_again_from_the_beginning() {
    // 500 bytes of the first try must not be in what the second one brings.
    let half = raw(200, &["content-length: 1000"], &[b'x'; 500]);
    let server =
        Server::new(vec![answer(503, &[], b"down"), half, answer(429, &[], b""), answer(200, &[], b"all")]);
    let (bytes, fetched) = fetched(HttpSettings::default(), &server.url("/")).unwrap();
    assert_eq!((bytes.as_slice(), fetched.tries), (&b"all"[..], 4));
}

#[test]
fn waits_double_from_a_second_and_a_half_and_a_server_may_ask_for_longer() {
    let down = || answer(503, &[], b"");
    let server = Server::new(vec![down(), down(), down(), answer(200, &[], b"")]);
    let clock = Patient::new();
    client(HttpSettings::default(), &clock)
        .fetch(&server.url("/"), &mut Vec::new(), &Watch::default())
        .unwrap();
    // 1.5 + 3 + 6 seconds, each with up to as much again as jitter.
    let waited = clock.waited();
    assert!(waited >= Duration::from_millis(10_500) && waited <= Duration::from_secs(21), "{waited:?}");
    let server = Server::new(vec![answer(429, &["retry-after: 45"], b""), answer(200, &[], b"")]);
    let clock = Patient::new();
    client(HttpSettings::default(), &clock)
        .fetch(&server.url("/"), &mut Vec::new(), &Watch::default())
        .unwrap();
    assert_eq!(clock.waited(), Duration::from_secs(45));
}

#[test]
fn requests_keep_their_distance() {
    let server = Server::new((0..5).map(|_| answer(200, &[], b"")).collect());
    let clock = Patient::new();
    let client = client(HttpSettings { requests_per_second: Some(2), ..HttpSettings::default() }, &clock);
    for _ in 0..5 {
        client.fetch(&server.url("/"), &mut Vec::new(), &Watch::default()).unwrap();
    }
    assert_eq!(clock.waited(), Duration::from_secs(2));
}

#[test]
fn the_token_goes_to_its_own_host_alone() {
    let with_token = || HttpSettings { token_env: Some("TOKEN".to_owned()), ..HttpSettings::default() };
    let other = Server::new(vec![answer(200, &[], b"there")]);
    let moved = format!("location: {}", other.url("/elsewhere"));
    let server = Server::new(vec![answer(302, &["location: /moved"], b""), answer(307, &[&moved], b"")]);
    assert_eq!(fetched(with_token(), &server.url("/tape.csv")).unwrap().0, b"there");
    let has_token =
        |request: &String| request.to_lowercase().contains("authorization: bearer very-secret\r\n");
    assert_eq!(server.requests().iter().map(has_token).collect::<Vec<_>>(), [true, true]);
    assert!(server.requests()[1].starts_with("GET /moved "));
    // The same address with another port is another host.
    assert_eq!(other.requests().len(), 1);
    assert!(!other.requests()[0].to_lowercase().contains("secret"), "{}", other.requests()[0]);
}

#[test]
fn a_token_that_is_missing_or_none_is_refused_and_never_shown() {
    let new = |value: Option<&str>| {
        let settings = HttpSettings { token_env: Some("TOKEN".to_owned()), ..HttpSettings::default() };
        let value = value.map(str::to_owned);
        Http::new(settings, &|_| value.clone()).map(|http| format!("{http:?}")).map_err(|error| error.message)
    };
    assert_eq!(new(None), Err("environment variable `TOKEN` is not set".to_owned()));
    for wrong in ["", " ", "very secret", "very-secret\r\nx: y"] {
        let error = new(Some(wrong)).unwrap_err();
        assert_eq!(error, "environment variable `TOKEN`: expected a token of visible characters");
    }
    assert!(!new(Some("very-secret\n")).unwrap().contains("very-secret"));
}

#[test]
fn sources_spool_what_they_fetch() {
    let server = Server::new(vec![answer(200, &[], b"a,b\n1,2\n")]);
    let folder = tempfile::tempdir().unwrap();
    let sources = Sources::new(HttpSettings::default(), &|_| None).unwrap();
    let sources: &dyn Fetch = &sources;
    let path = spool(&server.url("/tapes/tape.csv?k=v"), sources, folder.path(), &Watch::default()).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"a,b\n1,2\n");
    assert!(path.to_str().unwrap().ends_with("-tape.csv"));
    let error = spool("ftp://h/x.csv", sources, folder.path(), &Watch::default()).unwrap_err();
    assert_eq!(error.to_string(), "ftp://h/x.csv: expected file, s3, az, gs, http or https, found `ftp`");
}
