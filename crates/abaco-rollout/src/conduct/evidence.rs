//! Storing evidence, and reading it again.

use std::sync::Arc;

use super::{APPROVALS, EVIDENCE};
use crate::approval::Signed;
use crate::evidence::{Evidence, EvidenceStore, Provenance, Sifted};
use crate::journal::{Event, Journal, Record};
use crate::{Rollout, RolloutError};

impl Rollout {
    /// Where evidence lies.
    pub fn evidence(&self) -> EvidenceStore {
        EvidenceStore::open(self.state().join(EVIDENCE), Arc::clone(&self.options().storage))
    }

    pub(super) fn approvals(&self) -> EvidenceStore {
        EvidenceStore::open(self.state().join(APPROVALS), Arc::clone(&self.options().storage))
    }

    /// Stores evidence about the candidate as it is now, and notes it in the journal; gives its digest.
    ///
    /// # Errors
    /// Whatever is wrong with the candidate's configuration, the journal or the disk.
    pub fn record_evidence(&self, evidence: Evidence) -> Result<String, RolloutError> {
        self.note_evidence(&mut self.journal()?, &self.candidate()?, evidence)
    }

    /// Stores evidence whose making began with this candidate.
    ///
    /// # Errors
    /// [`RolloutError::Refused`] if a version is another one by now: nobody can say what was seen of which.
    pub(super) fn note_evidence(
        &self,
        journal: &mut Journal,
        candidate: &str,
        evidence: Evidence,
    ) -> Result<String, RolloutError> {
        let is_other_baseline = match evidence.baseline() {
            Some(baseline) => self.baseline()? != baseline,
            None => false,
        };
        if self.candidate()? != candidate || is_other_baseline {
            let message =
                "evidence: expected the versions to stay as they are while it is made, found others";
            return Err(RolloutError::Refused(message.to_owned()));
        }
        let kind = evidence.kind().to_owned();
        let (at, actor) = ((self.options().clock)(), self.options().actor.clone());
        let candidate = candidate.to_owned();
        let digest = self.evidence().put(&Provenance { at, actor, candidate, evidence })?;
        journal.append(Event::Recorded { kind, digest: digest.clone() })?;
        Ok(digest)
    }

    /// The evidence that the journal names, and what of it can no longer be read.
    pub(super) fn sifted(&self, record: &Record) -> Sifted {
        let recorded = record.entries.iter().filter_map(|entry| match &entry.event {
            Event::Recorded { digest, .. } => Some(digest.clone()),
            _ => None,
        });
        self.evidence().sift(&recorded.collect::<Vec<_>>())
    }

    /// The approvals that the journal names; one that cannot be read any more approves nothing.
    pub(super) fn signed(&self, record: &Record) -> Vec<Signed> {
        let store = self.approvals();
        let approved = record.entries.iter().filter_map(|entry| match &entry.event {
            Event::Approved { digest, .. } => Some(digest),
            _ => None,
        });
        let read = approved.filter_map(|digest| {
            let text = store
                .document(digest)
                .inspect_err(|error| tracing::warn!(%error, "an approval is lost"))
                .ok()?;
            let unlike = |error: &serde_json::Error| tracing::warn!(%error, digest, "an approval is none");
            serde_json::from_slice(&text).inspect_err(unlike).ok()
        });
        read.collect()
    }
}
