//! Approvals.

use abaco_pipeline::signature::Signer;
use chrono::{DateTime, Utc};

use super::weighing::operators;
use crate::approval::{Approval, Expected, Role, Signed, check, sign};
use crate::gate::weighed;
use crate::journal::Event;
use crate::{Rollout, RolloutError};

/// Who approves as whom, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalRequest {
    /// As whom.
    pub role: Role,
    /// Who; the journal's actor may be somebody else who files it.
    pub actor: String,
    /// From when on it counts no more.
    pub expires: DateTime<Utc>,
}

impl Rollout {
    /// What would be approved now: the candidate, the configuration and the evidence as they are. Its
    /// [bytes](Approval::bytes) can be signed elsewhere.
    ///
    /// # Errors
    /// Whatever is wrong with the candidate's configuration or the journal.
    pub fn approval(&self, request: &ApprovalRequest) -> Result<Approval, RolloutError> {
        let candidate = self.candidate()?;
        let evidence = weighed(&candidate, &self.config().settings.gate, &self.sifted(&self.record()?).had);
        let at = (self.options().clock)();
        let ApprovalRequest { role, actor, expires } = request.clone();
        Ok(Approval { configuration: self.configuration()?, candidate, evidence, role, actor, at, expires })
    }

    /// Signs what there is, or files it unsigned for a demonstration, and notes it in the journal.
    ///
    /// # Errors
    /// As [`approval`](Self::approval) and [`file`](Self::file), and [`RolloutError::Refused`] for one that is neither signed
    /// nor a demonstration.
    pub fn approve(
        &self,
        request: &ApprovalRequest,
        signer: Option<&Signer>,
        demo: bool,
    ) -> Result<Signed, RolloutError> {
        let approval = self.approval(request)?;
        let signed = match signer {
            Some(signer) => sign(approval, signer)?,
            None if demo => Signed::unsigned(approval),
            None => {
                let message =
                    "approval: expected a key to sign it with; unsigned ones count in a demonstration only";
                return Err(RolloutError::Refused(message.to_owned()));
            }
        };
        self.file(&signed, demo)?;
        Ok(signed)
    }

    /// Files an approval, such as one that was signed elsewhere.
    ///
    /// # Errors
    /// [`RolloutError::Refused`] for one that does not stand, since whoever gave it would believe that it does; and what
    /// keeps it from being stored.
    pub fn file(&self, signed: &Signed, demo: bool) -> Result<String, RolloutError> {
        let mut journal = self.journal()?;
        let candidate = self.candidate()?;
        let expected = Expected {
            candidate: &candidate,
            configuration: &self.configuration()?,
            evidence: &weighed(&candidate, &self.config().settings.gate, &self.sifted(journal.record()).had),
            operators: &operators(journal.record()),
            now: (self.options().clock)(),
            demo,
        };
        check(&self.config().settings.approvals, expected, signed).map_err(|lapsed| {
            let Approval { role, actor, .. } = &signed.approval;
            RolloutError::Refused(format!("approval {role}: that of `{actor}` does not stand: {lapsed}"))
        })?;
        let digest = self.approvals().put_document(signed)?;
        let role = signed.approval.role.as_str().to_owned();
        journal.append(Event::Approved { role, digest: digest.clone() })?;
        Ok(digest)
    }
}
