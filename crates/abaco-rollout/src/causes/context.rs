//! What a rewrite may know: the tape's columns, the contract, and the KPIs that stand within others.

use abaco_engine::Bindings;
use abaco_kpi::{Column, Formula, Kpi, Predicate, Rounding, RoundingMode, RowExpr};
use abaco_pipeline::Pipeline;
use abaco_pipeline::arrow::datatypes::SchemaRef;

use super::formula::resolve;

/// What a rewrite may know.
pub(super) struct Context<'p> {
    schema: SchemaRef,
    bindings: &'p Bindings,
    /// By how many days the label lies behind the rows, and which rows tell.
    pub(super) lag: Option<(RowExpr, Option<Predicate>)>,
    /// The KPIs that are quotients, with the places at which they are printed.
    pub(super) quotients: Vec<(Formula, Rounding)>,
    /// How a hypothesis breaks ties, where it says.
    pub(super) ties: Option<RoundingMode>,
}

impl<'p> Context<'p> {
    pub(super) fn new(pipeline: &'p Pipeline, schema: SchemaRef) -> Self {
        let bindings = pipeline.bindings();
        let lag = pipeline.label_lag().map(|(days, filter)| {
            (bindings.resolve(days), filter.map(|filter| bindings.resolve_predicate(filter)))
        });
        let quotients = pipeline.engine().kpis().filter_map(|kpi: &dyn Kpi| {
            let formula = resolve(&kpi.formula(), bindings);
            divides(&formula).then(|| (formula, kpi.spec().rounding))
        });
        Self { schema, bindings, lag, quotients: quotients.collect(), ties: None }
    }

    /// What stands behind a canonical column, in the tape's own.
    pub(super) fn behind(&self, canonical: &'static str) -> RowExpr {
        self.bindings.resolve(&RowExpr::Column(Column::from(canonical)))
    }

    /// The tape's own column behind a canonical one.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub(super) fn column(&self, canonical: &'static str) -> Result<Column, String> {
        match self.behind(canonical) {
            RowExpr::Column(column) if self.has(&column) => Ok(column),
            RowExpr::Column(_) => Err(format!("the tape has no column `{canonical}`")),
            _ => Err(format!("the contract derives `{canonical}` from other columns")),
        }
    }

    pub(super) fn has(&self, column: &Column) -> bool {
        self.schema.field_with_name(column.name()).is_ok()
    }

    pub(super) fn is_number(&self, column: &Column) -> bool {
        self.schema.field_with_name(column.name()).is_ok_and(|field| {
            let data_type = field.data_type();
            data_type.is_integer() || data_type.is_decimal()
        })
    }

    /// Whether an expression is about days past due.
    pub(super) fn is_days(&self, expr: &RowExpr) -> bool {
        let mut of_days = Vec::new();
        for canonical in ["dpd", "opening_dpd"] {
            self.behind(canonical).for_each_column(&mut |column| of_days.push(column.clone()));
        }
        let mut found = false;
        expr.for_each_column(&mut |column| found |= of_days.contains(column));
        found
    }
}

fn divides(formula: &Formula) -> bool {
    matches!(formula, Formula::Divide(..)) || formula.children().into_iter().any(divides)
}
