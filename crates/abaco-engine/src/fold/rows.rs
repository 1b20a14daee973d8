//! The rows of a block that something is added up over.

use super::mask::Mask;

/// All rows of a block, as for most KPIs, or some of them. A mask of all would cost more than a short block's sums.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rows<'m> {
    All(usize),
    Chosen(&'m Mask),
}

impl<'m> Rows<'m> {
    /// The rows of a mask over a block of `len`.
    pub(crate) fn of(mask: &'m Mask, len: usize) -> Self {
        if mask.count() == len as u64 { Self::All(len) } else { Self::Chosen(mask) }
    }

    pub(crate) fn count(self) -> u64 {
        match self {
            Self::All(len) => len as u64,
            Self::Chosen(mask) => mask.count(),
        }
    }

    /// Those that are in the mask.
    pub(crate) fn and(self, mask: &Mask) -> Mask {
        match self {
            Self::All(_) => *mask,
            Self::Chosen(own) => own.and(mask),
        }
    }

    /// Those that are not in the mask.
    pub(crate) fn without(self, mask: &Mask) -> Mask {
        match self {
            Self::All(len) => Mask::all(len).without(mask),
            Self::Chosen(own) => own.without(mask),
        }
    }

    /// Calls `visit` with each row, in order.
    #[inline]
    pub(crate) fn for_each(self, visit: impl FnMut(usize)) {
        match self {
            Self::All(len) => (0..len).for_each(visit),
            Self::Chosen(mask) => mask.for_each(visit),
        }
    }
}
