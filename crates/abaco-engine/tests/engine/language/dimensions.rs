//! What may be added to what.

use abaco_engine::{check_dimensions, parse_formula};
use abaco_kpi::Unit;

fn checked(text: &str, unit: Unit) -> Result<(), String> {
    check_dimensions(&parse_formula(text).unwrap(), unit).map_err(|error| error.to_string())
}

#[test]
fn what_goes_together() {
    let cases = [
        ("SUM(outstanding_balance) + SUM(accrued_interest)", Unit::Currency),
        ("SUM(outstanding_balance + accrued_interest - 5)", Unit::Currency),
        ("SUM(outstanding_balance) - 1000000", Unit::Currency),
        ("LEAST(SUM(outstanding_balance), 0)", Unit::Currency),
        ("COALESCE(100 * SUM(paid_interest) / SUM(due_interest), 0)", Unit::Percent),
        // An average per loan is an amount still, and beside it stands the largest loan.
        ("GREATEST(AVG(outstanding_balance), MAX(outstanding_balance))", Unit::Currency),
        ("SUM(original_principal) / COUNT(*)", Unit::Currency),
        ("SUM(outstanding_balance * dpd) / SUM(outstanding_balance)", Unit::Days),
        ("SUM(outstanding_balance * dpd) / SUM(outstanding_balance) + 30", Unit::Days),
        ("SUM(annual_rate * outstanding_balance)", Unit::Currency),
        ("SUM(pd * lgd * ead)", Unit::Currency),
        ("1 - POWER(1 - SUM(defaulted) / SUM(opening_balance), 12)", Unit::Ratio),
        // 365 days over a duration is a plain number of years: a constant may be a duration.
        (
            "SUM(paid_interest) * 365 / MAX(term_days) / SUM(outstanding_balance) - SUM(annual_rate * outstanding_balance) / SUM(outstanding_balance)",
            Unit::Ratio,
        ),
        ("SUM(outstanding_balance) / SUM(sales) * 30 + MAX(dpd)", Unit::Days),
        ("MAX(DAYS_BETWEEN(origination_date, as_of)) - MIN(term_days)", Unit::Days),
        (
            "MAX(DAYS_BETWEEN(origination_date, as_of)) / 30 + MAX(MONTHS_BETWEEN(origination_date, as_of))",
            Unit::Count,
        ),
        ("COUNT(*) - COUNT(DISTINCT borrower_id)", Unit::Count),
        ("SUM(open_flags) + COUNT(*)", Unit::Count),
        ("100 * COUNT(*) FILTER (WHERE dpd > opening_dpd) / COUNT(*)", Unit::Percent),
        (
            "SUM(CASE WHEN outstanding_balance > past_due_amount THEN outstanding_balance ELSE 0 END)",
            Unit::Currency,
        ),
        (
            "10000 * (SELECT SUM(b * b) FROM (SELECT SUM(outstanding_balance) AS b FROM tape GROUP BY borrower_id)) / (SUM(outstanding_balance) * SUM(outstanding_balance))",
            Unit::Score,
        ),
        (
            "(SELECT SUM(GREATEST(b - 0.25 * TOTAL(SUM(outstanding_balance)), 0)) FROM (SELECT SUM(outstanding_balance) AS b FROM tape GROUP BY borrower_id))",
            Unit::Currency,
        ),
        // A column that nobody knows fits anything.
        ("SUM(mystery) + SUM(outstanding_balance) + SUM(dpd * mystery)", Unit::Currency),
        ("SUM(7)", Unit::Currency),
        ("SUM(DIV_ROUND(outstanding_balance, ltv, 2)) - SUM(collateral_value)", Unit::Currency),
        ("LAG(SUM(outstanding_balance), 1) - ROUND(SUM(outstanding_balance), 0)", Unit::Currency),
    ];
    for (text, unit) in cases {
        assert_eq!(checked(text, unit), Ok(()), "{text}");
    }
}

#[test]
fn what_does_not() {
    let cases = [
        (
            "SUM(outstanding_balance) + 100 * SUM(paid_fees) / SUM(due_fees)",
            "a percent is not added to a currency: `SUM(outstanding_balance)` + `100 * SUM(paid_fees) / SUM(due_fees)`",
        ),
        (
            "SUM(paid_fees) / SUM(due_fees) - SUM(due_fees)",
            "a currency is not subtracted from a ratio: `SUM(paid_fees) / SUM(due_fees)` - `SUM(due_fees)`",
        ),
        (
            "SUM(outstanding_balance + dpd)",
            "a number of days is not added to a currency: `outstanding_balance` + `dpd`",
        ),
        ("COUNT(*) + SUM(dpd)", "a number of days is not added to a count: `COUNT(*)` + `SUM(dpd)`"),
        (
            "COUNT(*) + SUM(paid_fees) / SUM(due_fees)",
            "a ratio is not added to a count: `COUNT(*)` + `SUM(paid_fees) / SUM(due_fees)`",
        ),
        (
            "SUM(outstanding_balance) FILTER (WHERE outstanding_balance > dpd)",
            "a currency is not compared with a number of days: `outstanding_balance` and `dpd`",
        ),
        (
            "SUM(CASE WHEN dpd BETWEEN 1 AND ltv THEN 1 ELSE 0 END)",
            "a number of days is not compared with a ratio: `dpd` and `ltv`",
        ),
        (
            "SUM(CASE WHEN dpd > 1 THEN outstanding_balance ELSE dpd END)",
            "CASE does not choose between a currency and a number of days: `dpd`",
        ),
        (
            "LEAST(10, SUM(outstanding_balance), COUNT(*))",
            "LEAST does not choose between a currency and a count: `COUNT(*)`",
        ),
        (
            "SUM(GREATEST(outstanding_balance, annual_rate))",
            "GREATEST does not choose between a currency and a ratio: `annual_rate`",
        ),
        (
            "COALESCE(SUM(outstanding_balance) / SUM(sales), SUM(sales))",
            "COALESCE does not choose between a ratio and a currency: `SUM(sales)`",
        ),
        (
            "SUM(outstanding_balance * outstanding_balance) + SUM(outstanding_balance * dpd)",
            "a product of currency days is not added to a product of currency^2: \
             `SUM(outstanding_balance * outstanding_balance)` + `SUM(outstanding_balance * dpd)`",
        ),
        (
            "(SELECT SUM(b + n) FROM (SELECT SUM(outstanding_balance) AS b, SUM(dpd) AS n FROM tape GROUP BY borrower_id))",
            "a number of days is not added to a currency: `b` + `n`",
        ),
        (
            "(SELECT SUM(b - TOTAL(COUNT(*))) FROM (SELECT SUM(outstanding_balance) AS b FROM tape GROUP BY borrower_id))",
            "a count is not subtracted from a currency: `b` - `TOTAL(COUNT(*))`",
        ),
        (
            "MAX(MONTHS_BETWEEN(origination_date, as_of)) + MAX(dpd)",
            "a number of days is not added to a number of months: `MAX(MONTHS_BETWEEN(origination_date, as_of))` + `MAX(dpd)`",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(checked(text, Unit::Ratio), Err(expected.to_owned()), "{text}");
    }
}

#[test]
fn the_unit_has_the_currency_of_the_formula() {
    let amount = "SUM(outstanding_balance)";
    let ratio = "SUM(paid_fees) / SUM(due_fees)";
    for unit in [Unit::Percent, Unit::Ratio, Unit::Score, Unit::Count, Unit::Days] {
        assert_eq!(
            checked(amount, unit),
            Err(format!("the unit is `{unit}`, but the formula gives a currency"))
        );
        assert_eq!(checked(ratio, unit), Ok(()));
    }
    assert_eq!(checked(amount, Unit::Currency), Ok(()));
    let cases = [
        (ratio, "a ratio"),
        ("COUNT(*)", "a count"),
        ("SUM(outstanding_balance * outstanding_balance)", "a product of currency^2"),
        ("COUNT(*) / SUM(outstanding_balance)", "a product of currency^-1"),
        ("SUM(outstanding_balance) / SUM(outstanding_balance) * SUM(dpd)", "a number of days"),
    ];
    for (text, found) in cases {
        let expected = format!("the unit is `currency`, but the formula gives {found}");
        assert_eq!(checked(text, Unit::Currency), Err(expected), "{text}");
    }
    // Exponents do not overflow.
    let power = format!("{}SUM(outstanding_balance){}", "POWER(".repeat(30), ", 480)".repeat(30));
    assert!(checked(&power, Unit::Currency).is_err());
}
