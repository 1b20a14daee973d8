//! What a KPI says about itself.

use abaco_kpi::{Formula, Kpi, KpiError, Measure, RowExpr, canonical_column};

use super::Violation;
use crate::strategy::columns_of;

/// The description is stable: the same formula, text and specification each time.
///
/// # Errors
/// The [`Violation`].
pub fn description_is_stable(kpi: &dyn Kpi) -> Result<(), Violation> {
    let same = kpi.formula() == kpi.formula()
        && kpi.formula().to_string() == kpi.formula().to_string()
        && kpi.spec() == kpi.spec();
    if same { Ok(()) } else { Err(broken(kpi, "it describes itself differently each time")) }
}

/// Every column of the formula is canonical; `known` tells of others that definitions have added.
///
/// # Errors
/// The [`Violation`].
pub fn columns_are_canonical(kpi: &dyn Kpi, known: &dyn Fn(&str) -> bool) -> Result<(), Violation> {
    let strange: Vec<String> = columns_of(kpi)
        .iter()
        .filter(|column| canonical_column(column.name()).is_none() && !known(column.name()))
        .map(ToString::to_string)
        .collect();
    if strange.is_empty() {
        return Ok(());
    }
    Err(broken(kpi, &format!("columns that are not canonical: {}", strange.join(", "))))
}

/// No row expression adds a stock to a flow.
///
/// # Errors
/// The [`Violation`].
pub fn kinds_do_not_mix(kpi: &dyn Kpi) -> Result<(), Violation> {
    let mut found = Ok(());
    row_expressions(&kpi.formula(), &mut |expr| {
        if let (Ok(()), Err(error)) = (&found, expr.check_kinds()) {
            found = Err(error);
        }
    });
    found.map_err(|error: KpiError| broken(kpi, &error.to_string()))
}

/// Calls `visit` for each expression that the formula aggregates, inside `TOTAL` too.
fn row_expressions(formula: &Formula, visit: &mut dyn FnMut(&RowExpr)) {
    formula.for_each_measure(&mut |measure| match measure {
        Measure::Rows(rows) => rows.operand().into_iter().for_each(&mut *visit),
        Measure::Keys(keys) => keys.sums.iter().for_each(|sum| visit(&sum.value)),
    });
}

fn broken(kpi: &dyn Kpi, detail: &str) -> Violation {
    let spec = kpi.spec();
    Violation::new(format!(
        "law broken: a KPI describes itself\nkpi {} = {}\n{detail}",
        spec.id,
        kpi.formula()
    ))
}
