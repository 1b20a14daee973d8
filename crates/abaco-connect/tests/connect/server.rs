//! A small HTTP server that does what a test says.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What a connection gets.
pub(crate) enum Answer {
    /// These bytes, then the end of the connection.
    Bytes(Vec<u8>),
    /// These bytes, then silence until the client gives up.
    Silence(Vec<u8>),
}

pub(crate) struct Server {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers one connection after the other; when all answers are given, nobody is listening any more.
    pub(crate) fn new(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                seen.lock().unwrap().push(request(&mut stream));
                // A client that has had enough hangs up.
                match answer {
                    Answer::Bytes(bytes) => {
                        let _gone = stream.write_all(&bytes);
                    }
                    Answer::Silence(bytes) => {
                        let _gone = stream.write_all(&bytes);
                        let _end = stream.read_to_end(&mut Vec::new());
                    }
                }
            }
        });
        Self { port, requests }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The requests so far: their heads, and their bodies where there are any.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn request(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
        head.push(byte[0]);
    }
    let mut request = String::from_utf8(head).unwrap();
    let length = request.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).unwrap();
    request.push_str(&String::from_utf8(body).unwrap());
    request
}

/// An answer with this status, these headers and this body, whose length is announced.
pub(crate) fn answer(status: u16, headers: &[&str], body: &[u8]) -> Answer {
    let length = format!("content-length: {}", body.len());
    let headers: Vec<&str> = headers.iter().copied().chain([length.as_str()]).collect();
    raw(status, &headers, body)
}

/// The same with no other headers than these.
pub(crate) fn raw(status: u16, headers: &[&str], body: &[u8]) -> Answer {
    Answer::Bytes(head(status, headers, body))
}

pub(crate) fn head(status: u16, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let mut bytes = format!("HTTP/1.1 {status} X\r\n{headers}connection: close\r\n\r\n").into_bytes();
    bytes.extend_from_slice(body);
    bytes
}
