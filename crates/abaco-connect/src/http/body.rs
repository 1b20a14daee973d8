//! The body of an answer: as long as announced, and no longer than allowed.

use std::fs::File;
use std::io::{Read, Write};

use abaco_pipeline::Watch;
use abaco_pipeline::fetch::{FetchError, HttpSettings};
use ureq::Body;
use ureq::http::{HeaderName, Response, header};
use url::Url;

use super::disk;
use super::request::described;

/// Writes the body to the file and gives its length.
pub(super) fn save(
    response: Response<Body>,
    url: &Url,
    file: &mut File,
    settings: &HttpSettings,
    watch: &Watch,
) -> Result<u64, FetchError> {
    let limit = settings.max_bytes;
    let too_long = |found: String| {
        FetchError::lasting(format!("expected at most {limit} bytes, found {found}; see `max_bytes`"))
    };
    let text = |name: HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok());
    let encoding = text(header::CONTENT_ENCODING).map(str::to_ascii_lowercase);
    let packed = [".gz", ".zst"].iter().any(|end| url.path().ends_with(end));
    if let Some(encoding) = encoding.filter(|encoding| encoding != "identity" && !packed) {
        return Err(FetchError::lasting(format!(
            "expected a body as it is, found one with encoding `{encoding}`"
        )));
    }
    let chunked = text(header::TRANSFER_ENCODING).is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
    let announced = text(header::CONTENT_LENGTH).and_then(|value| value.trim().parse::<u64>().ok());
    let announced = match announced {
        Some(bytes) if bytes > limit => return Err(too_long(bytes.to_string())),
        Some(bytes) => Some(bytes).filter(|_| !chunked),
        None if chunked => None,
        None => {
            // The end of the connection would be the end of the file, whatever ended it.
            return Err(FetchError::lasting("expected `content-length` or chunks, found neither"));
        }
    };
    let mut reader = response.into_body().into_with_config().limit(u64::MAX).reader();
    let (mut bytes, mut buffer) = (0u64, vec![0; 1 << 16]);
    loop {
        if watch.is_cancelled() {
            return Err(FetchError::cancelled());
        }
        let read = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => {
                let error = described(&ureq::Error::from(error));
                return Err(FetchError { message: format!("after {bytes} bytes: {error}"), ..error });
            }
        };
        bytes += read as u64;
        if bytes > limit {
            return Err(too_long("more".to_owned()));
        }
        file.write_all(&buffer[..read]).map_err(|error| disk(&error))?;
    }
    match announced {
        Some(announced) if announced != bytes => {
            Err(FetchError::passing(format!("expected {announced} bytes, found {bytes}")))
        }
        _ => Ok(bytes),
    }
}
