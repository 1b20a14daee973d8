//! All hypotheses, held against all keys.

use std::collections::BTreeMap;

use abaco_pipeline::run::Duplicates;
use num_bigint::BigInt;

use super::hypothesis::Hypothesis;
use super::keys::{Held, Keys};
use super::printing::{Printing, Published, Ties};
use super::switch::{Effect, Reading, Switch};
use super::values::{Exact, Values};
use super::variants::Variants;

/// What a hypothesis says of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// It gives the baseline's value.
    pub(super) explained: bool,
    /// The tape cannot tell.
    pub(super) undecided: bool,
    /// It gives another value than no switch.
    pub(super) differs: bool,
}

/// What a hypothesis gives for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Given {
    /// In units of the baseline's last place.
    Value(BigInt),
    Nothing,
    Unknown,
}

/// The hypotheses with everything that they are held against.
pub(super) struct Trial<'a> {
    pub(super) switches: &'a [Switch],
    pub(super) hypotheses: &'a [Hypothesis],
    pub(super) keys: &'a Keys,
    pub(super) variants: &'a Variants,
    pub(super) passes: &'a BTreeMap<Duplicates, Values>,
    pub(super) snapshots: usize,
}

impl Trial<'_> {
    /// What each hypothesis says of each key.
    pub(super) fn all(&self) -> Vec<Vec<Said>> {
        let none: Vec<Given> = self.keys.held.iter().map(|held| self.given(0, held)).collect();
        let of = |hypothesis: usize| {
            let said = |(held, none): (&Held, &Given)| said(held, self.given(hypothesis, held), none);
            self.keys.held.iter().zip(&none).map(said).collect()
        };
        (0..self.hypotheses.len()).map(of).collect()
    }

    fn given(&self, hypothesis: usize, held: &Held) -> Given {
        let Hypothesis { rows, reading, printing, .. } = &self.hypotheses[hypothesis];
        let (Some(values), Some(source)) = (self.passes.get(rows), held.source(*reading)) else {
            return Given::Unknown;
        };
        let place = self.variants.place(hypothesis, held.kpi);
        match values.get(source, &held.key.segment, place) {
            Exact::Value(exact) => {
                let own = self.keys.compared[held.kpi].spec.rounding.mode;
                let published = Published { units: held.published.as_ref(), scale: held.scale };
                Given::Value(printing.print(exact, own, published))
            }
            Exact::Absent => Given::Nothing,
            Exact::BeforeTheTape => Given::Unknown,
        }
    }

    fn of_kpi(&self, kpi: usize) -> impl Iterator<Item = &Held> {
        self.keys.held.iter().filter(move |held| held.kpi == kpi)
    }

    /// Why a switch can make no difference to a KPI.
    pub(super) fn idle(&self, switch: usize, kpi: usize) -> Option<String> {
        let because = |reason: &str| Some(reason.to_owned());
        match self.switches[switch].effect {
            Effect::Formula(_) => self.variants.idle(switch, kpi).map(str::to_owned),
            Effect::Rows(rows) => match self.passes.contains_key(&rows) {
                true => None,
                false => because("the tape has no row twice"),
            },
            Effect::Reading(Reading::Own) => None,
            Effect::Reading(_) if self.snapshots > 1 => None,
            Effect::Reading(_) => because("the tape has one snapshot"),
            Effect::Printing(Printing { ties: Some(ties), .. })
                if ties == Ties::of(self.keys.compared[kpi].spec.rounding.mode) =>
            {
                because("the candidate does so itself")
            }
            Effect::Printing(Printing { places: Some(places), .. })
                if self.of_kpi(kpi).all(|held| held.scale <= places) =>
            {
                because("the baseline prints no more places")
            }
            Effect::Printing(_) => None,
        }
    }
}

fn said(held: &Held, given: Given, none: &Given) -> Said {
    let differs = given != Given::Unknown && *none != Given::Unknown && given != *none;
    match (given, &held.published) {
        (Given::Unknown, _) => Said { undecided: true, ..Said::default() },
        (Given::Value(value), Some(published)) => {
            Said { explained: value == *published, undecided: false, differs }
        }
        (Given::Nothing, published) => Said { explained: published.is_none(), undecided: false, differs },
        (Given::Value(_), None) => Said { explained: false, undecided: false, differs },
    }
}
