//! The one error of this crate.

use crate::Column;

/// What kind of mistake an error is, for callers that branch on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The description itself is wrong: a type, a kind or a literal that cannot be.
    Description,
    /// The arithmetic went past a stated limit.
    Limit,
    /// A division by zero reached a place where it has no meaning.
    Arithmetic,
}

/// Why a KPI could not be described or finished.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KpiError {
    /// An intermediate or final fraction is larger than [`MAX_BITS`](crate::MAX_BITS).
    #[error("too_large: a result of {bits} bits exceeds the limit of {limit}")]
    TooLarge {
        /// Bits that the result has or would have.
        bits: u64,
        /// The limit.
        limit: u64,
    },
    /// A rounded value does not fit the 96-bit mantissa of [`Decimal`](crate::Decimal).
    #[error("a value of {digits} digits at scale {scale} does not fit a decimal of 28 digits")]
    Unrepresentable {
        /// Digits that the rounded value has.
        digits: usize,
        /// Decimal places asked for.
        scale: u32,
    },
    /// A fraction with the denominator zero was asked for.
    #[error("a fraction needs a denominator other than zero")]
    ZeroDenominator,
    /// An exponent outside what the language allows.
    #[error("POWER takes a literal exponent from 1 to {max}, found {found}")]
    Exponent {
        /// The exponent in the formula.
        found: u32,
        /// The largest one allowed.
        max: u32,
    },
    /// A stock and a flow in one row expression.
    #[error("`{stock}` is a stock and `{flow}` is a flow: they do not mix in one row expression")]
    MixedKinds {
        /// A column read at a date.
        stock: Column,
        /// A column that covers a period.
        flow: Column,
    },
}

impl KpiError {
    /// The kind of this error.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::TooLarge { .. } | Self::Unrepresentable { .. } => ErrorKind::Limit,
            Self::ZeroDenominator => ErrorKind::Arithmetic,
            Self::Exponent { .. } | Self::MixedKinds { .. } => ErrorKind::Description,
        }
    }
}
