//! Rows that are there twice.

use abaco_pipeline::run::Duplicates;

use crate::causes::switch::{Aspect, Effect, Switch};

pub(in crate::causes) const SWITCHES: &[Switch] = &[
    Switch {
        id: "duplicates_kept",
        aspect: Aspect::Rows,
        says: "counts rows that are there twice as often as they are there",
        effect: Effect::Rows(Duplicates::Kept),
    },
    Switch {
        id: "first_duplicate",
        aspect: Aspect::Rows,
        says: "keeps the first of the rows of one loan that contradict each other",
        effect: Effect::Rows(Duplicates::First),
    },
    Switch {
        id: "last_duplicate",
        aspect: Aspect::Rows,
        says: "keeps the last of the rows of one loan that contradict each other",
        effect: Effect::Rows(Duplicates::Last),
    },
];
