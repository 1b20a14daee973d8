//! What the procedures must know of the gate.

use crate::RolloutError;
use crate::journal::{Event, Record};

/// What the gate says, as a procedure needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GateVerdict {
    /// Whether the candidate may take over.
    pub open: bool,
    /// What is missing, as sentences.
    pub missing: Vec<String>,
    /// The [identity](super::identity) of the candidate that was weighed and approved; another one does not take over.
    pub candidate: Option<String>,
    /// The digests of the evidence on which it rests.
    pub evidence: Vec<String>,
    /// Whether unsigned approvals counted.
    pub demo: bool,
    /// How many lines the journal had when it was weighed; none where nobody else can have written to it since.
    pub weighed: Option<usize>,
}

impl GateVerdict {
    /// A closed gate.
    ///
    /// ```
    /// use abaco_rollout::procedures::GateVerdict;
    ///
    /// let verdict = GateVerdict::closed(["no gate yet"]);
    /// assert_eq!((verdict.open, verdict.missing[0].as_str()), (false, "no gate yet"));
    /// ```
    pub fn closed<T: Into<String>>(missing: impl IntoIterator<Item = T>) -> Self {
        Self { missing: missing.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// Whether it still holds once nobody else writes: what somebody has recorded since was not weighed.
    pub(crate) fn holds_for(&self, record: &Record) -> Result<(), RolloutError> {
        let mut since = record.entries.iter().skip(self.weighed.unwrap_or(record.entries.len()));
        let is_weighed = |event: &Event| matches!(event, Event::Recorded { .. } | Event::Approved { .. });
        match since.rfind(|entry| is_weighed(&entry.event)) {
            None => Ok(()),
            Some(entry) => Err(RolloutError::Refused(format!(
                "the gate: `{}` recorded something while it was weighed (line {}): ask again",
                entry.actor, entry.seq
            ))),
        }
    }

    /// Why the gate lets somebody through.
    pub(crate) fn reason(&self) -> String {
        let demo = if self.demo { " (demo: unsigned approvals count)" } else { "" };
        format!("the gate is open{demo}")
    }
}

/// What is asked of a cutover.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CutoverRequest {
    /// What the gate says.
    pub verdict: GateVerdict,
    /// Why a closed gate is passed all the same; it is journalled with what was missing.
    pub break_glass: Option<String>,
}
