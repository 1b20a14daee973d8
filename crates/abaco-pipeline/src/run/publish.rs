//! Publishing a run: its files are sealed, and what follows from it is brought up to date.

use std::path::PathBuf;

use super::Pipeline;
use super::files::Results;
use super::manifest::Manifest;
use super::session::Session;
use crate::PipelineError;
use crate::history::History;
use crate::ledger::LedgerFacts;
use crate::outbox;
use crate::seal::Sealing;
use crate::signature::Signer;

impl Pipeline {
    /// Writes the run's files and seals it; `None` for a run that is not to be published.
    pub(super) fn publish(
        &self,
        session: &mut Session<'_>,
        manifest: &Manifest<'_>,
        results: &Results<'_>,
    ) -> Result<Option<PathBuf>, PipelineError> {
        let Some(staging) = session.staging.take() else { return Ok(None) };
        let document = manifest.document;
        self.write_files(&staging, session, manifest, results)?;
        let sealing = Sealing {
            facts: LedgerFacts {
                run_id: document.run_id.clone(),
                portfolio: document.portfolio.clone(),
                as_of: document.as_of,
            },
            audit: session.audit.clone(),
            outbox: self.deliveries(&document.run_id, session),
            signer: session.signer.as_ref(),
        };
        let sealed =
            staging.seal(sealing, |artefacts, audit| manifest.bytes(&self.config, artefacts, audit))?;
        if let Some(error) = sealed.unfinished {
            session
                .unfinished
                .push(format!("{error}; the run is published, and the next one completes CURRENT"));
        }
        if let Some(out) = sealed.folder.parent() {
            let history = History::open(out).and_then(|mut history| history.catch_up());
            if let Err(error) = history {
                let unfinished =
                    format!("{error}; the run is published, and the next one completes the history");
                session.unfinished.push(unfinished);
            }
        }
        Ok(Some(sealed.folder))
    }

    /// The key that signs manifests, if there is to be one.
    pub(super) fn signer(&self) -> Result<Option<Signer>, PipelineError> {
        let Some(signing) = &self.config.settings.signing else { return Ok(None) };
        let missing = || PipelineError::Secret {
            variable: signing.key_env.clone(),
            message: "expected a signing key, found no such variable".to_owned(),
        };
        Signer::from_env(&signing.key_env)?.ok_or_else(missing).map(Some)
    }

    /// What is to be delivered once the run is published.
    fn deliveries(&self, run_id: &str, session: &Session<'_>) -> Vec<(String, Vec<u8>)> {
        let at = (session.options.clock)();
        let outputs = self.config.settings.outputs.iter();
        outputs.map(|output| outbox::entry(run_id, output.name(), output.kind(), at)).collect()
    }
}
