//! The lines of `LEDGER.ndjson`.

use std::fs;
use std::io;
use std::path::Path;

use chrono::NaiveDate;
use serde::Deserialize;

use crate::PipelineError;

const LEDGER: &str = "LEDGER.ndjson";

/// What a line of the ledger says, as far as it matters after the sealing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Listed {
    pub(crate) seq: i64,
    pub(crate) run_id: String,
    pub(crate) portfolio: String,
    pub(crate) as_of: Option<NaiveDate>,
    pub(crate) manifest_sha256: String,
    pub(crate) hash: String,
}

/// The runs that are published in `out`, in the order of their publication. None if there is no ledger.
///
/// A last line without its end is being written, or its writer died: the run is not published yet. The chain is for
/// `verify` to check; here a line only has to be one.
pub(crate) fn listed(out: &Path) -> Result<Vec<Listed>, PipelineError> {
    let path = out.join(LEDGER);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(PipelineError::input(&path, error)),
    };
    let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
    let mut runs: Vec<Listed> = Vec::new();
    for (line, text) in (1i64..).zip(whole.lines()) {
        let damaged = |found: String| PipelineError::History {
            path: path.clone(),
            message: format!("line {line}: expected an entry with `seq` {line}, found {found}"),
        };
        let entry: Listed = serde_json::from_str(text).map_err(|error| damaged(error.to_string()))?;
        if entry.seq != line {
            return Err(damaged(format!("`seq` {}", entry.seq)));
        }
        if !is_plain(&entry.run_id) {
            return Err(damaged("a run whose id is no name of a folder".to_owned()));
        }
        runs.push(entry);
    }
    Ok(runs)
}

/// Whether a name stays in its folder and is not hidden.
fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !name.is_empty() && !name.starts_with('.') && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(seq: u64, run: &str) -> String {
        format!(
            "{{\"seq\":{seq},\"run_id\":\"{run}\",\"portfolio\":\"p\",\"as_of\":null,\"manifest_sha256\":\"a\",\
             \"audit\":{{}},\"prev\":\"\",\"hash\":\"h{seq}\"}}\n"
        )
    }

    #[test]
    fn whole_lines_are_runs_and_nothing_else_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let ids = |text: &str| {
            fs::write(folder.path().join(LEDGER), text).unwrap();
            listed(folder.path())
                .map(|runs| runs.into_iter().map(|run| run.run_id).collect::<Vec<_>>())
                .map_err(|error| error.to_string().rsplit_once("LEDGER.ndjson: ").unwrap().1.to_owned())
        };
        assert_eq!(listed(folder.path()).unwrap(), []);
        assert_eq!(ids(""), Ok(vec![]));
        let two = line(1, "a") + &line(2, "b");
        assert_eq!(ids(&two), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(ids(&two[..two.len() - 1]), Ok(vec!["a".to_owned()]));
        assert_eq!(
            ids(&(line(1, "a") + &line(3, "b"))),
            Err("line 2: expected an entry with `seq` 2, found `seq` 3".to_owned())
        );
        assert_eq!(
            ids(&line(1, "../x")),
            Err("line 1: expected an entry with `seq` 1, found a run whose id is no name of a folder"
                .to_owned())
        );
        assert!(ids(&(line(1, "a") + "{\n" + &line(3, "b"))).unwrap_err().starts_with("line 2: expected"));
    }
}
