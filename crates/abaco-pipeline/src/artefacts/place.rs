//! Where data came from, as it may be written down.

/// A path or an address without what opens it: of an address, the name and password before the host, the query and the
/// fragment are left out, since tokens are found in all of them.
///
/// ```
/// use abaco_pipeline::artefacts::without_credentials;
///
/// assert_eq!(without_credentials("https://ana:secret@host/tape.csv?sig=abc#x"), "https://host/tape.csv");
/// assert_eq!(without_credentials("tapes/2025-11.csv"), "tapes/2025-11.csv");
/// ```
pub fn without_credentials(place: &str) -> String {
    let Some((scheme, rest)) = address(place) else {
        return place.to_owned();
    };
    let (host, path) = split(rest);
    format!("{scheme}://{host}{path}")
}

/// The namespace and the name of a data set: the host and the path of an address, the name alone of a file.
pub(super) fn data_set(place: &str) -> (String, String) {
    match address(place) {
        Some((scheme, rest)) => {
            let (host, path) = split(rest);
            (format!("{scheme}://{host}"), path.trim_start_matches('/').to_owned())
        }
        None => {
            let name = place.rsplit(['/', '\\']).next().unwrap_or(place);
            ("file".to_owned(), name.to_owned())
        }
    }
}

fn address(place: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = place.split_once("://")?;
    let first = scheme.bytes().next()?.is_ascii_alphabetic();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    (first && scheme.bytes().all(plain)).then_some((scheme, rest))
}

/// The host without what stands before it, and the path without what stands behind it.
fn split(rest: &str) -> (&str, &str) {
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    // A password may hold a slash that nobody encoded: what stands before an `@` is never shown.
    let rest = rest[..end].rsplit_once('@').map_or(&rest[..end], |(_, host)| host);
    rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_opens_a_place_is_left() {
        let cases = [
            ("https://host:8443/a/b.csv", "https://host:8443/a/b.csv"),
            ("https://u:p@host", "https://host"),
            ("https://u:p%40q@host/a", "https://host/a"),
            ("https://u:p/q@host/a", "https://host/a"),
            ("https://u:p@ss@host/a", "https://host/a"),
            ("https://host?token=a@b", "https://host"),
            ("s3://bucket/key.parquet", "s3://bucket/key.parquet"),
            ("/data/tape@home.csv", "/data/tape@home.csv"),
            ("C:\\tapes\\a.csv", "C:\\tapes\\a.csv"),
        ];
        for (place, expected) in cases {
            assert_eq!(without_credentials(place), expected);
        }
    }

    #[test]
    fn a_file_is_known_by_its_name_and_an_object_by_its_path() {
        let cases = [
            ("/home/ana/tape.csv", ("file", "tape.csv")),
            ("C:\\tapes\\a.csv", ("file", "a.csv")),
            ("s3://bucket/a/b.parquet", ("s3://bucket", "a/b.parquet")),
            ("https://u:p@host:1/t.csv?x=1", ("https://host:1", "t.csv")),
        ];
        for (place, (namespace, name)) in cases {
            assert_eq!(data_set(place), (namespace.to_owned(), name.to_owned()));
        }
    }
}
