//! Rounded to fewer places than are printed.

use crate::causes::printing::Printing;
use crate::causes::switch::{Aspect, Effect, Switch};

pub(in crate::causes) const SWITCHES: &[Switch] = &[
    places("whole", "rounds to whole numbers", 0),
    places("one_place", "rounds to 1 place", 1),
    places("two_places", "rounds to 2 places", 2),
    places("four_places", "rounds to 4 places", 4),
];

const fn places(id: &'static str, says: &'static str, places: u32) -> Switch {
    let effect = Effect::Printing(Printing { places: Some(places), ..Printing::OWN });
    Switch { id, aspect: Aspect::Places, says, effect }
}
