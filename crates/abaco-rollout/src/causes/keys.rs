//! The keys that are compared, and why others are not.

use std::collections::{BTreeMap, BTreeSet};

use abaco_engine::Bindings;
use abaco_kpi::{Column, Kpi, RowExpr};
use abaco_pipeline::Pipeline;
use abaco_pipeline::arrow::datatypes::Schema;
use chrono::NaiveDate;
use num_bigint::BigInt;

use super::findings::NotCompared;
use super::formula::resolve;
use super::printing::units;
use super::switch::Reading;
use super::values::{Segment, Source};
use super::variants::Compared;
use crate::figures::{Figures, Key};

/// A value of the baseline's, as a hypothesis is held against it.
pub(super) struct Held {
    pub(super) key: Key,
    /// The place of the KPI among those compared.
    pub(super) kpi: usize,
    /// In units of its last place.
    pub(super) published: Option<BigInt>,
    pub(super) scale: u32,
    /// Where each reading finds it.
    own: Option<Source>,
    prior: Option<Source>,
}

/// The keys that are compared.
#[derive(Default)]
pub(super) struct Keys {
    pub(super) compared: Vec<Compared>,
    pub(super) held: Vec<Held>,
    pub(super) not_compared: Vec<NotCompared>,
}

impl Keys {
    /// The keys that this pipeline has over a tape of this schema.
    pub(super) fn new(
        baseline: &Figures,
        keys: &BTreeSet<Key>,
        pipeline: &Pipeline,
        schema: &Schema,
    ) -> Self {
        let mut found = Self::default();
        let mut places = BTreeMap::new();
        let mut digits: BTreeMap<&str, u32> = BTreeMap::new();
        for (key, figure) in baseline.values.iter().filter(|(key, _)| keys.contains(key)) {
            if let Ok(value) = figure.value {
                let most = digits.entry(&key.kpi).or_default();
                *most = (*most).max(value.scale());
            }
        }
        for key in keys {
            let refuse = |reason: String| NotCompared { key: key.clone(), reason };
            let Some(figure) = baseline.values.get(key) else {
                found.not_compared.push(refuse(format!("{} has no such value", baseline.name)));
                continue;
            };
            let Some(kpi) = pipeline.engine().kpis().find(|kpi| kpi.spec().id == key.kpi) else {
                found.not_compared.push(refuse("the candidate has no such kpi".to_owned()));
                continue;
            };
            if let Some(column) = key.segment.keys().find(|name| !groups(name, pipeline.bindings(), schema)) {
                found.not_compared.push(refuse(format!("the tape has no column `{column}`")));
                continue;
            }
            let kpi = *places.entry(&key.kpi).or_insert_with(|| {
                let formula = resolve(&kpi.formula(), pipeline.bindings());
                found.compared.push(Compared { spec: kpi.spec().clone(), formula });
                found.compared.len() - 1
            });
            let printed = digits.get(key.kpi.as_str()).copied().unwrap_or_default();
            let own = figure.value.as_ref().map_or(0, |value| value.scale());
            // More digits than were declared are digits all the same.
            let scale = figure.scale.map_or(printed, |scale| scale.max(own));
            found.held.push(Held {
                key: key.clone(),
                kpi,
                published: figure.value.as_ref().ok().map(|value| units(*value, scale)),
                scale,
                own: None,
                prior: None,
            });
        }
        found
    }

    pub(super) fn segments(&self) -> BTreeSet<Segment> {
        self.held.iter().map(|held| held.key.segment.clone()).collect()
    }

    /// The sets of columns by which the keys are grouped.
    pub(super) fn groups(&self) -> Vec<Vec<Column>> {
        let sets: BTreeSet<Vec<&String>> =
            self.held.iter().map(|held| held.key.segment.keys().collect()).collect();
        let columns = |set: Vec<&String>| set.into_iter().map(|name| Column::from(name.clone())).collect();
        sets.into_iter().filter(|set| !set.is_empty()).map(columns).collect()
    }

    /// Finds the keys among the tape's snapshots; those that are at none are not compared.
    pub(super) fn place(&mut self, snapshots: &[NaiveDate]) {
        let mut kept = Vec::new();
        for mut held in std::mem::take(&mut self.held) {
            let asked = match (held.key.as_of, snapshots.last()) {
                (None, latest) => Ok(latest.copied()),
                (Some(_), None) => Err("the tape has no dates".to_owned()),
                (Some(as_of), Some(_)) if snapshots.contains(&as_of) => Ok(Some(as_of)),
                (Some(as_of), Some(_)) => Err(format!("the tape has no snapshot of {as_of}")),
            };
            match asked {
                Err(reason) => self.not_compared.push(NotCompared { key: held.key, reason }),
                Ok(as_of) => {
                    held.own = Some(as_of.map_or(Source::Undated, Source::At));
                    let prior = snapshots.iter().rev().find(|date| as_of.is_some_and(|as_of| **date < as_of));
                    held.prior = prior.map(|date| Source::At(*date));
                    kept.push(held);
                }
            }
        }
        self.held = kept;
        self.not_compared.sort_by(|a, b| a.key.cmp(&b.key));
    }

    pub(super) fn sources(&self) -> BTreeSet<Source> {
        let mut sources: BTreeSet<Source> =
            self.held.iter().flat_map(|held| [held.own, held.prior]).flatten().collect();
        sources.insert(Source::Pooled);
        sources
    }
}

impl Held {
    /// Where a reading finds the value; none lies before the tape.
    pub(super) fn source(&self, reading: Reading) -> Option<Source> {
        match reading {
            Reading::Own => self.own,
            Reading::Prior => self.prior,
            Reading::Pooled => Some(Source::Pooled),
        }
    }
}

/// Whether rows can be grouped by the column of this name.
fn groups(name: &str, bindings: &Bindings, schema: &Schema) -> bool {
    match bindings.resolve(&RowExpr::Column(Column::from(name.to_owned()))) {
        RowExpr::Column(column) => schema.field_with_name(column.name()).is_ok(),
        _ => false,
    }
}
