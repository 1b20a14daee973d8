//! From an exact value to the one that is published.

use std::cmp::Ordering;

use abaco_kpi::{Fraction, RoundingMode};
use num_bigint::BigInt;
use num_rational::Ratio;
use num_traits::Signed;
use rust_decimal::Decimal;

/// An exact value.
pub(super) type Rational = Ratio<BigInt>;

/// The distance to a tie, relative to the value, within which floats may fall on either side: 2^-40.
const NOISE_BITS: u32 = 40;

/// Where a value goes that lies between two that can be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ties {
    HalfAway,
    HalfEven,
    HalfDown,
    Truncate,
    /// To whichever was published, near a tie.
    Either,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Printing {
    pub(super) times: u32,
    pub(super) over: u32,
    /// Fewer places than are printed.
    pub(super) places: Option<u32>,
    /// None: as the candidate does.
    pub(super) ties: Option<Ties>,
}

/// What is known of a published value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Published<'a> {
    /// In units of its last place.
    pub(super) units: Option<&'a BigInt>,
    pub(super) scale: u32,
}

impl Printing {
    /// As the candidate writes it.
    pub(super) const OWN: Self = Self { times: 1, over: 1, places: None, ties: None };

    pub(super) fn and(self, other: Self) -> Self {
        Self {
            times: self.times * other.times,
            over: self.over * other.over,
            places: self.places.or(other.places),
            ties: self.ties.or(other.ties),
        }
    }

    /// The value as it is published: units of the baseline's last place.
    pub(super) fn print(self, exact: &Rational, own: RoundingMode, published: Published<'_>) -> BigInt {
        let places = self.places.map_or(published.scale, |places| places.min(published.scale));
        let filled = BigInt::from(10).pow(published.scale - places);
        let above = exact.numer() * self.times * BigInt::from(10).pow(places);
        let below = exact.denom() * self.over;
        let down = &above / &below;
        let up = &down + above.signum();
        let twice = (&above - &down * &below).abs() * 2u8;
        let rounded = match self.ties.unwrap_or(Ties::of(own)) {
            Ties::Truncate => down,
            Ties::Either => {
                // | rest - 1/2 | <= | value | / 2^40, both sides times twice the denominator.
                let distance = (&twice - &below).abs() << NOISE_BITS;
                let near_a_tie = distance <= above.abs() * 2u8;
                match published.units {
                    Some(found)
                        if near_a_tie && [&down, &up].iter().any(|units| *units * &filled == *found) =>
                    {
                        return found.clone();
                    }
                    _ => nearest(down, up, twice.cmp(&below), Ties::of(own)),
                }
            }
            ties => nearest(down, up, twice.cmp(&below), ties),
        };
        rounded * filled
    }
}

fn nearest(down: BigInt, up: BigInt, tie: Ordering, ties: Ties) -> BigInt {
    let goes_up = match (tie, ties) {
        (Ordering::Greater, _) => true,
        (Ordering::Less, _) => false,
        (Ordering::Equal, Ties::HalfAway | Ties::Either) => true,
        (Ordering::Equal, Ties::HalfEven) => down.bit(0),
        (Ordering::Equal, Ties::HalfDown | Ties::Truncate) => false,
    };
    if goes_up { up } else { down }
}

impl Ties {
    pub(super) fn of(mode: RoundingMode) -> Self {
        match mode {
            RoundingMode::HalfEven => Self::HalfEven,
            _ => Self::HalfAway,
        }
    }

    /// As formulas know it, where they do.
    pub(super) fn mode(self) -> Option<RoundingMode> {
        match self {
            Self::HalfAway => Some(RoundingMode::HalfAway),
            Self::HalfEven => Some(RoundingMode::HalfEven),
            Self::HalfDown | Self::Truncate | Self::Either => None,
        }
    }
}

pub(super) fn rational(fraction: &Fraction) -> Rational {
    let (numerator, denominator) = fraction.lowest_terms();
    Rational::new_raw(numerator, denominator)
}

/// A decimal in units of the last of so many places, of which it has no more.
pub(super) fn units(decimal: Decimal, scale: u32) -> BigInt {
    BigInt::from(decimal.mantissa()) * BigInt::from(10).pow(scale.saturating_sub(decimal.scale()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Rational {
        let decimal: Decimal = text.parse().unwrap();
        Rational::new(decimal.mantissa().into(), BigInt::from(10).pow(decimal.scale()))
    }

    fn at(text: &str, scale: u32) -> BigInt {
        units(text.parse().unwrap(), scale)
    }

    fn printed(ties: Ties, exact: &str, published: &str) -> BigInt {
        let printing = Printing { ties: Some(ties), ..Printing::OWN };
        let found = at(published, 2);
        printing.print(&of(exact), RoundingMode::HalfAway, Published { units: Some(&found), scale: 2 })
    }

    #[test]
    fn ties_go_where_the_convention_says() {
        for (ties, exact, expected) in [
            (Ties::HalfAway, "0.125", "0.13"),
            (Ties::HalfAway, "-0.125", "-0.13"),
            (Ties::HalfEven, "0.125", "0.12"),
            (Ties::HalfEven, "0.135", "0.14"),
            (Ties::HalfEven, "-0.135", "-0.14"),
            (Ties::HalfDown, "0.135", "0.13"),
            (Ties::HalfDown, "0.1351", "0.14"),
            (Ties::Truncate, "0.1399", "0.13"),
            (Ties::Truncate, "-0.1399", "-0.13"),
        ] {
            assert_eq!(printed(ties, exact, "0"), at(expected, 2), "{ties:?} {exact}");
        }
    }

    #[test]
    fn noise_reaches_no_further_than_a_2_40th() {
        // 0.125 * 2^-40 is about 1.1e-13.
        for (exact, published, expected) in [
            ("0.125", "0.12", "0.12"),
            ("0.125", "0.13", "0.13"),
            ("0.125", "0.14", "0.13"),
            ("0.1250000000001", "0.12", "0.12"),
            ("0.1250000000002", "0.12", "0.13"),
            ("0.1249999999999", "0.13", "0.13"),
            ("0.1249999999998", "0.13", "0.12"),
        ] {
            assert_eq!(printed(Ties::Either, exact, published), at(expected, 2), "{exact} {published}");
        }
    }

    #[test]
    fn units_and_places_come_before_the_ties() {
        let published = Published { units: None, scale: 4 };
        let fraction = Printing { over: 100, ..Printing::OWN };
        assert_eq!(fraction.print(&of("3.315"), RoundingMode::HalfAway, published), at("0.0332", 4));
        let places = Printing { places: Some(1), ..Printing::OWN };
        assert_eq!(places.print(&of("3.35"), RoundingMode::HalfEven, published), at("3.4", 4));
        let both = fraction.and(Printing { places: Some(2), ..Printing::OWN });
        assert_eq!(both.print(&of("3.315"), RoundingMode::HalfAway, published), at("0.03", 4));
    }
}
