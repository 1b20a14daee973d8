//! The layout: what a state accumulates for the measures of a plan, and how they are read from it.
//!
//! Measures whose conditions differ only in one column, such as balances by days past due, share their slots: each
//! bucket of the column has one, each of their rows is added up once, and a measure is the sum of its buckets.

use std::collections::{BTreeMap, BTreeSet};

use arrow::datatypes::i256;
use hashbrown::HashMap;

use super::buckets::{Buckets, BucketsId, add_cuts, column_of};
use super::measure::{MeasureKind, PlannedMeasure, SumOf, Validity};
use super::node::{ColumnId, Nodes, NumberId, NumberOp, Truth, TruthId};
use super::selection::{Keys, MAX_CUTS, Selection, number_text, texts};

/// Branches of a `CASE` that are told apart by buckets instead of row by row.
const MAX_BRANCHES: usize = 16;

/// Index of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SlotId(pub(crate) usize);

/// What a slot holds for each group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlotShape {
    Count,
    Sum,
    Extreme { largest: bool },
    Distinct,
    Keyed { sums: usize },
}

/// Rows that are counted and added up together: those that a filter lets through, told apart by bucket.
#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) filter: Option<TruthId>,
    pub(crate) buckets: Option<BucketsId>,
    /// The slots that count its rows, one per bucket that a measure asks for.
    pub(crate) rows: Vec<Option<SlotId>>,
    pub(crate) tallies: Vec<Tally>,
}

/// One thing that is accumulated over a scope, with its slots per bucket.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) of: Tallied,
    pub(crate) slots: Vec<Option<SlotId>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Tallied {
    /// Rows in which an operand is not NULL.
    Valid(Validity),
    Sum(NumberId),
    Extreme {
        value: NumberId,
        largest: bool,
    },
}

/// A slot that goes by a key besides its group.
#[derive(Debug)]
pub(crate) struct KeyedSlot {
    pub(crate) slot: SlotId,
    pub(crate) key: ColumnId,
    /// Sums per key; `None` for a slot that only knows its keys.
    pub(crate) sums: Option<usize>,
    /// Their slots are the positions of the sums.
    pub(crate) scopes: Vec<Scope>,
}

/// How a measure is read from the slots of a group.
#[derive(Clone, Debug)]
pub(crate) enum Reading {
    /// The rows of these slots together.
    Count(Vec<SlotId>),
    Sum {
        parts: Vec<SlotId>,
        frame: Option<Frame>,
    },
    Extreme(SlotId),
    /// How many keys the slot knows.
    Distinct(SlotId),
    Keyed(SlotId),
}

/// The rows of a sum whose parts do not cover them: those of a `CASE` that no branch takes.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) rows: Vec<SlotId>,
    /// Whether the other rows are zero or NULL.
    pub(crate) zero_elsewhere: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Layout {
    pub(crate) slots: Vec<SlotShape>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) keyed: Vec<KeyedSlot>,
    pub(crate) buckets: Vec<Buckets>,
    /// One per measure.
    pub(crate) readings: Vec<Reading>,
    /// What each scope and slot holds, in words: part of the plan's fingerprint.
    pub(crate) texts: Vec<String>,
}

/// What a measure asks for.
enum Wish {
    Rows(Selection),
    Tally(Selection, Tallied),
    Case { branches: Vec<(Selection, NumberId)>, rows: Selection, zero_elsewhere: bool },
    Distinct { key: ColumnId, filter: Option<TruthId> },
    Keyed { key: ColumnId, sums: Vec<SumOf> },
}

impl Layout {
    /// Lays out the measures. `ordered` tells the columns of numbers and dates, which can have buckets.
    pub(crate) fn new(
        measures: &[PlannedMeasure],
        nodes: &mut Nodes,
        ordered: &dyn Fn(ColumnId) -> bool,
    ) -> Self {
        let mut cuts = BTreeMap::new();
        let wishes: Vec<Wish> =
            measures.iter().map(|measure| wish(nodes, &measure.kind, ordered, &mut cuts)).collect();
        let selections: Vec<&Selection> = wishes.iter().flat_map(Wish::selections).collect();
        let keys = Keys::of(nodes, &selections, ordered);
        let mut builder = Builder { layout: Self::default(), keys, nodes, scopes: HashMap::new() };
        builder.layout.buckets =
            builder.keys.cuts().map(|(column, cuts)| Buckets::new(column, cuts)).collect();
        for wish in &wishes {
            let reading = builder.reading(wish);
            builder.layout.readings.push(reading);
        }
        builder.layout
    }
}

impl Wish {
    fn selections(&self) -> Vec<&Selection> {
        match self {
            Self::Rows(selection) => vec![selection],
            // An extreme value is not the sum of its buckets.
            Self::Tally(_, Tallied::Extreme { .. }) | Self::Distinct { .. } | Self::Keyed { .. } => {
                Vec::new()
            }
            Self::Tally(selection, _) => vec![selection],
            Self::Case { branches, rows, .. } => {
                branches.iter().map(|(selection, _)| selection).chain([rows]).collect()
            }
        }
    }
}

fn wish(nodes: &Nodes, kind: &MeasureKind, ordered: &dyn Fn(ColumnId) -> bool, cuts: &mut Cuts) -> Wish {
    match kind {
        MeasureKind::Count { filter } => Wish::Rows(Selection::of(nodes, *filter)),
        MeasureKind::CountValid { operand, filter } => {
            Wish::Tally(Selection::of(nodes, *filter), Tallied::Valid(*operand))
        }
        MeasureKind::Sum(sum) => {
            let rows = Selection::of(nodes, sum.filter);
            case(nodes, sum.value, &rows, ordered, cuts).unwrap_or(Wish::Tally(rows, Tallied::Sum(sum.value)))
        }
        MeasureKind::Extreme { value, filter, largest } => {
            Wish::Tally(Selection::of(nodes, *filter), Tallied::Extreme { value: *value, largest: *largest })
        }
        MeasureKind::Distinct { key, filter } => Wish::Distinct { key: *key, filter: *filter },
        MeasureKind::Keyed { key, sums } => Wish::Keyed { key: *key, sums: sums.clone() },
    }
}

/// The cuts that cases need, by column.
type Cuts = BTreeMap<ColumnId, BTreeSet<i128>>;

/// `SUM(CASE WHEN p THEN x .. ELSE 0 END)` is the sum of `x` where `p` is true. With several branches that holds for
/// the buckets of one column, where the earlier branches are told apart without looking at rows.
fn case(
    nodes: &Nodes,
    value: NumberId,
    rows: &Selection,
    ordered: &dyn Fn(ColumnId) -> bool,
    known: &mut Cuts,
) -> Option<Wish> {
    let NumberOp::Case { branches, otherwise } = &nodes.number(value).op else { return None };
    let zero_elsewhere = match otherwise {
        None => false,
        Some(id) => match &nodes.number(*id).op {
            NumberOp::Constant { units, .. } if *units == i256::ZERO => true,
            _ => return None,
        },
    };
    let mut selections = Vec::new();
    match branches.as_slice() {
        [(when, then)] => selections.push((rows.and(nodes, *when), *then)),
        branches if branches.len() <= MAX_BRANCHES => {
            let column = column_of(nodes, branches.first()?.0).filter(|column| ordered(*column))?;
            // Together with those of the cases before, so that no number of them cuts a column too finely.
            let mut cuts = known.get(&column).cloned().unwrap_or_default();
            // Only buckets can tell these branches apart, so every cut must be possible.
            let (own, _) = rows.split(nodes, column);
            if !own.iter().all(|truth| add_cuts(nodes, *truth, &mut cuts)) {
                return None;
            }
            let mut earlier = Vec::new();
            for (when, then) in branches {
                let own = column_of(nodes, *when) == Some(column);
                if !own || !add_cuts(nodes, *when, &mut cuts) || cuts.len() > MAX_CUTS {
                    return None;
                }
                let mut selection = rows.and(nodes, *when);
                selection.not.clone_from(&earlier);
                selections.push((selection, *then));
                earlier.push(*when);
            }
            known.insert(column, cuts);
        }
        _ => return None,
    }
    Some(Wish::Case { branches: selections, rows: rows.clone(), zero_elsewhere })
}

struct Builder<'n> {
    layout: Layout,
    keys: Keys,
    nodes: &'n mut Nodes,
    /// By filter and buckets, in words.
    scopes: HashMap<(Vec<String>, Option<BucketsId>), usize>,
}

impl Builder<'_> {
    fn reading(&mut self, wish: &Wish) -> Reading {
        match wish {
            Wish::Rows(selection) => Reading::Count(self.rows(selection)),
            Wish::Tally(selection, of @ Tallied::Extreme { largest, .. }) => {
                let scope = self.scope(&selection.all, None);
                let shape = SlotShape::Extreme { largest: *largest };
                Reading::Extreme(self.tally(scope, *of, 0, shape))
            }
            Wish::Tally(selection, of @ Tallied::Valid(_)) => {
                Reading::Count(self.tallies(selection, *of, SlotShape::Count))
            }
            Wish::Tally(selection, of @ Tallied::Sum(_)) => {
                Reading::Sum { parts: self.tallies(selection, *of, SlotShape::Sum), frame: None }
            }
            Wish::Case { branches, rows, zero_elsewhere } => {
                let parts = branches.iter().flat_map(|(selection, value)| {
                    self.tallies(selection, Tallied::Sum(*value), SlotShape::Sum)
                });
                let parts = parts.collect();
                let frame = Frame { rows: self.rows(rows), zero_elsewhere: *zero_elsewhere };
                Reading::Sum { parts, frame: Some(frame) }
            }
            Wish::Distinct { key, filter } => {
                let slot = self.slot(SlotShape::Distinct, format!("keys {key:?}"));
                let scope = Scope { filter: *filter, buckets: None, rows: vec![None], tallies: Vec::new() };
                self.layout.keyed.push(KeyedSlot { slot, key: *key, sums: None, scopes: vec![scope] });
                Reading::Distinct(slot)
            }
            Wish::Keyed { key, sums } => {
                let slot = self.slot(SlotShape::Keyed { sums: sums.len() }, format!("totals {key:?}"));
                let scopes = keyed_scopes(sums);
                self.layout.keyed.push(KeyedSlot { slot, key: *key, sums: Some(sums.len()), scopes });
                Reading::Keyed(slot)
            }
        }
    }

    /// The scope of a selection and the buckets in which its rows are.
    fn place(&mut self, selection: &Selection) -> (usize, Vec<usize>) {
        let Some(column) = self.keys.key(self.nodes, selection) else {
            return (self.scope(&selection.all, None), vec![0]);
        };
        let Some(index) = self.layout.buckets.iter().position(|buckets| buckets.column == column) else {
            return (self.scope(&selection.all, None), vec![0]);
        };
        let (own, rest) = selection.split(self.nodes, column);
        let buckets = &self.layout.buckets[index];
        let is_in = |bucket: &usize| {
            own.iter().all(|truth| buckets.is_true(self.nodes, *truth, *bucket))
                && !selection.not.iter().any(|truth| buckets.is_true(self.nodes, *truth, *bucket))
        };
        let chosen = (0..buckets.len()).filter(is_in).collect();
        (self.scope(&rest, Some(BucketsId(index))), chosen)
    }

    fn rows(&mut self, selection: &Selection) -> Vec<SlotId> {
        let (scope, buckets) = self.place(selection);
        let mut slots = Vec::new();
        for bucket in buckets {
            let slot = match self.layout.scopes[scope].rows[bucket] {
                Some(slot) => slot,
                None => {
                    let slot = self.slot(SlotShape::Count, format!("scope {scope} bucket {bucket} rows"));
                    self.layout.scopes[scope].rows[bucket] = Some(slot);
                    slot
                }
            };
            slots.push(slot);
        }
        slots
    }

    fn tallies(&mut self, selection: &Selection, of: Tallied, shape: SlotShape) -> Vec<SlotId> {
        let (scope, buckets) = self.place(selection);
        buckets.into_iter().map(|bucket| self.tally(scope, of, bucket, shape)).collect()
    }

    fn tally(&mut self, scope: usize, of: Tallied, bucket: usize, shape: SlotShape) -> SlotId {
        let text = self.tallied_text(of);
        let known =
            self.layout.scopes[scope].tallies.iter().position(|tally| self.tallied_text(tally.of) == text);
        let width = self.layout.scopes[scope].rows.len();
        let tally = known.unwrap_or_else(|| {
            let tallies = &mut self.layout.scopes[scope].tallies;
            tallies.push(Tally { of, slots: vec![None; width] });
            tallies.len() - 1
        });
        if let Some(slot) = self.layout.scopes[scope].tallies[tally].slots[bucket] {
            return slot;
        }
        let slot = self.slot(shape, format!("scope {scope} bucket {bucket} {text}"));
        self.layout.scopes[scope].tallies[tally].slots[bucket] = Some(slot);
        slot
    }

    fn tallied_text(&self, of: Tallied) -> String {
        match of {
            Tallied::Sum(value) => format!("sum {}", number_text(self.nodes, value)),
            Tallied::Extreme { value, largest } => {
                format!("extreme {largest} {}", number_text(self.nodes, value))
            }
            Tallied::Valid(Validity::Number(value)) => format!("valid {}", number_text(self.nodes, value)),
            Tallied::Valid(of) => format!("valid {of:?}"),
        }
    }

    fn scope(&mut self, conditions: &[TruthId], buckets: Option<BucketsId>) -> usize {
        let key = (texts(self.nodes, conditions).into_iter().collect(), buckets);
        if let Some(scope) = self.scopes.get(&key) {
            return *scope;
        }
        let filter = match conditions {
            [] => None,
            [one] => Some(*one),
            several => Some(self.nodes.intern_truth(Truth::And(several.to_vec()))),
        };
        let width = buckets.map_or(1, |id| self.layout.buckets[id.0].len());
        let scope = self.layout.scopes.len();
        self.layout.texts.push(format!("scope {scope} {key:?}"));
        self.layout.scopes.push(Scope { filter, buckets, rows: vec![None; width], tallies: Vec::new() });
        self.scopes.insert(key, scope);
        scope
    }

    fn slot(&mut self, shape: SlotShape, text: String) -> SlotId {
        self.layout.slots.push(shape);
        self.layout.texts.push(text);
        SlotId(self.layout.slots.len() - 1)
    }
}

/// Sums per key by their filters; each sum keeps its position.
fn keyed_scopes(sums: &[SumOf]) -> Vec<Scope> {
    let mut scopes: Vec<Scope> = Vec::new();
    for (position, sum) in sums.iter().enumerate() {
        let tally = Tally { of: Tallied::Sum(sum.value), slots: vec![Some(SlotId(position))] };
        match scopes.iter_mut().find(|scope| scope.filter == sum.filter) {
            Some(scope) => scope.tallies.push(tally),
            None => scopes.push(Scope {
                filter: sum.filter,
                buckets: None,
                rows: vec![None],
                tallies: vec![tally],
            }),
        }
    }
    scopes
}
