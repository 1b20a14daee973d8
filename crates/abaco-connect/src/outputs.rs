//! The outputs of a configuration, able to take runs.

use std::path::Path;

use abaco_pipeline::outbox::{Deliver, OutputSettings};

use crate::folder::FolderOutput;
use crate::http::WebhookOutput;
use crate::objects::ObjectOutput;
use crate::postgres::PostgresOutput;

/// An output with its name.
pub type Named = (String, Box<dyn Deliver>);

/// Makes each output; nothing is connected yet. `env` finds the variables in addresses and paths, which are relative to
/// `base`.
///
/// # Errors
/// What is wrong with an output, by its name and without secrets.
pub fn outputs(
    settings: &[OutputSettings],
    env: &dyn Fn(&str) -> Option<String>,
    base: &Path,
) -> Result<Vec<Named>, String> {
    abaco_pipeline::outbox::check(settings)?;
    settings
        .iter()
        .map(|output| Ok((output.name().to_owned(), one(&output.resolved(env, base)?, env)?)))
        .collect()
}

fn one(output: &OutputSettings, env: &dyn Fn(&str) -> Option<String>) -> Result<Box<dyn Deliver>, String> {
    let named = |error: String| format!("output `{}`: {error}", output.name());
    Ok(match output {
        OutputSettings::Postgres { url, tls, ca_file, .. } => {
            let ca_file = ca_file.as_deref().map(Path::new);
            Box::new(PostgresOutput::new(url, *tls, ca_file).map_err(named)?)
        }
        OutputSettings::ObjectStore { url, .. } => Box::new(ObjectOutput::new(url.clone()).map_err(named)?),
        OutputSettings::Webhook { url, token_env, .. } => {
            Box::new(WebhookOutput::new(url.clone(), token_env.as_deref(), env).map_err(named)?)
        }
        OutputSettings::Folder { path, .. } => Box::new(FolderOutput::new(path)),
        _ => return Err(named(format!("the kind `{}` is not known here", output.kind()))),
    })
}
