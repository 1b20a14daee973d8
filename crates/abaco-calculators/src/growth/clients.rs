//! The portfolio's clients: how many, how many stay, how many come back.
//!
//! A client is a borrower, counted once however many loans it has and wherever they stand; a loan without a borrower is
//! nobody's.

use abaco_kpi::{
    Direction, Formula, FormulaKpi, KeyTerm, KpiSpec, Predicate, RowExpr, Unit, by_key, case, col,
    count_distinct,
};

use super::FAMILY;
use crate::terms::{is_active, of_key};

/// The number of clients with a balance.
///
/// # What it measures
/// The same as [`active_borrowers`](crate::active_borrowers), under the name that growth reports use. V2 also
/// counted activity: see [`active_clients_v2`].
///
/// # Formula
/// `COUNT(DISTINCT borrower_id) FILTER (WHERE outstanding_balance > 0)`
///
/// # Unit and rounding
/// Count, no places.
///
/// # Undefined when
/// There are no rows.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .texts("borrower_id", ["a", "a", "b", "c"])?
///     .money("outstanding_balance", [100_00, 50_00, 10_00, 0])?;
/// let outcome = abaco_calculators::active_clients().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("2"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// CGAP, *Microfinance Consensus Guidelines*: active clients with an outstanding loan.
pub fn active_clients() -> FormulaKpi {
    FormulaKpi::new(
        KpiSpec::new("active_clients", "Active clients", Unit::Count)
            .direction(Direction::HigherIsBetter)
            .convention("distinct borrowers with a balance above zero")
            .family(FAMILY)
            .reference("CGAP, Microfinance Consensus Guidelines: active borrowers"),
        count_distinct("borrower_id").filter(is_active()),
    )
}

/// The number of clients with a balance or with activity in the period.
///
/// # What it measures
/// What V2 called active: a client that repaid its last loan within the period is still one. Activity is any
/// disbursement or payment, a reversal included. V2 looked back 30 days from the day of its run; here it is the
/// period of the panel.
///
/// # Formula
/// `COUNT(DISTINCT borrower_id) FILTER (WHERE outstanding_balance > 0 OR disbursed <> 0 OR paid_principal <> 0 OR paid_interest <> 0 OR paid_fees <> 0 OR paid_tax <> 0)`
///
/// # Unit and rounding
/// Count, no places.
///
/// # Undefined when
/// There are no rows.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .texts("borrower_id", ["a", "b", "c"])?
///     .money("outstanding_balance", [100_00, 0, 0])?
///     .money("disbursed", [0, 0, 0])?
///     .money("paid_principal", [0, 40_00, 0])?
///     .money("paid_interest", [0, 1_00, 0])?
///     .money("paid_fees", [0, 0, 0])?
///     .money("paid_tax", [0, 0, 0])?;
/// let outcome = abaco_calculators::active_clients_v2().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("2"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// V2 rollout report, unified KPI definitions: active clients.
pub fn active_clients_v2() -> FormulaKpi {
    let moved = ["disbursed", "paid_principal", "paid_interest", "paid_fees", "paid_tax"];
    let active = moved.into_iter().fold(is_active(), |active, column| active.or(col(column).ne(0)));
    FormulaKpi::new(
        KpiSpec::new("active_clients_v2", "Active clients (V2)", Unit::Count)
            .direction(Direction::HigherIsBetter)
            .convention("distinct borrowers with a balance, or a disbursement or payment in the period")
            .family(FAMILY)
            .reference("V2 rollout report, unified KPI definitions"),
        count_distinct("borrower_id").filter(active),
    )
}

/// The share of the opening's clients that are still clients.
///
/// # What it measures
/// Of the borrowers with a balance at the opening, those with a balance at the close, on whichever loan.
///
/// # Formula
/// `100 * (SELECT SUM(LEAST(opening, closing, 1)) FROM (SELECT SUM(CASE WHEN opening_balance > 0 AND NOT (borrower_id IS NULL) THEN 1 ELSE 0 END) AS opening, SUM(CASE WHEN outstanding_balance > 0 AND NOT (borrower_id IS NULL) THEN 1 ELSE 0 END) AS closing FROM tape GROUP BY borrower_id)) / (SELECT SUM(LEAST(opening, 1)) FROM (SELECT SUM(CASE WHEN opening_balance > 0 AND NOT (borrower_id IS NULL) THEN 1 ELSE 0 END) AS opening FROM tape GROUP BY borrower_id))`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, or nobody had a balance at the opening.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .texts("borrower_id", ["a", "a", "b", "c"])?
///     .money("opening_balance", [50_00, 0, 20_00, 0])?
///     .money("outstanding_balance", [0, 80_00, 0, 30_00])?;
/// let outcome = abaco_calculators::client_retention().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("50.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// V2 rollout report, unified KPI definitions: clients active now and before, of those active before.
pub fn client_retention() -> FormulaKpi {
    let opening = || clients(col("opening_balance").gt(0));
    let stayed = by_key("borrower_id")
        .sum("opening", opening())
        .sum("closing", clients(is_active()))
        .reduce(at_most_one(["opening", "closing"]));
    let opened = by_key("borrower_id").sum("opening", opening()).reduce(at_most_one(["opening"]));
    FormulaKpi::new(
        KpiSpec::new("client_retention", "Client retention", Unit::Percent)
            .direction(Direction::HigherIsBetter)
            .convention("borrowers with a balance at both ends of the period, of those at its opening")
            .family(FAMILY)
            .reference("V2 rollout report, unified KPI definitions"),
        100 * stayed / opened,
    )
}

/// The share of the period's borrowers that had borrowed before.
///
/// # What it measures
/// Of the borrowers to whom a loan was disbursed in the period, those with a loan that originated at or before
/// its opening. It sees as far back as the tape has loans, the repaid ones included.
///
/// # Formula
/// `100 * (SELECT SUM(LEAST(borrowed, before, 1)) FROM (SELECT SUM(CASE WHEN disbursed > 0 AND NOT (borrower_id IS NULL) THEN 1 ELSE 0 END) AS borrowed, SUM(CASE WHEN origination_date <= opening_as_of AND NOT (borrower_id IS NULL) THEN 1 ELSE 0 END) AS before FROM tape GROUP BY borrower_id)) / (SELECT SUM(LEAST(borrowed, 1)) FROM (SELECT SUM(CASE WHEN disbursed > 0 AND NOT (borrower_id IS NULL) THEN 1 ELSE 0 END) AS borrowed FROM tape GROUP BY borrower_id))`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, or nothing was disbursed to anybody.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .texts("borrower_id", ["a", "a", "b"])?
///     .dates("opening_as_of", ["2025-10-31".parse()?, "2025-10-31".parse()?, "2025-10-31".parse()?])?
///     .dates("origination_date", ["2025-06-30".parse()?, "2025-11-05".parse()?, "2025-11-09".parse()?])?
///     .money("disbursed", [0, 50_00, 70_00])?;
/// let outcome = abaco_calculators::repeat_borrower_rate().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("50.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: borrowers of the period with an earlier loan.
pub fn repeat_borrower_rate() -> FormulaKpi {
    let borrowed = || clients(col("disbursed").gt(0));
    let again = by_key("borrower_id")
        .sum("borrowed", borrowed())
        .sum("before", clients(col("origination_date").le("opening_as_of")))
        .reduce(at_most_one(["borrowed", "before"]));
    let all = by_key("borrower_id").sum("borrowed", borrowed()).reduce(at_most_one(["borrowed"]));
    FormulaKpi::new(
        KpiSpec::new("repeat_borrower_rate", "Repeat borrowers", Unit::Percent)
            .direction(Direction::HigherIsBetter)
            .convention("borrowers of the period with a loan originated at or before its opening")
            .family(FAMILY)
            .reference("abaco catalogue: borrowers of the period with an earlier loan"),
        100 * again / all,
    )
}

/// 1 for a row of a client like this, 0 for any other row.
fn clients(like_this: Predicate) -> RowExpr {
    case(like_this.and(col("borrower_id").is_null().negated()), 1).otherwise(0)
}

/// 1 for a client with a row of each of these kinds, otherwise 0.
fn at_most_one<const N: usize>(kinds: [&'static str; N]) -> Formula<KeyTerm> {
    let kinds = kinds.into_iter().map(of_key);
    Formula::Least(kinds.chain([Formula::from(1)]).collect())
}

#[cfg(test)]
mod tests {
    use abaco_kpi::Kpi;

    use super::*;

    #[test]
    fn formulas_print_as_documented() {
        let documented = [
            (active_clients(), "COUNT(DISTINCT borrower_id) FILTER (WHERE outstanding_balance > 0)"),
            (
                active_clients_v2(),
                "COUNT(DISTINCT borrower_id) FILTER (WHERE outstanding_balance > 0 OR disbursed <> 0 OR paid_principal <> 0 OR paid_interest <> 0 OR paid_fees <> 0 OR paid_tax <> 0)",
            ),
            (
                client_retention(),
                "100 * (SELECT SUM(LEAST(opening, closing, 1)) FROM (SELECT SUM(CASE WHEN opening_balance > 0 AND NOT (borrower_id IS NULL) THEN 1 ELSE 0 END) AS opening, SUM(CASE WHEN outstanding_balance > 0 AND NOT (borrower_id IS NULL) THEN 1 ELSE 0 END) AS closing FROM tape GROUP BY borrower_id)) / (SELECT SUM(LEAST(opening, 1)) FROM (SELECT SUM(CASE WHEN opening_balance > 0 AND NOT (borrower_id IS NULL) THEN 1 ELSE 0 END) AS opening FROM tape GROUP BY borrower_id))",
            ),
            (
                repeat_borrower_rate(),
                "100 * (SELECT SUM(LEAST(borrowed, before, 1)) FROM (SELECT SUM(CASE WHEN disbursed > 0 AND NOT (borrower_id IS NULL) THEN 1 ELSE 0 END) AS borrowed, SUM(CASE WHEN origination_date <= opening_as_of AND NOT (borrower_id IS NULL) THEN 1 ELSE 0 END) AS before FROM tape GROUP BY borrower_id)) / (SELECT SUM(LEAST(borrowed, 1)) FROM (SELECT SUM(CASE WHEN disbursed > 0 AND NOT (borrower_id IS NULL) THEN 1 ELSE 0 END) AS borrowed FROM tape GROUP BY borrower_id))",
            ),
        ];
        for (kpi, formula) in documented {
            assert_eq!(kpi.formula().to_string(), formula, "{}", kpi.spec().id);
        }
    }
}
