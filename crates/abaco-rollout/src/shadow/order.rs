//! Which calls are shadowed, and which side goes first in them.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

/// So many of so many calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) of: u32,
    pub(super) out_of: u32,
}

impl Sample {
    pub(super) const ALL: Self = Self { of: 1, out_of: 1 };

    /// Whether the call of this number, from 0, is one of them: spread evenly, and exactly so many of each `out_of` calls in
    /// a row.
    pub(super) fn has(self, call: u64) -> bool {
        let [of, out_of] = [self.of, self.out_of].map(u128::from);
        let until = |calls: u128| calls * of / out_of;
        until(u128::from(call) + 1) > until(u128::from(call))
    }
}

/// A fair coin for each call, from a seed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub(super) seed: u64,
}

impl Order {
    /// A seed that nobody knows.
    pub(super) fn random() -> Self {
        Self { seed: RandomState::new().hash_one(0_u8) }
    }

    /// Whether the candidate goes first in the call of this number.
    pub(super) fn candidate_first(self, call: u64) -> bool {
        // SplitMix64: neighbouring numbers give bits that look independent.
        let mut z = self.seed.wrapping_add(call.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) >> 63 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::{Order, Sample};
    use proptest::prelude::*;

    proptest! {
        /// Of any run of `out_of` calls exactly `of` are taken.
        #[test]
        fn samples_are_exact(out_of in 1_u32..50, of in 0_u32..60, start in 0_u64..1_000_000) {
            let of = of.min(out_of);
            let taken = (start..start + u64::from(out_of)).filter(|call| Sample { of, out_of }.has(*call)).count();
            prop_assert_eq!(taken, of as usize);
        }
    }

    /// The generator's first output for the seed 0, as its author publishes it: e220a8397b1dcdaf.
    #[test]
    fn the_coin_is_fair_and_of_its_seed() {
        assert!(Order { seed: 0 }.candidate_first(0));
        let heads = (0..10_000).filter(|call| Order { seed: 7 }.candidate_first(*call)).count();
        assert!((4_700..5_300).contains(&heads), "{heads}");
        let of = |seed| (0..64).map(|call| Order { seed }.candidate_first(call)).collect::<Vec<_>>();
        assert_eq!(of(7), of(7));
        assert_ne!(of(7), of(8));
    }
}
