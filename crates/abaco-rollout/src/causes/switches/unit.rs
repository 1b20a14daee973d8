//! The unit of a rate.

use crate::causes::printing::Printing;
use crate::causes::switch::{Aspect, Effect, Switch};

pub(in crate::causes) const SWITCHES: &[Switch] = &[
    unit("per_cent", "publishes per cent (3.31 instead of 0.0331)", 100, 1),
    unit("fraction", "publishes fractions (0.0331 instead of 3.31)", 1, 100),
    unit("yearly", "publishes a monthly rate as a yearly one (12 times as much)", 12, 1),
    unit("monthly", "publishes a yearly rate as a monthly one (a twelfth)", 1, 12),
];

const fn unit(id: &'static str, says: &'static str, times: u32, over: u32) -> Switch {
    let effect = Effect::Printing(Printing { times, over, ..Printing::OWN });
    Switch { id, aspect: Aspect::Unit, says, effect }
}
