//! The outputs of a configuration.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::PipelineError;
use crate::env;
use crate::fetch::SecretUrl;
use crate::yaml;

/// An output to which published runs are delivered.
///
/// ```
/// use abaco_pipeline::outbox::OutputSettings;
///
/// let text = r#"{"kind": "postgres", "name": "warehouse", "url": "${DATABASE_URL}", "tls": "require"}"#;
/// let output: OutputSettings = serde_json::from_str(text)?;
/// assert_eq!((output.name(), output.kind()), ("warehouse", "postgres"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum OutputSettings {
    /// Tables in PostgreSQL.
    Postgres {
        /// The output's name.
        name: String,
        /// `postgres://user:password@host:port/database`; `${ENV}` is resolved when connecting.
        url: SecretUrl,
        /// Whether the connection is encrypted.
        #[serde(default)]
        tls: Tls,
        /// A file of certificates, in PEM, to trust instead of the system's.
        #[serde(default)]
        ca_file: Option<String>,
    },
    /// A copy of the run's folder in an object store.
    ObjectStore {
        /// The output's name.
        name: String,
        /// `s3://bucket/prefix`, `az://container/prefix`, `gs://bucket/prefix` or `file:///folder`.
        url: SecretUrl,
    },
    /// An address that is told of each run.
    Webhook {
        /// The output's name.
        name: String,
        /// `https://host/path`; `${ENV}` is resolved when sending.
        url: SecretUrl,
        /// The environment variable with a bearer token.
        #[serde(default)]
        token_env: Option<String>,
    },
    /// A copy of the run's folder in another folder.
    Folder {
        /// The output's name.
        name: String,
        /// The other folder, relative to the configuration; `${ENV}` is resolved.
        path: String,
    },
}

/// Whether a connection to PostgreSQL is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// Encrypted, and the server proves who it is.
    #[default]
    Require,
    /// Plain: for a socket of this machine or a network that encrypts by itself.
    Disable,
}

impl OutputSettings {
    /// The output's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Postgres { name, .. }
            | Self::ObjectStore { name, .. }
            | Self::Webhook { name, .. }
            | Self::Folder { name, .. } => name,
        }
    }

    /// The output's kind, as the configuration writes it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Postgres { .. } => "postgres",
            Self::ObjectStore { .. } => "object_store",
            Self::Webhook { .. } => "webhook",
            Self::Folder { .. } => "folder",
        }
    }

    /// The same output with every `${ENV}` and `${ENV:default}` replaced; paths are then relative to `base`.
    ///
    /// # Errors
    /// What is wrong, without the text around the reference: it may be a password.
    pub fn resolved(&self, lookup: &dyn Fn(&str) -> Option<String>, base: &Path) -> Result<Self, String> {
        let text = |text: &str| {
            env::resolve(text, lookup).map_err(|error| {
                let told = error.starts_with("environment variable");
                let error = if told { error } else { "expected `${NAME}` or `${NAME:default}`".to_owned() };
                format!("output `{}`: {error}", self.name())
            })
        };
        let url = |url: &SecretUrl| text(url.expose()).map(SecretUrl::from);
        let path = |path: &str| text(path).map(|path| base.join(path).display().to_string());
        Ok(match self {
            Self::Postgres { name, url: to, tls, ca_file } => Self::Postgres {
                name: name.clone(),
                url: url(to)?,
                tls: *tls,
                ca_file: ca_file.as_deref().map(path).transpose()?,
            },
            Self::ObjectStore { name, url: to } => Self::ObjectStore { name: name.clone(), url: url(to)? },
            Self::Webhook { name, url: to, token_env } => {
                Self::Webhook { name: name.clone(), url: url(to)?, token_env: token_env.clone() }
            }
            Self::Folder { name, path: to } => Self::Folder { name: name.clone(), path: path(to)? },
        })
    }
}

/// The kind of the output with this name.
pub fn output_kind<'o>(outputs: &'o [OutputSettings], name: &str) -> Option<&'o str> {
    outputs.iter().find(|output| output.name() == name).map(OutputSettings::kind)
}

/// Refuses names that are no part of a file's name, and a name that is given twice.
///
/// # Errors
/// What is wrong, in words.
pub fn check(outputs: &[OutputSettings]) -> Result<(), String> {
    let mut seen = HashSet::new();
    for name in outputs.iter().map(OutputSettings::name) {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
        if name.is_empty() || name.len() > 64 || !name.bytes().all(plain) {
            return Err(format!(
                "`outputs`: expected a name of a to z, 0 to 9, `_` and `-` with at most 64 of them, found `{name}`"
            ));
        }
        if !seen.insert(name) {
            return Err(format!("`outputs`: expected each name once, found `{name}` twice"));
        }
    }
    Ok(())
}

/// Only the outputs of a configuration, whatever else it says: what is pending can be delivered with a contract that is
/// being changed.
///
/// # Errors
/// [`ErrorKind::Configuration`](crate::ErrorKind) for a file that cannot be read and for outputs that are wrong.
pub fn load(path: &Path) -> Result<Vec<OutputSettings>, PipelineError> {
    #[derive(Deserialize)]
    struct Outputs {
        #[serde(default)]
        outputs: Vec<OutputSettings>,
    }
    let unreadable = |source| PipelineError::ConfigUnreadable { path: path.to_path_buf(), source };
    let text = fs::read_to_string(path).map_err(unreadable)?;
    let Outputs { outputs } = yaml::from_str(&text, path)?;
    check(&outputs).map_err(|message| PipelineError::Configuration { path: path.to_path_buf(), message })?;
    Ok(outputs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<OutputSettings>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipeline.yml");
        fs::write(&path, text).unwrap();
        load(&path).map_err(|error| error.to_string().rsplit_once("pipeline.yml: ").unwrap().1.to_owned())
    }

    #[test]
    fn outputs_are_read_and_unknown_keys_refused() {
        let outputs = parse(
            "version: 1\noutputs:\n\
             - {name: warehouse, kind: postgres, url: \"${DATABASE_URL}\"}\n\
             - {name: lake, kind: object_store, url: \"s3://bucket/prefix\"}\n\
             - {name: copy, kind: folder, path: \"${DIR:copies}/x\"}\n",
        )
        .unwrap();
        assert_eq!(
            outputs.iter().map(OutputSettings::kind).collect::<Vec<_>>(),
            ["postgres", "object_store", "folder"]
        );
        assert_eq!(output_kind(&outputs, "lake"), Some("object_store"));
        let OutputSettings::Postgres { tls, .. } = &outputs[0] else { panic!("{outputs:?}") };
        assert_eq!(*tls, Tls::Require);
        let lookup = |name: &str| (name == "DATABASE_URL").then(|| "postgres://u:pw@h/d".to_owned());
        let resolved = outputs[0].resolved(&lookup, Path::new("/base")).unwrap();
        let OutputSettings::Postgres { url, .. } = &resolved else { panic!("{resolved:?}") };
        assert_eq!(url.expose(), "postgres://u:pw@h/d");
        assert!(!format!("{resolved:?}").contains("pw"));
        let OutputSettings::Folder { path, .. } = outputs[2].resolved(&lookup, Path::new("/base")).unwrap()
        else {
            panic!()
        };
        assert_eq!(Path::new(&path), Path::new("/base/copies/x"));
        assert_eq!(parse("version: 1\n").unwrap(), []);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let cases = [
            ("outputs:\n- {name: a, kind: folder, path: x, paht: y}\n", "unknown field `paht`"),
            ("outputs:\n- {name: a, kind: mysql}\n", "unknown variant `mysql`"),
            ("outputs:\n- {name: a, kind: postgres, url: x, tls: maybe}\n", "unknown variant `maybe`"),
            ("outputs:\n- {name: ../a, kind: folder, path: x}\n", "found `../a`"),
            (
                "outputs:\n- {name: a, kind: folder, path: x}\n- {name: a, kind: folder, path: y}\n",
                "found `a` twice",
            ),
        ];
        for (text, expected) in cases {
            let found = parse(text).unwrap_err();
            assert!(found.contains(expected), "{text}: {found}");
        }
    }

    #[test]
    fn an_error_about_a_reference_does_not_show_the_text_around_it() {
        let output = |url: &str| OutputSettings::ObjectStore { name: "a".to_owned(), url: url.into() };
        let error = |url: &str| output(url).resolved(&|_| None, Path::new("")).unwrap_err();
        assert_eq!(error("s3://u:pw@b/${X"), "output `a`: expected `${NAME}` or `${NAME:default}`");
        assert_eq!(
            error("s3://u:pw@b/${X}"),
            "output `a`: environment variable `X` is not set and has no default"
        );
    }
}
