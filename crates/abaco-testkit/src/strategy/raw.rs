//! Cells before the mood of their column is known.
//!
//! Rows and moods are drawn independently and meet at the end, so that a failing tape shrinks row by row and cell
//! by cell.

use proptest::prelude::*;

use super::values::{date, decimals, integers, text};
use crate::{Cell, CellType, Width};

/// A cell that still carries all it could become.
#[derive(Clone, Debug)]
pub(super) struct Raw {
    null: bool,
    value: Value,
}

#[derive(Clone, Debug)]
enum Value {
    Number(i128),
    Integer(i64),
    Text(u8),
    Date(u8),
    Boolean(bool),
}

/// What is special about a column of a tape.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mood {
    nulls: Nulls,
    size: Size,
    /// How many different texts or dates there are.
    distinct: u8,
    scale: Option<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Nulls {
    Some,
    None,
    All,
}

#[derive(Clone, Copy, Debug)]
enum Size {
    Any,
    /// Below 1,000: where ties of rounding are.
    Small,
    SmallPositive,
    Zero,
}

pub(super) fn cells(cell_type: CellType, width: Width, beyond_declared: bool) -> BoxedStrategy<Raw> {
    let value = match cell_type {
        CellType::Number { .. } => decimals(width, beyond_declared).prop_map(Value::Number).boxed(),
        CellType::Integer => integers().prop_map(Value::Integer).boxed(),
        CellType::Text => any::<u8>().prop_map(Value::Text).boxed(),
        CellType::Date => any::<u8>().prop_map(Value::Date).boxed(),
        CellType::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
    };
    (prop::bool::weighted(0.12), value).prop_map(|(null, value)| Raw { null, value }).boxed()
}

pub(super) fn moods(columns: usize) -> impl Strategy<Value = Vec<Mood>> {
    let nulls = prop_oneof![6 => Just(Nulls::Some), 6 => Just(Nulls::None), 1 => Just(Nulls::All)];
    let size = prop_oneof![
        4 => Just(Size::Any),
        4 => Just(Size::Small),
        4 => Just(Size::SmallPositive),
        1 => Just(Size::Zero),
    ];
    let distinct = prop_oneof![Just(1u8), Just(2), Just(3), Just(16), Just(u8::MAX)];
    let scale = prop_oneof![8 => Just(None), 1 => Just(Some(0u8)), 1 => Just(Some(4)), 1 => Just(Some(17))];
    let mood = (nulls, size, distinct, scale).prop_map(|(nulls, size, distinct, scale)| Mood {
        nulls,
        size,
        distinct,
        scale,
    });
    prop::collection::vec(mood, columns)
}

impl Mood {
    pub(super) fn dense(self) -> Self {
        Self { nulls: Nulls::None, ..self }
    }

    /// The type of the column; an amount may have other places than it usually has.
    pub(super) fn cell_type(self, usual: CellType, width: Width) -> CellType {
        match (usual, self.scale) {
            (CellType::MONEY, Some(scale)) if scale <= width.digits() => CellType::Number { scale },
            _ => usual,
        }
    }

    pub(super) fn cell(self, raw: &Raw) -> Cell {
        let null = match self.nulls {
            Nulls::Some => raw.null,
            Nulls::None => false,
            Nulls::All => true,
        };
        match (&raw.value, null) {
            (_, true) => Cell::Null,
            (Value::Number(units), _) => Cell::Number(self.sized(*units)),
            (Value::Integer(value), _) => Cell::Integer(*value),
            (Value::Text(index), _) => Cell::Text(text(index % self.distinct)),
            (Value::Date(index), _) => Cell::Date(date(index % self.distinct)),
            (Value::Boolean(value), _) => Cell::Boolean(*value),
        }
    }

    fn sized(self, units: i128) -> i128 {
        match self.size {
            Size::Any => units,
            Size::Small => units % 1_000,
            Size::SmallPositive => (units % 1_000).abs(),
            Size::Zero => 0,
        }
    }
}
