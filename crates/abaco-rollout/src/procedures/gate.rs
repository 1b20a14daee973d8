//! What the procedures must know of the gate.

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
}

/// What is asked of a cutover.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CutoverRequest {
    /// What the gate says.
    pub verdict: GateVerdict,
    /// Why a closed gate is passed all the same; it is journalled with what was missing.
    pub break_glass: Option<String>,
}
