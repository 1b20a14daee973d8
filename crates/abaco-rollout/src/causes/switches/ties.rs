//! Where a value goes that lies between two that can be printed.

use crate::causes::printing::{Printing, Ties};
use crate::causes::switch::{Aspect, Effect, Switch};

pub(in crate::causes) const SWITCHES: &[Switch] = &[
    ties("half_up", "rounds ties away from zero", Ties::HalfAway),
    ties("half_even", "rounds ties to the even digit", Ties::HalfEven),
    ties("half_down", "rounds ties towards zero", Ties::HalfDown),
    ties("truncated", "cuts digits off instead of rounding", Ties::Truncate),
    ties(
        "float_noise",
        "computes in floats: the values that differ lie within a 2^-40th of a rounding tie",
        Ties::Either,
    ),
];

const fn ties(id: &'static str, says: &'static str, ties: Ties) -> Switch {
    let effect = Effect::Printing(Printing { ties: Some(ties), ..Printing::OWN });
    Switch { id, aspect: Aspect::Ties, says, effect }
}
