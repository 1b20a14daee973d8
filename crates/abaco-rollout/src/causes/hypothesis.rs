//! Switches thrown together.

use abaco_pipeline::run::Duplicates;

use super::printing::{Printing, Ties};
use super::switch::{Aspect, Effect, Reading, Switch};

/// No switch, one, or two that go together; numbers are places in the list of switches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hypothesis {
    pub(super) switches: Vec<usize>,
    pub(super) rows: Duplicates,
    pub(super) reading: Reading,
    pub(super) printing: Printing,
}

/// No switch first, then each, then all pairs that go together.
pub(super) fn all(switches: &[Switch]) -> Vec<Hypothesis> {
    let mut hypotheses = vec![Hypothesis::of(switches, Vec::new())];
    hypotheses.extend((0..switches.len()).map(|one| Hypothesis::of(switches, vec![one])));
    for one in 0..switches.len() {
        let others = (one + 1..switches.len()).filter(|other| together(&switches[one], &switches[*other]));
        hypotheses.extend(others.map(|other| Hypothesis::of(switches, vec![one, other])));
    }
    hypotheses
}

fn together(one: &Switch, other: &Switch) -> bool {
    // Pooled snapshots have no snapshot before them.
    let looks_back = one.aspect == Aspect::Denominator && other.id == "pooled";
    one.aspect != other.aspect && !looks_back
}

impl Hypothesis {
    fn of(switches: &[Switch], thrown: Vec<usize>) -> Self {
        let mut hypothesis = Self {
            switches: thrown.clone(),
            rows: Duplicates::Collapsed,
            reading: Reading::Own,
            printing: Printing::OWN,
        };
        for switch in thrown {
            match switches[switch].effect {
                Effect::Formula(_) => {}
                Effect::Rows(rows) => hypothesis.rows = rows,
                Effect::Reading(reading) => hypothesis.reading = reading,
                Effect::Printing(printing) => hypothesis.printing = hypothesis.printing.and(printing),
            }
        }
        hypothesis
    }

    /// Whether this one says nothing that `simpler` does not say already.
    pub(super) fn adds_nothing_to(&self, simpler: &Self, switches: &[Switch]) -> bool {
        let has = |hypothesis: &Self, switch: &usize| hypothesis.switches.contains(switch);
        if simpler.switches.iter().all(|switch| has(self, switch)) {
            return true;
        }
        // Noise allows both sides of a tie, and so whatever a way of rounding says of it.
        let is_tie = |switch: &&usize| switches[**switch].aspect == Aspect::Ties;
        let is_loose =
            self.printing.ties == Some(Ties::Either) && simpler.printing.ties != self.printing.ties;
        is_loose && simpler.switches.iter().filter(|switch| !is_tie(switch)).all(|switch| has(self, switch))
    }

    pub(super) fn ids(&self, switches: &[Switch]) -> Vec<String> {
        self.switches.iter().map(|switch| switches[*switch].id.to_owned()).collect()
    }

    /// What a system does that has these conventions.
    pub(super) fn says(&self, switches: &[Switch], name: &str, snapshots: usize) -> String {
        let says: Vec<String> = self
            .switches
            .iter()
            .map(|switch| switches[*switch].says.replace("{snapshots}", &snapshots.to_string()))
            .collect();
        format!("{name} {}", says.join(", and "))
    }

    #[cfg(test)]
    fn has_noise(&self, switches: &[Switch]) -> bool {
        self.ids(switches).iter().any(|id| id == "float_noise")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::switch;

    #[test]
    fn pairs_are_of_two_things_and_each_is_there_once() {
        let switches = switch::all();
        let hypotheses = all(&switches);
        let mut seen = std::collections::BTreeSet::new();
        for hypothesis in &hypotheses {
            assert!(seen.insert(hypothesis.switches.clone()));
            if let [one, other] = hypothesis.switches[..] {
                assert!(one < other && switches[one].aspect != switches[other].aspect);
            }
        }
        let ids: std::collections::BTreeSet<_> = switches.iter().map(|switch| switch.id).collect();
        assert_eq!(ids.len(), switches.len());
    }

    #[test]
    fn noise_adds_nothing_to_a_way_of_rounding() {
        let switches = switch::all();
        let hypotheses = all(&switches);
        let noise = hypotheses.iter().find(|h| h.switches.len() == 1 && h.has_noise(&switches)).unwrap();
        let even = hypotheses.iter().find(|h| h.ids(&switches) == ["half_even"]).unwrap();
        let pooled = hypotheses.iter().find(|h| h.ids(&switches) == ["pooled"]).unwrap();
        assert!(noise.adds_nothing_to(even, &switches));
        assert!(!even.adds_nothing_to(noise, &switches));
        assert!(!noise.adds_nothing_to(pooled, &switches));
        assert!(even.adds_nothing_to(&hypotheses[0], &switches));
    }
}
