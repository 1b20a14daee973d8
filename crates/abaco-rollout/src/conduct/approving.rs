//! Approvals.

use abaco_pipeline::signature::Signer;
use chrono::{DateTime, Utc};

use crate::approval::{Approval, Role, Signed, sign};
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
        let evidence = weighed(&candidate, &self.sifted(&self.record()?).had);
        let at = (self.options().clock)();
        let ApprovalRequest { role, actor, expires } = request.clone();
        Ok(Approval { configuration: self.configuration()?, candidate, evidence, role, actor, at, expires })
    }

    /// Signs what there is, or files it unsigned for a demonstration, and notes it in the journal.
    ///
    /// # Errors
    /// As [`approval`](Self::approval), and [`RolloutError::Refused`] for one that is neither signed nor a demonstration.
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
        self.file(&signed)?;
        Ok(signed)
    }

    /// Files an approval that was signed elsewhere.
    ///
    /// # Errors
    /// What keeps it from being stored. Whether it stands, the gate says.
    pub fn file(&self, signed: &Signed) -> Result<String, RolloutError> {
        let mut journal = self.journal()?;
        let digest = self.approvals().put_document(signed)?;
        let role = signed.approval.role.as_str().to_owned();
        journal.append(Event::Approved { role, digest: digest.clone() })?;
        Ok(digest)
    }
}
