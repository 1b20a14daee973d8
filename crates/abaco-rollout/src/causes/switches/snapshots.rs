//! Which snapshot's rows stand behind a label.

use crate::causes::switch::{Aspect, Effect, Reading, Switch};

pub(in crate::causes) const SWITCHES: &[Switch] = &[
    Switch {
        id: "pooled",
        aspect: Aspect::Snapshots,
        says: "pools {snapshots} snapshots",
        effect: Effect::Reading(Reading::Pooled),
    },
    Switch {
        id: "prior_tape",
        aspect: Aspect::Snapshots,
        says: "publishes the figures of the snapshot before under this label",
        effect: Effect::Reading(Reading::Prior),
    },
];
