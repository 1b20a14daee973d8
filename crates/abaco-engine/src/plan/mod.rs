//! The plan: what a set of KPIs needs from a tape, each measure once.
//!
//! A plan is made once for a schema and a set of KPIs; it then folds any number of batches of that schema. A
//! KPI that this tape cannot serve is planned as its outcome, and the others go on without it.

pub(crate) mod buckets;
pub(crate) mod columns;
pub(crate) mod compile;
pub(crate) mod layout;
pub(crate) mod measure;
mod measures;
pub(crate) mod node;
mod selection;

use std::collections::BTreeSet;

use abaco_kpi::{Column, Formula, Kpi, KpiSpec, Measure, Outcome, RowExpr};
use arrow::datatypes::Schema;
use hashbrown::HashMap;
use sha2::{Digest, Sha256};

use self::columns::{Columns, Holds, TapeColumn};
use self::layout::Layout;
use self::measure::{MeasureId, MeasureKind, PlannedKeyTerm, PlannedMeasure, PlannedReduction, PlannedTerm};
use self::measures::Measures;
use self::node::{ColumnId, Nodes, NumberOp, Truth};
use crate::{Bindings, EngineError};

/// What a plan needs to know beyond the KPIs and the schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanOptions {
    /// How canonical columns are computed from the tape's.
    pub bindings: Bindings,
    /// The column that dates the snapshots; without one the tape is a single snapshot.
    pub snapshot: Option<Column>,
    /// Grouping sets besides the totals: each gives one group per combination of values.
    pub groups: Vec<Vec<Column>>,
}

/// The measures that a set of KPIs needs, bound to a schema.
///
/// ```
/// use std::sync::Arc;
/// use abaco_engine::{AsOf, Plan, PlanOptions};
/// use abaco_kpi::{sum, FormulaKpi, Kpi, KpiSpec, Unit};
/// use arrow::{array::{Decimal64Array, RecordBatch}, datatypes::{DataType, Field, Schema}};
///
/// let kpi = FormulaKpi::new(KpiSpec::new("balance", "Balance", Unit::Currency), sum("outstanding_balance"));
/// let schema = Arc::new(Schema::new(vec![Field::new("outstanding_balance", DataType::Decimal64(18, 2), true)]));
/// let balances = Decimal64Array::from(vec![Some(150_00), None, Some(50_25)]).with_precision_and_scale(18, 2)?;
/// let batch = RecordBatch::try_new(schema.clone(), vec![Arc::new(balances)])?;
///
/// let plan = Plan::new(&[&kpi as &dyn Kpi], &schema, &PlanOptions::default())?;
/// let mut state = plan.empty();
/// plan.fold(&mut state, &batch)?;
/// let result = &plan.finish(&state, AsOf::Single)?.groups[0].kpis[0];
/// assert_eq!(result.outcome.value().map(|value| value.to_string()), Some("200.25".to_owned()));
/// assert_eq!((result.rows, result.nulls), (3, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Plan {
    pub(crate) columns: Vec<TapeColumn>,
    pub(crate) nodes: Nodes,
    pub(crate) measures: Vec<PlannedMeasure>,
    pub(crate) layout: Layout,
    pub(crate) reductions: Vec<PlannedReduction>,
    pub(crate) kpis: Vec<PlannedKpi>,
    pub(crate) snapshot: Option<ColumnId>,
    /// The totals come first: the grouping by nothing.
    pub(crate) groupings: Vec<Vec<ColumnId>>,
    pub(crate) group_columns: Vec<Vec<Column>>,
    /// How many snapshots back the formulas look.
    pub(crate) reach: u32,
    pub(crate) fingerprint: [u8; 32],
}

/// A KPI in the plan.
#[derive(Debug)]
pub(crate) struct PlannedKpi {
    pub(crate) spec: KpiSpec,
    pub(crate) text: String,
    pub(crate) body: Result<PlannedBody, Outcome>,
}

#[derive(Debug)]
pub(crate) struct PlannedBody {
    pub(crate) formula: Formula<PlannedTerm>,
    pub(crate) components: Vec<(String, PlannedTerm)>,
    /// Counts the rows in which a column that the KPI reads is NULL.
    pub(crate) nulls: MeasureId,
    /// The tape's columns that the KPI reads.
    pub(crate) reads: Vec<Column>,
}

impl Plan {
    /// Plans `kpis` over tapes of this schema.
    ///
    /// # Errors
    /// [`EngineError::MissingColumn`] or [`EngineError::ColumnType`] for the snapshot and grouping columns,
    /// [`EngineError::Binding`] for bindings that go round in a circle or grow past all measure, and
    /// [`EngineError::DuplicateKpi`]. A KPI whose own columns are missing or ill-typed is not an error: its outcome
    /// says so.
    pub fn new(kpis: &[&dyn Kpi], schema: &Schema, options: &PlanOptions) -> Result<Self, EngineError> {
        options.bindings.check()?;
        let ids: Vec<&str> = kpis.iter().map(|kpi| &*kpi.spec().id).collect();
        if let Some(id) = ids.iter().enumerate().find(|(index, id)| ids[..*index].contains(id)) {
            return Err(EngineError::DuplicateKpi { id: (*id.1).to_owned() });
        }
        let mut columns = Columns::new(schema);
        let snapshot = options
            .snapshot
            .as_ref()
            .map(|column| snapshot_column(&mut columns, options, column))
            .transpose()?;
        let mut groupings = vec![Vec::new()];
        for set in &options.groups {
            let ids = set.iter().map(|column| group_column(&mut columns, options, column));
            groupings.push(ids.collect::<Result<_, _>>()?);
        }
        let (mut nodes, mut planned, mut reductions, mut measure_index) =
            (Nodes::default(), Vec::new(), Vec::new(), HashMap::new());
        let kpis = kpis
            .iter()
            .map(|kpi| {
                let formula = kpi.formula();
                let mut measures = Measures {
                    bindings: &options.bindings,
                    columns: &mut columns,
                    nodes: &mut nodes,
                    planned: &mut planned,
                    reductions: &mut reductions,
                    measure_index: &mut measure_index,
                };
                let known = (measures.planned.len(), measures.reductions.len());
                let body = body(&formula, &mut measures);
                if body.is_err() {
                    // What a refused KPI left behind would be computed for nobody.
                    measures.planned.truncate(known.0);
                    measures.reductions.truncate(known.1);
                    measures.measure_index.retain(|_, measure| measure.0 < known.0);
                }
                PlannedKpi { spec: kpi.spec().clone(), text: formula.to_string(), body }
            })
            .collect();
        let group_columns = std::iter::once(Vec::new()).chain(options.groups.iter().cloned()).collect();
        let used = columns.used;
        let ordered = |id: ColumnId| matches!(used[id.0].holds, Holds::Number { .. } | Holds::Date);
        let layout = Layout::new(&planned, &mut nodes, &ordered);
        let mut plan = Self {
            columns: used,
            nodes,
            measures: planned,
            layout,
            reductions,
            kpis,
            snapshot,
            groupings,
            group_columns,
            reach: 0,
            fingerprint: [0; 32],
        };
        plan.hold_values_to_precision();
        plan.reach = plan.reach();
        plan.fingerprint = plan.compute_fingerprint();
        Ok(plan)
    }

    /// SHA-256, in hexadecimal, of what decides the meaning of a state: measures, scales, snapshot and groupings.
    ///
    /// The physical width of a column is not part of it, so states of a narrow and a wide tape merge, as long as both
    /// can serve the same KPIs.
    pub fn fingerprint(&self) -> String {
        hex(&self.fingerprint)
    }

    /// The tape's columns that the plan reads; others need not be loaded.
    pub fn columns(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().map(|column| &column.column)
    }

    /// Marks the columns on whose declared precision some planned measure relies.
    fn hold_values_to_precision(&mut self) {
        for measure in &self.measures {
            measure.kind.visit_numbers(&self.nodes, &mut |number| {
                if let NumberOp::Column { column, checked: true } = number.op {
                    self.columns[column.0].checked = true;
                }
            });
        }
    }

    fn reach(&self) -> u32 {
        let formulas = self.kpis.iter().filter_map(|kpi| kpi.body.as_ref().ok()).map(|body| &body.formula);
        let within = |reduction: &PlannedReduction| {
            let mut deepest = 0;
            reduction.formula.for_each_term(&mut |term| {
                if let PlannedKeyTerm::Total(formula) = term {
                    deepest = deepest.max(reach(formula));
                }
            });
            deepest
        };
        let keyed = self.reductions.iter().map(within).max().unwrap_or(0);
        formulas.map(reach).max().unwrap_or(0).saturating_add(keyed)
    }

    fn compute_fingerprint(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        let mut line = |text: String| {
            hasher.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes());
            hasher.update(text);
        };
        line("abaco state 2".to_owned());
        // A key is a bare integer in the state, so its kind and scale decide what it means.
        let key = |id: &ColumnId| self.columns[id.0].identity();
        line(format!("snapshot {:?}", self.snapshot.as_ref().map(key)));
        for set in &self.groupings[1..] {
            line(format!("group {:?}", set.iter().map(key).collect::<Vec<_>>()));
        }
        for measure in &self.measures {
            let by = match &measure.kind {
                MeasureKind::Distinct { key: id, .. } | MeasureKind::Keyed { key: id, .. } => key(id),
                _ => String::new(),
            };
            line(format!("{} @ {} {by}", measure.bound_text, measure.scale));
        }
        for buckets in &self.layout.buckets {
            line(format!("buckets {} {:?}", key(&buckets.column), buckets.cuts));
        }
        self.layout.texts.iter().for_each(|text| line(text.clone()));
        self.layout.readings.iter().for_each(|reading| line(format!("{reading:?}")));
        hasher.finalize().into()
    }
}

fn body(formula: &Formula, measures: &mut Measures<'_, '_>) -> Result<PlannedBody, Outcome> {
    let reads = tape_columns(formula, measures.bindings);
    let missing: Vec<Column> =
        reads.iter().filter(|column| !measures.columns.exists(column)).cloned().collect();
    if !missing.is_empty() {
        return Err(Outcome::Unavailable(missing));
    }
    check_kinds(formula, measures.bindings)?;
    let failed = |refusal: compile::Refusal| Outcome::Failed(refusal.into_message());
    let planned = measures.formula(formula).map_err(failed)?;
    let mut components: Vec<(String, PlannedTerm)> = Vec::new();
    let mut error = None;
    formula.for_each_term(&mut |measure: &Measure| {
        let text = measure.to_string();
        if components.iter().all(|(known, _)| *known != text) {
            match measures.measure(measure) {
                Ok(term) => components.push((text, term)),
                Err(refusal) => error = Some(refusal),
            }
        }
    });
    if let Some(refusal) = error {
        return Err(failed(refusal));
    }
    let nulls = null_rows(&reads, measures).map_err(failed)?;
    Ok(PlannedBody { formula: planned, components, nulls, reads: reads.into_iter().collect() })
}

/// How many snapshots back a formula looks.
fn reach(formula: &Formula<PlannedTerm>) -> u32 {
    let inner = formula.children().into_iter().map(reach).max().unwrap_or(0);
    match formula {
        Formula::Lag(_, snapshots) => inner.saturating_add(*snapshots),
        _ => inner,
    }
}

/// The tape's columns that a formula reads after binding.
fn tape_columns(formula: &Formula, bindings: &Bindings) -> BTreeSet<Column> {
    let mut columns = BTreeSet::new();
    formula.for_each_term(&mut |measure| {
        measure.for_each_column(&mut |column| {
            bindings.resolve(&RowExpr::Column(column.clone())).for_each_column(&mut |column| {
                columns.insert(column.clone());
            });
        });
    });
    columns
}

/// Refuses a stock and a flow in one row expression, as the KPI writes it and as the tape is bound to it.
fn check_kinds(formula: &Formula, bindings: &Bindings) -> Result<(), Outcome> {
    let mut result = Ok(());
    formula.for_each_term(&mut |measure| {
        let mut check = |expr: &RowExpr| {
            if let Err(error) = expr.check_kinds().and_then(|()| bindings.resolve(expr).check_kinds()) {
                result = Err(Outcome::from(error));
            }
        };
        match measure {
            Measure::Rows(rows) => rows.operand().into_iter().for_each(&mut check),
            Measure::Keys(keys) => keys.sums.iter().map(|sum| &sum.value).for_each(&mut check),
        }
    });
    result
}

/// `COUNT(*) FILTER (WHERE a IS NULL OR b IS NULL ..)` over the columns that a KPI reads.
fn null_rows(
    reads: &BTreeSet<Column>,
    measures: &mut Measures<'_, '_>,
) -> Result<MeasureId, compile::Refusal> {
    let mut parts = Vec::new();
    for column in reads {
        let id = measures.columns.intern(column)?;
        parts.push(measures.nodes.intern_truth(Truth::ColumnIsNull(id)));
    }
    let names: Vec<String> = reads.iter().map(|column| format!("{column} IS NULL")).collect();
    let filter = measures.nodes.intern_truth(Truth::Or(parts));
    let kind = MeasureKind::Count { filter: Some(filter) };
    Ok(measures.intern(kind, format!("COUNT(*) FILTER (WHERE {})", names.join(" OR ")), 0))
}

fn snapshot_column(
    columns: &mut Columns<'_>,
    options: &PlanOptions,
    column: &Column,
) -> Result<ColumnId, EngineError> {
    let id = group_column(columns, options, column)?;
    match columns.get(id).holds {
        Holds::Date => Ok(id),
        _ => Err(EngineError::ColumnType {
            column: column.clone(),
            expected: "a date32 to tell the snapshots apart".to_owned(),
            found: columns.get(id).data_type.to_string(),
        }),
    }
}

fn group_column(
    columns: &mut Columns<'_>,
    options: &PlanOptions,
    column: &Column,
) -> Result<ColumnId, EngineError> {
    let tape_column = match options.bindings.resolve(&RowExpr::Column(column.clone())) {
        RowExpr::Column(tape_column) => tape_column,
        other => {
            return Err(EngineError::ColumnType {
                column: column.clone(),
                expected: "a column of the tape".to_owned(),
                found: other.to_string(),
            });
        }
    };
    if !columns.exists(&tape_column) {
        return Err(EngineError::MissingColumn { column: column.clone(), found: columns.names() });
    }
    columns.intern(&tape_column).map_err(|found| EngineError::ColumnType {
        column: column.clone(),
        expected: "an exact type".to_owned(),
        found,
    })
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
