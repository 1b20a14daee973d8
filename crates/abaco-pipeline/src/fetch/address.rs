//! Addresses: users, passwords and queries in them are secrets.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Whether an input is an address rather than a path.
///
/// ```
/// use abaco_pipeline::fetch::is_url;
///
/// assert!(is_url("https://example.org/tape.csv"));
/// assert!(!is_url("C:\\tape.csv") && !is_url("tape.csv") && !is_url("://x"));
/// ```
pub fn is_url(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    text.split_once("://").is_some_and(|(scheme, _)| !scheme.is_empty() && scheme.bytes().all(plain))
}

/// An address as it may be shown: without user and password, query and fragment.
///
/// Where it cannot be told which part is the secret, nothing but the scheme is left. A text that is not an address is
/// shown only if it is the name of a variable.
///
/// ```
/// use abaco_pipeline::fetch::without_secrets;
///
/// assert_eq!(without_secrets("postgres://ana:pa/ss@db:5432/x?sslmode=require"), "postgres://db:5432/x");
/// assert_eq!(without_secrets("https://h/tape.csv?sig=abc"), "https://h/tape.csv");
/// assert_eq!(without_secrets("https://h/tape.csv?sig=abc@def"), "https://…");
/// assert_eq!(without_secrets("${DATABASE_URL}"), "${DATABASE_URL}");
/// assert_eq!(without_secrets("host=db password=x"), "…");
/// ```
pub fn without_secrets(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://").filter(|_| is_url(url)) else {
        return if is_variable(url) { url.to_owned() } else { "…".to_owned() };
    };
    let query = rest.find(['?', '#']);
    match (rest.rfind('@'), query) {
        (Some(at), Some(query)) if query < at => format!("{scheme}://…"),
        (at, query) => {
            let from = at.map_or(0, |at| at + 1);
            format!("{scheme}://{}", &rest[from..query.unwrap_or(rest.len())])
        }
    }
}

fn is_variable(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.strip_prefix("${")
        .and_then(|text| text.strip_suffix('}'))
        .is_some_and(|name| !name.is_empty() && name.bytes().all(plain))
}

/// An address that shows no secret, neither when printed nor when written to a file.
///
/// ```
/// use abaco_pipeline::fetch::SecretUrl;
///
/// let url = SecretUrl::from("postgres://ana:secret@db/loans");
/// assert_eq!(format!("{url} {url:?}"), "postgres://db/loans SecretUrl(postgres://db/loans)");
/// assert_eq!(url.expose(), "postgres://ana:secret@db/loans");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(String);

impl SecretUrl {
    /// The address itself, to connect with.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for SecretUrl {
    fn from(url: T) -> Self {
        Self(url.into())
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_secrets(&self.0))
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretUrl({self})")
    }
}

impl Serialize for SecretUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SecretUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_of_a_secret_is_shown() {
        for url in [
            "postgres://user:hunter2@db/x",
            "postgres://user:hun/ter2hunter2@db/x",
            "postgres://user:a@hunter2@db/x",
            "postgres://user:hunter2?x@db/x",
            "postgres://user:hunter2#x@db/x",
            "https://h/x?token=hunter2",
            "https://h/x#hunter2",
            "https://h/x?a=hunter2@b?c=hunter2",
            "s3://key:hunter2@bucket/x",
            "hunter2",
            "host=db password=hunter2",
            "${A}hunter2${B}",
            "${hunter2:hunter2}",
        ] {
            let url = SecretUrl::from(url);
            let shown = format!("{url} {url:?} {}", serde_json::to_string(&url).unwrap());
            assert!(!shown.contains("hunter2") && !shown.contains("user"), "{shown}");
        }
    }
}
