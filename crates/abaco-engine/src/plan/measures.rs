//! From the measures of formulas to those of the plan.

use abaco_kpi::{
    Aggregate, Formula, KeyTerm, KeyedMeasure, Measure, NamedSum, Predicate, Reduction, RowExpr, RowMeasure,
};
use hashbrown::HashMap;

use super::columns::Columns;
use super::compile::{Compiler, Operand, Refusal};
use super::measure::{
    MeasureId, MeasureKind, PlannedKeyTerm, PlannedMeasure, PlannedReduction, PlannedTerm, ReductionId,
    SumOf, Validity,
};
use super::node::{ColumnId, Date, Nodes, TruthId};
use crate::Bindings;

/// Collects the measures of all KPIs; equal ones meet in one.
pub(crate) struct Measures<'a, 's> {
    pub(crate) bindings: &'a Bindings,
    pub(crate) columns: &'a mut Columns<'s>,
    pub(crate) nodes: &'a mut Nodes,
    pub(crate) planned: &'a mut Vec<PlannedMeasure>,
    pub(crate) reductions: &'a mut Vec<PlannedReduction>,
    pub(crate) measure_index: &'a mut HashMap<MeasureKind, MeasureId>,
}

impl<'s> Measures<'_, 's> {
    pub(crate) fn formula(&mut self, formula: &Formula) -> Result<Formula<PlannedTerm>, Refusal> {
        formula.try_map(&mut |measure| self.measure(measure))
    }

    pub(crate) fn measure(&mut self, measure: &Measure) -> Result<PlannedTerm, Refusal> {
        match measure {
            Measure::Rows(rows) => {
                let rows = self.bound(rows)?;
                self.within_digits(|this, declared| this.rows(&rows, declared)).map(PlannedTerm::Measure)
            }
            Measure::Keys(keys) => self.keys(keys).map(PlannedTerm::Reduction),
        }
    }

    /// Tries the bounds of the physical widths first; they hold without looking at any value.
    fn within_digits<T>(
        &mut self,
        plan: impl Fn(&mut Self, bool) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        match plan(self, false) {
            Err(Refusal::TooWide { .. }) => plan(self, true),
            other => other,
        }
    }

    fn bound(&self, rows: &RowMeasure) -> Result<RowMeasure, Refusal> {
        let resolve = |expr: &RowExpr| self.bindings.resolve(expr);
        let aggregate = match &rows.aggregate {
            Aggregate::CountRows => Aggregate::CountRows,
            Aggregate::Count(x) => Aggregate::Count(resolve(x)),
            Aggregate::Sum(x) => Aggregate::Sum(resolve(x)),
            Aggregate::Min(x) => Aggregate::Min(resolve(x)),
            Aggregate::Max(x) => Aggregate::Max(resolve(x)),
            Aggregate::CountDistinct(key) => match resolve(&RowExpr::Column(key.clone())) {
                RowExpr::Column(key) => Aggregate::CountDistinct(key),
                other => return Err(not_a_key(key, &other)),
            },
        };
        let filter = rows.filter.as_ref().map(|filter| self.bindings.resolve_predicate(filter));
        Ok(RowMeasure { aggregate, filter })
    }

    fn compiler(&mut self, declared: bool) -> Compiler<'_, 's> {
        Compiler { columns: self.columns, nodes: self.nodes, declared }
    }

    fn rows(&mut self, rows: &RowMeasure, declared: bool) -> Result<MeasureId, Refusal> {
        let mut compiler = self.compiler(declared);
        let filter = rows.filter.as_ref().map(|filter| compiler.truth(filter)).transpose()?;
        let (kind, value) = match &rows.aggregate {
            Aggregate::CountRows => (MeasureKind::Count { filter }, None),
            Aggregate::Count(x) => {
                (MeasureKind::CountValid { operand: validity(compiler.operand(x)?), filter }, None)
            }
            Aggregate::Sum(x) => {
                let value = compiler.number(x)?;
                (MeasureKind::Sum(SumOf { value, filter }), Some(value))
            }
            Aggregate::Min(x) | Aggregate::Max(x) => {
                let value = compiler.number(x)?;
                let largest = matches!(rows.aggregate, Aggregate::Max(_));
                (MeasureKind::Extreme { value, filter, largest }, Some(value))
            }
            Aggregate::CountDistinct(key) => (MeasureKind::Distinct { key: self.key(key)?, filter }, None),
        };
        let scale = value.map_or(0, |id| self.nodes.number(id).scale);
        Ok(self.intern(kind, rows.to_string(), scale))
    }

    fn keys(&mut self, keys: &KeyedMeasure) -> Result<ReductionId, Refusal> {
        let key = match self.bindings.resolve(&RowExpr::Column(keys.key.clone())) {
            RowExpr::Column(column) => self.key(&column)?,
            other => return Err(not_a_key(&keys.key, &other)),
        };
        let sums = self.within_digits(|this, declared| {
            keys.sums.iter().map(|sum| this.key_sum(sum, declared)).collect::<Result<Vec<_>, _>>()
        })?;
        let scales: Vec<u32> = sums.iter().map(|sum| self.nodes.number(sum.value).scale).collect();
        let text = format!("{} AT {scales:?}", self.bound_key_text(keys));
        let totals = self.intern(MeasureKind::Keyed { key, sums }, text, 0);
        let (top, formula) = match &keys.reduction {
            Reduction::Sum(formula) => (None, formula),
            Reduction::Top(n, formula) => (Some(*n), formula),
        };
        if has_lag(formula) {
            let message = format!(
                "LAG cannot look at a total per {}: at another snapshot it may not be there",
                keys.key
            );
            return Err(Refusal::Invalid(message));
        }
        let formula = formula.try_map(&mut |term| self.key_term(keys, term))?;
        let reduction = PlannedReduction { totals, scales, top, formula };
        if let Some(index) = self.reductions.iter().position(|known| *known == reduction) {
            return Ok(ReductionId(index));
        }
        self.reductions.push(reduction);
        Ok(ReductionId(self.reductions.len() - 1))
    }

    fn key_sum(&mut self, sum: &NamedSum, declared: bool) -> Result<SumOf, Refusal> {
        let (value, filter) = self.bound_key_sum(sum);
        let mut compiler = self.compiler(declared);
        let filter: Option<TruthId> = filter.map(|filter| compiler.truth(&filter)).transpose()?;
        Ok(SumOf { value: compiler.number(&value)?, filter })
    }

    fn bound_key_sum(&self, sum: &NamedSum) -> (RowExpr, Option<Predicate>) {
        let filter = sum.filter.as_ref().map(|filter| self.bindings.resolve_predicate(filter));
        (self.bindings.resolve(&sum.value), filter)
    }

    /// The totals per key as text, without the reduction: several reductions share them.
    fn bound_key_text(&self, keys: &KeyedMeasure) -> String {
        let sums = keys.sums.iter().map(|sum| {
            let (value, filter) = self.bound_key_sum(sum);
            RowMeasure { aggregate: Aggregate::Sum(value), filter }.to_string()
        });
        let key = self.bindings.resolve(&RowExpr::Column(keys.key.clone()));
        format!("SELECT {} FROM tape GROUP BY {key}", sums.collect::<Vec<_>>().join(", "))
    }

    fn key_term(&mut self, keys: &KeyedMeasure, term: &KeyTerm) -> Result<PlannedKeyTerm, Refusal> {
        match term {
            KeyTerm::Sum(name) => {
                keys.sums.iter().position(|sum| sum.name == *name).map(PlannedKeyTerm::Sum).ok_or_else(|| {
                    Refusal::Invalid(format!("`{name}` is not one of the totals per {}", keys.key))
                })
            }
            KeyTerm::Total(formula) => Ok(PlannedKeyTerm::Total(Box::new(self.formula(formula)?))),
        }
    }

    fn key(&mut self, column: &abaco_kpi::Column) -> Result<ColumnId, Refusal> {
        Ok(self.columns.intern(column)?)
    }

    pub(crate) fn intern(&mut self, kind: MeasureKind, bound_text: String, scale: u32) -> MeasureId {
        if let Some(id) = self.measure_index.get(&kind) {
            return *id;
        }
        let id = MeasureId(self.planned.len());
        self.measure_index.insert(kind.clone(), id);
        self.planned.push(PlannedMeasure { kind, bound_text, scale });
        id
    }
}

fn has_lag(formula: &Formula<KeyTerm>) -> bool {
    matches!(formula, Formula::Lag(..)) || formula.children().into_iter().any(has_lag)
}

fn not_a_key(key: &abaco_kpi::Column, bound: &RowExpr) -> Refusal {
    Refusal::Invalid(format!("{key}: a key is a column, found {bound}"))
}

fn validity(operand: Operand) -> Validity {
    match operand {
        Operand::Number(id) => Validity::Number(id),
        Operand::Date(Date::Column(column) | Date::Shifted(column, _))
        | Operand::TextColumn(column)
        | Operand::BooleanColumn(column) => Validity::Column(column),
        Operand::Date(Date::Constant(_)) | Operand::Text(_) | Operand::Boolean(_) => Validity::Always,
    }
}
