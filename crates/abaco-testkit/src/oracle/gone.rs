//! Why something has no value.

use abaco_kpi::Undefined;

/// Why a measure or a formula has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Gone {
    /// The data does not define it.
    Undefined(Undefined),
    /// Within a reduction: the key's own total is NULL, so the key is skipped.
    NullKey,
    /// The arithmetic went past a limit, or the description makes no sense.
    Failed(String),
}

impl Gone {
    /// What `COALESCE` would catch, and why.
    pub(super) fn reason(&self) -> Option<Undefined> {
        match self {
            Self::Undefined(reason) => Some(*reason),
            Self::NullKey => Some(Undefined::AllNull),
            Self::Failed(_) => None,
        }
    }
}

impl From<Undefined> for Gone {
    fn from(reason: Undefined) -> Self {
        Self::Undefined(reason)
    }
}

/// An expression that no row can evaluate, such as a text plus a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) String);

impl From<Malformed> for Gone {
    fn from(Malformed(message): Malformed) -> Self {
        Self::Failed(message)
    }
}
