//! A fetched input as a file on the disk.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{Fetch, without_secrets};
use crate::{PipelineError, Watch};

/// The longest part of an address's last name that the file keeps.
const LONGEST_NAME: usize = 80;

/// Fetches `url` into a new private file in `folder`, whose name ends as the address does, so that it tells the format.
///
/// The file is the caller's to remove; after an error there is none.
///
/// # Errors
/// [`PipelineError::Fetch`] for what the fetcher says, [`PipelineError::Output`] for the disk, and
/// [`PipelineError::Cancelled`].
pub fn spool(url: &str, fetcher: &dyn Fetch, folder: &Path, watch: &Watch) -> Result<PathBuf, PipelineError> {
    let failed = |source| PipelineError::Output { path: folder.to_path_buf(), source };
    // Temporary files are readable by their owner alone.
    let file = tempfile::Builder::new()
        .prefix("fetched-")
        .suffix(&format!("-{}", file_name(url)))
        .tempfile_in(folder)
        .map_err(failed)?;
    let mut into = BufWriter::new(file);
    fetcher.fetch(url, &mut into, watch).map_err(|error| match error.cancelled {
        true => PipelineError::Cancelled,
        false => PipelineError::Fetch { url: without_secrets(url), message: error.message },
    })?;
    into.flush().map_err(failed)?;
    let file = into.into_inner().map_err(|error| failed(error.into_error()))?;
    let (_file, path) = file.keep().map_err(|error| failed(error.error))?;
    Ok(path)
}

/// The end of the address's path, as far as it is safe in a file's name.
fn file_name(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let path = path.split_once("://").map_or(path, |(_, path)| path);
    let last = path.rsplit_once('/').map_or("", |(_, last)| last);
    let plain = |char: char| char.is_ascii_alphanumeric() || "-_.".contains(char);
    let safe: Vec<char> = last.chars().map(|char| if plain(char) { char } else { '_' }).collect();
    safe[safe.len().saturating_sub(LONGEST_NAME)..].iter().collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::fetch::FetchError;

    struct Fixed(Result<&'static [u8], FetchError>);

    impl Fetch for Fixed {
        fn fetch(&self, _: &str, into: &mut dyn Write, _: &Watch) -> Result<(), FetchError> {
            into.write_all(b"half").map_err(|error| FetchError::lasting(error.to_string()))?;
            self.0.clone().map(|rest| into.write_all(rest).unwrap())
        }
    }

    #[test]
    fn the_file_is_private_and_its_name_tells_the_format() {
        let folder = tempfile::tempdir().unwrap();
        let cases = [
            ("https://h/a/tape.csv?sig=x/y.parquet", "-tape.csv"),
            ("https://h/tape.jsonl.gz#x", "-tape.jsonl.gz"),
            ("s3://b/p/%2e%2e%2ftape.parquet", "-_2e_2e_2ftape.parquet"),
            ("https://h/", "-"),
            ("https://host.csv", "-"),
        ];
        for (url, end) in cases {
            let path = spool(url, &Fixed(Ok(b"-all")), folder.path(), &Watch::default()).unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"half-all");
            assert!(path.to_str().unwrap().ends_with(end), "{url}: {}", path.display());
            assert_eq!(path.parent().unwrap(), folder.path());
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            }
        }
        let long = format!("https://h/{}.csv", "x".repeat(500));
        let path = spool(&long, &Fixed(Ok(b"")), folder.path(), &Watch::default()).unwrap();
        assert!(path.file_name().unwrap().len() < 120);
    }

    #[test]
    fn a_failure_leaves_no_file_and_shows_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let error = |error| {
            let fixed = Fixed(Err(error));
            spool("https://u:pw@h/t.csv?k=v", &fixed, folder.path(), &Watch::default()).unwrap_err()
        };
        assert_eq!(error(FetchError::passing("status 503")).to_string(), "https://h/t.csv: status 503");
        assert!(matches!(error(FetchError::cancelled()), PipelineError::Cancelled));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
