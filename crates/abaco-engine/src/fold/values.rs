//! The values of a numeric node over a block, in the narrowest width that its digit bound allows.

use std::borrow::Cow;
use std::rc::Rc;

use arrow::datatypes::i256;

use super::mask::Mask;
use crate::plan::node::Width;

/// Integers of a block. Borrowed where a column is used as it is.
#[derive(Clone, Debug)]
pub(crate) enum Values<'a> {
    I32(&'a [i32]),
    I64(Cow<'a, [i64]>),
    I128(Cow<'a, [i128]>),
    I256(Vec<i256>),
    Constant(i256),
}

/// Values and the rows in which they are not NULL.
#[derive(Clone, Debug)]
pub(crate) struct Numbers<'a> {
    pub(crate) values: Values<'a>,
    pub(crate) valid: Valid,
}

/// The rows that are not NULL; `None` if none is. Behind a pointer, because a mask is four kilobytes and most columns
/// need none.
pub(crate) type Valid = Option<Rc<Mask>>;

/// An integer width. Arithmetic wraps, because the plan has proved that it never needs to.
pub(crate) trait Lane: Copy + Ord {
    const ZERO: Self;

    /// `values` in this width, which is at least theirs.
    fn read<'v>(values: &'v Values<'_>, len: usize) -> Cow<'v, [Self]>;
    fn wrap(values: Vec<Self>) -> Values<'static>;
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
}

macro_rules! native_lane {
    ($type:ty, $variant:ident) => {
        fn wrap(values: Vec<$type>) -> Values<'static> {
            Values::$variant(values.into())
        }

        fn add(self, other: Self) -> Self {
            self.wrapping_add(other)
        }

        fn sub(self, other: Self) -> Self {
            self.wrapping_sub(other)
        }

        fn mul(self, other: Self) -> Self {
            self.wrapping_mul(other)
        }
    };
}

impl Lane for i64 {
    const ZERO: Self = 0;

    fn read<'v>(values: &'v Values<'_>, len: usize) -> Cow<'v, [Self]> {
        match values {
            Values::I32(values) => values.iter().map(|value| i64::from(*value)).collect(),
            Values::I64(values) => Cow::Borrowed(values),
            Values::I128(values) => values.iter().map(|value| *value as i64).collect(),
            Values::I256(values) => values.iter().map(|value| value.as_i128() as i64).collect(),
            Values::Constant(value) => vec![value.as_i128() as i64; len].into(),
        }
    }

    native_lane!(i64, I64);
}

impl Lane for i128 {
    const ZERO: Self = 0;

    fn read<'v>(values: &'v Values<'_>, len: usize) -> Cow<'v, [Self]> {
        match values {
            Values::I32(values) => values.iter().map(|value| i128::from(*value)).collect(),
            Values::I64(values) => values.iter().map(|value| i128::from(*value)).collect(),
            Values::I128(values) => Cow::Borrowed(values),
            Values::I256(values) => values.iter().map(|value| value.as_i128()).collect(),
            Values::Constant(value) => vec![value.as_i128(); len].into(),
        }
    }

    native_lane!(i128, I128);
}

impl Lane for i256 {
    const ZERO: Self = i256::ZERO;

    fn read<'v>(values: &'v Values<'_>, len: usize) -> Cow<'v, [Self]> {
        match values {
            Values::I32(values) => values.iter().map(|value| i256::from(*value)).collect(),
            Values::I64(values) => values.iter().map(|value| i256::from(*value)).collect(),
            Values::I128(values) => values.iter().map(|value| i256::from_i128(*value)).collect(),
            Values::I256(values) => Cow::Borrowed(values),
            Values::Constant(value) => vec![*value; len].into(),
        }
    }

    native_lane!(i256, I256);
}

/// Work that is the same in every width.
pub(crate) trait InLane {
    type Output;
    fn run<L: Lane>(self) -> Self::Output;
}

pub(crate) fn in_lane<W: InLane>(width: Width, work: W) -> W::Output {
    match width {
        Width::W64 => work.run::<i64>(),
        Width::W128 => work.run::<i128>(),
        Width::W256 => work.run::<i256>(),
    }
}

/// The rows valid in both.
pub(crate) fn joint(left: &Valid, right: &Valid) -> Valid {
    match (left, right) {
        (Some(left), Some(right)) => Some(Rc::new(left.and(right))),
        (one, other) => one.as_ref().or(other.as_ref()).map(Rc::clone),
    }
}
