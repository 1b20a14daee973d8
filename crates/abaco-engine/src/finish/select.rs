//! Which snapshot is finished.

use chrono::{Days, NaiveDate};

use crate::EngineError;
use crate::plan::Plan;
use crate::plan::compile::epoch_days;
use crate::state::{SetState, State};

/// The snapshot that a caller asks for. Nothing is ever pooled unless `Pooled` says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AsOf {
    /// The only snapshot; several are an error.
    Single,
    /// The snapshot of this date.
    Date(NaiveDate),
    /// The newest snapshot.
    Latest,
    /// All snapshots as if they were one, which counts a loan once per snapshot: only to reproduce systems that
    /// did so.
    Pooled,
}

/// The dates before and at the chosen snapshot, newest first, as keys of the state.
pub(crate) struct Chosen {
    pub(crate) as_of: Option<NaiveDate>,
    pub(crate) snapshots: Vec<Option<i32>>,
    pub(crate) pooled: bool,
}

impl Plan {
    /// The snapshots that the state knows, oldest first.
    pub fn snapshots(&self, state: &State) -> Vec<NaiveDate> {
        dated(state).into_iter().map(date).collect()
    }

    /// The date of the snapshot that `as_of` means; none for a tape without dates, and for pooled snapshots.
    ///
    /// # Errors
    /// Those of [`finish`](Self::finish).
    pub fn as_of(&self, state: &State, as_of: AsOf) -> Result<Option<NaiveDate>, EngineError> {
        state.check(self)?;
        choose(self, state, as_of).map(|chosen| chosen.as_of)
    }
}

pub(crate) fn choose(plan: &Plan, state: &State, as_of: AsOf) -> Result<Chosen, EngineError> {
    if plan.snapshot.is_none() {
        return match as_of {
            AsOf::Date(asked) => Err(EngineError::NoSnapshots { asked }),
            AsOf::Single | AsOf::Latest | AsOf::Pooled => {
                Ok(Chosen { as_of: None, snapshots: vec![None], pooled: as_of == AsOf::Pooled })
            }
        };
    }
    undated(state)?;
    let days = dated(state);
    let found = || days.iter().copied().map(date).collect();
    let chosen = match as_of {
        AsOf::Pooled => None,
        AsOf::Single if days.len() > 1 => return Err(EngineError::SeveralSnapshots { found: found() }),
        AsOf::Single | AsOf::Latest => days.last().copied(),
        AsOf::Date(asked) => match days.iter().find(|days| **days == epoch_days(asked)) {
            Some(days) => Some(*days),
            None => return Err(EngineError::NoSuchSnapshot { asked, found: found() }),
        },
    };
    let snapshots = match chosen {
        Some(chosen) => days.iter().rev().filter(|days| **days <= chosen).map(|days| Some(*days)).collect(),
        None => vec![None],
    };
    Ok(Chosen { as_of: chosen.map(date), snapshots, pooled: as_of == AsOf::Pooled })
}

/// All snapshots of a grouping set merged into one without a date.
pub(crate) fn pooled(set: &SetState) -> SetState {
    let mut pool = set.emptied();
    for (from, key) in set.keys() {
        let into = pool.group(None, key.by.iter());
        let (cells, into) = pool.cells_mut(into);
        let (others, from) = set.cells(from);
        cells.merge(into, others, from);
    }
    pool
}

pub(crate) fn date(days: i32) -> NaiveDate {
    let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap_or(NaiveDate::MIN);
    let distance = Days::new(days.unsigned_abs().into());
    let found = if days < 0 { epoch.checked_sub_days(distance) } else { epoch.checked_add_days(distance) };
    // Beyond the years that a calendar date can name, the nearest end stands for all.
    found.unwrap_or(if days < 0 { NaiveDate::MIN } else { NaiveDate::MAX })
}

fn dated(state: &State) -> Vec<i32> {
    let mut days: Vec<i32> =
        state.sets.first().into_iter().flat_map(SetState::keys).filter_map(|(_, key)| key.snapshot).collect();
    days.sort_unstable();
    days
}

fn undated(state: &State) -> Result<(), EngineError> {
    let rows: u64 = state
        .sets
        .first()
        .into_iter()
        .flat_map(|totals| totals.keys().map(|(group, key)| (key, totals.rows(group))))
        .filter(|(key, _)| key.snapshot.is_none())
        .map(|(_, rows)| rows)
        .sum();
    if rows == 0 { Ok(()) } else { Err(EngineError::NullSnapshot { rows }) }
}
