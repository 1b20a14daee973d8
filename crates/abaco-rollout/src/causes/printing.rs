//! From an exact value to the one that is published.

use abaco_kpi::{Fraction, RoundingMode};
use num_bigint::BigInt;
use num_rational::Ratio;
use num_traits::{One, Signed, Zero};
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
    pub(super) value: Option<&'a Rational>,
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

    /// The value as it is published, at the baseline's places.
    pub(super) fn print(self, exact: &Rational, own: RoundingMode, published: Published<'_>) -> Rational {
        let value = exact * Rational::new(self.times.into(), self.over.into());
        let places = self.places.map_or(published.scale, |places| places.min(published.scale));
        let unit = Rational::from(BigInt::from(10).pow(places));
        let units = &value * &unit;
        let ties = self.ties.unwrap_or(Ties::of(own));
        let down = units.trunc();
        let rest = (&units - &down).abs();
        let up = &down + units.signum();
        let half = Rational::new(1.into(), 2.into());
        let rounded = match ties {
            Ties::Truncate => down,
            Ties::Either => {
                let nearby = units.abs() / Rational::from(BigInt::one() << NOISE_BITS);
                let near_a_tie = (&rest - &half).abs() <= nearby;
                match published.value.map(|value| value * &unit) {
                    Some(found) if near_a_tie && (found == down || found == up) => found,
                    _ => nearest(down, up, &rest, &half, Ties::of(own)),
                }
            }
            ties => nearest(down, up, &rest, &half, ties),
        };
        rounded / unit
    }
}

fn nearest(down: Rational, up: Rational, rest: &Rational, half: &Rational, ties: Ties) -> Rational {
    let is_odd = (down.to_integer() % BigInt::from(2)) != BigInt::zero();
    let goes_up = match ties {
        _ if rest != half => rest > half,
        Ties::HalfAway | Ties::Either => true,
        Ties::HalfEven => is_odd,
        Ties::HalfDown | Ties::Truncate => false,
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

pub(super) fn rational_of(decimal: Decimal) -> Rational {
    Rational::new(decimal.mantissa().into(), BigInt::from(10).pow(decimal.scale()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Rational {
        rational_of(text.parse().unwrap())
    }

    fn printed(ties: Ties, exact: &str, published: &str) -> Rational {
        let printing = Printing { ties: Some(ties), ..Printing::OWN };
        let found = of(published);
        printing.print(&of(exact), RoundingMode::HalfAway, Published { value: Some(&found), scale: 2 })
    }

    #[test]
    fn ties_go_where_the_convention_says() {
        for (ties, exact, expected) in [
            (Ties::HalfAway, "0.125", "0.13"),
            (Ties::HalfAway, "-0.125", "-0.13"),
            (Ties::HalfEven, "0.125", "0.12"),
            (Ties::HalfEven, "0.135", "0.14"),
            (Ties::HalfDown, "0.135", "0.13"),
            (Ties::HalfDown, "0.1351", "0.14"),
            (Ties::Truncate, "0.1399", "0.13"),
            (Ties::Truncate, "-0.1399", "-0.13"),
        ] {
            assert_eq!(printed(ties, exact, "0"), of(expected), "{ties:?} {exact}");
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
            assert_eq!(printed(Ties::Either, exact, published), of(expected), "{exact} {published}");
        }
    }

    #[test]
    fn units_and_places_come_before_the_ties() {
        let published = Published { value: None, scale: 4 };
        let fraction = Printing { over: 100, ..Printing::OWN };
        assert_eq!(fraction.print(&of("3.315"), RoundingMode::HalfAway, published), of("0.0332"));
        let places = Printing { places: Some(1), ..Printing::OWN };
        assert_eq!(places.print(&of("3.35"), RoundingMode::HalfEven, published), of("3.4"));
        let both = fraction.and(Printing { places: Some(2), ..Printing::OWN });
        assert_eq!(both.print(&of("3.315"), RoundingMode::HalfAway, published), of("0.03"));
    }
}
