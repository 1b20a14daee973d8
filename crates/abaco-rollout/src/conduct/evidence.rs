//! Storing evidence, and reading it again.

use std::sync::Arc;

use chrono::{DateTime, Utc};

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
        self.note_evidence(&mut self.journal()?, evidence)
    }

    pub(super) fn note_evidence(
        &self,
        journal: &mut Journal,
        evidence: Evidence,
    ) -> Result<String, RolloutError> {
        let kind = evidence.kind().to_owned();
        let (at, actor) = ((self.options().clock)(), self.options().actor.clone());
        let candidate = self.candidate()?;
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
            let text =
                store.document(digest).inspect_err(|error| tracing::warn!(%error, "an approval is lost"));
            serde_json::from_slice(&text.ok()?).ok()
        });
        read.collect()
    }
}

/// The lines of a journal as the gate's neighbours take them.
pub(super) fn entries(record: &Record) -> Vec<(DateTime<Utc>, String, Event)> {
    record.entries.iter().map(|entry| (entry.at, entry.actor.clone(), entry.event.clone())).collect()
}
