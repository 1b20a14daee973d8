//! One case of the laws: a tape, and how it is cut up.

use proptest::prelude::*;

use crate::strategy::TapeShape;
use crate::{Layout, Tape, TextLayout, Width};

/// A tape with one way to read it and one way to cut it up.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) tape: Tape,
    pub(super) layout: Layout,
    /// A layout in which the same tape must give the same.
    pub(super) other: Layout,
    /// Whether the tape is read as snapshots.
    pub(super) dated: bool,
    /// Whether it is also grouped.
    pub(super) grouped: bool,
    /// By turns, where a row goes in another order, or into which part.
    pub(super) shuffle: Vec<u16>,
    pub(super) batch_rows_max: usize,
    /// By turns, which columns are taken away.
    pub(super) leave_out: Vec<bool>,
}

/// Cases over the tapes that `shape` gives for a width.
pub(super) fn cases(shape: impl Fn(Width) -> TapeShape) -> BoxedStrategy<Case> {
    let of_width = |width: Width| {
        let texts = (texts(), texts());
        let other = prop::sample::select(Width::ALL.to_vec());
        let flags = (any::<bool>(), any::<bool>());
        let shuffle = prop::collection::vec(any::<u16>(), 24);
        let leave_out = prop::collection::vec(any::<bool>(), 1..12);
        (shape(width).strategy(), texts, other, flags, shuffle, 1usize..9, leave_out).prop_map(
            move |(tape, (text, other_text), other, (dated, grouped), shuffle, batch_rows_max, leave_out)| {
                Case {
                    tape,
                    layout: Layout { width, text },
                    other: Layout { width: other, text: other_text },
                    dated,
                    grouped,
                    shuffle,
                    batch_rows_max,
                    leave_out,
                }
            },
        )
    };
    prop_oneof![
        1 => of_width(Width::Decimal32),
        2 => of_width(Width::Decimal64),
        2 => of_width(Width::Decimal128),
    ]
    .boxed()
}

fn texts() -> impl Strategy<Value = TextLayout> {
    prop_oneof![Just(TextLayout::Plain), Just(TextLayout::Dictionary), Just(TextLayout::View)]
}
