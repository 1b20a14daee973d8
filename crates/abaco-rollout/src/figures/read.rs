//! Reading one side: the folder of a run, its document, or a file of values.

use std::path::Path;

use abaco_pipeline::canonical_json::sha256;
use serde_json::Value;

use super::{Figures, ReadOptions, csv, json, run};
use crate::RolloutError;

/// The largest file of values that is read.
const MAX_BYTES: u64 = 64 << 20;

/// Reads the figures of one side: the folder of a published run, a `kpis.json`, or the CSV or JSON values of another system.
///
/// ```
/// use abaco_rollout::figures::{ReadOptions, read};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("v1.csv");
/// std::fs::write(&path, "kpi,segment,as_of,value\npar_30,,2025-12-31,3.50\n")?;
/// let figures = read(&path, &ReadOptions::default())?;
/// assert_eq!(figures.name, "v1.csv");
/// assert_eq!(figures.values.keys().next().map(ToString::to_string).as_deref(), Some("par_30 at 2025-12-31"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`RolloutError::Io`] for a file that cannot be read, [`RolloutError::Figures`] for what is wrong with one, with its row
/// and column.
pub fn read(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Figures, RolloutError> {
    let path = path.as_ref();
    let figures = if path.is_dir() { folder(path, options)? } else { parse(&bytes(path)?, path, options)? };
    let named =
        || path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into());
    Ok(Figures { name: options.name.clone().unwrap_or_else(named), ..figures })
}

/// Reads figures that are in memory already, such as what a program wrote; `place` stands in errors.
///
/// What begins with `[` or `{` is JSON, anything else CSV.
///
/// # Errors
/// [`RolloutError::Figures`] as in [`read`].
pub fn parse(bytes: &[u8], place: &Path, options: &ReadOptions) -> Result<Figures, RolloutError> {
    let refuse = |message: String| RolloutError::figures(place, message);
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
    let figures = match first {
        Some(b'{') if is_run(text) => run::document(text, options).map_err(refuse)?,
        Some(b'{' | b'[') => {
            let json::Values { inputs, values } = json::values(text, options).map_err(refuse)?;
            Figures { inputs, values, ..Figures::default() }
        }
        _ => Figures { values: csv::values(text, options).map_err(refuse)?, ..Figures::default() },
    };
    let name = options.name.clone().unwrap_or_default();
    Ok(Figures { name, digest: sha256(bytes), ..figures })
}

/// A run's document has KPIs where a file of values has values.
fn is_run(text: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Probe {
        kpis: Option<serde::de::IgnoredAny>,
    }
    serde_json::from_slice::<Probe>(text).is_ok_and(|probe| probe.kpis.is_some())
}

/// A published run: its document is what its manifest says, and its inputs are those of the manifest.
fn folder(folder: &Path, options: &ReadOptions) -> Result<Figures, RolloutError> {
    let path = folder.join("manifest.json");
    let manifest: Value = serde_json::from_slice(&bytes(&path)?)
        .map_err(|error| RolloutError::figures(&path, error.to_string()))?;
    let document = folder.join("kpis.json");
    let figures = parse(&bytes(&document)?, &document, options)?;
    let stated = manifest["artefacts"]["kpis.json"]["sha256"].as_str().unwrap_or("none");
    if stated != figures.digest {
        let message = format!("expected the digest {stated} of the manifest, found {}", figures.digest);
        return Err(RolloutError::figures(&document, message));
    }
    Ok(Figures { inputs: run::inputs(&manifest), ..figures })
}

fn bytes(path: &Path) -> Result<Vec<u8>, RolloutError> {
    let size = std::fs::metadata(path).map_err(|error| RolloutError::io(path, error))?.len();
    if size > MAX_BYTES {
        let message = format!("expected at most {MAX_BYTES} bytes, found {size}");
        return Err(RolloutError::figures(path, message));
    }
    std::fs::read(path).map_err(|error| RolloutError::io(path, error))
}
