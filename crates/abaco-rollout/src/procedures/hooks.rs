//! The user's programs within a procedure.

use serde_json::json;

use super::site::Site;
use super::steps::Done;
use crate::RolloutError;
use crate::program::{ProgramOutput, ProgramSettings};
use crate::version::VersionSettings;

/// How much of what a hook wrote is kept in the journal.
const KEPT: usize = 4096;

/// Runs a hook for a version, if there is one.
pub(super) fn run(
    site: &Site<'_>,
    name: &str,
    hook: Option<&ProgramSettings>,
    version: &VersionSettings,
) -> Result<Done, RolloutError> {
    let Some(hook) = hook else {
        return Ok(Done::skipped(format!("the hook `{name}` {}", site.without_hook)));
    };
    let configuration = match &version.configuration {
        Some(configuration) => site.config.beside(configuration)?.display().to_string(),
        None => String::new(),
    };
    let given = [
        ("version", version.name.clone()),
        ("configuration", configuration),
        ("pointer", site.pointer.display().to_string()),
        ("folder", site.folder.display().to_string()),
    ];
    let ProgramOutput { stdout, stderr, .. } = hook.run(site.config.folder(), &given)?;
    let details = json!({ "stdout": ending(&stdout), "stderr": ending(&stderr) });
    let program = hook.arguments.first().map_or("", String::as_str);
    Ok(Done::passed(format!("`{program}` ended well for `{}`", version.name)).with(details))
}

/// What a hook would be, for a plan.
pub(super) fn shown(site: &Site<'_>, name: &str, hook: Option<&ProgramSettings>, version: &str) -> String {
    match hook {
        Some(hook) => format!("run `{}` for `{version}`", hook.arguments.join(" ")),
        None => format!("nothing: the hook `{name}` {}", site.without_hook),
    }
}

fn ending(bytes: &[u8]) -> String {
    let kept = &bytes[bytes.len().saturating_sub(KEPT)..];
    String::from_utf8_lossy(kept).into_owned()
}
