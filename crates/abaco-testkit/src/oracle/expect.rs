//! What an engine must find, and how what it found differs.

use std::collections::BTreeSet;
use std::fmt;

use abaco_engine::KpiResult;
use abaco_kpi::{Column, Formula, Fraction, Kpi, Measure, Outcome, Undefined};
use num_rational::BigRational;

use super::formula::Walk;
use super::gone::Gone;
use super::measure::Frame;
use super::round::rounded_text;
use super::scope::Scopes;
use super::{Oracle, When, ten_to};

/// What must be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// What becomes of the KPI.
    pub verdict: Verdict,
    /// Rows in scope.
    pub rows: u64,
    /// Those of them in which a column that the KPI reads is NULL.
    pub nulls: u64,
    /// Each measure of the formula by its text, once, with its total where it is a finite decimal.
    pub components: Vec<(String, Option<BigRational>)>,
}

/// What must become of a KPI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It has a value.
    Value {
        /// Exact.
        exact: BigRational,
        /// As text, with exactly the decimal places of the KPI's rounding.
        rounded: String,
        /// What a `COALESCE` replaced.
        caught: Option<Undefined>,
    },
    /// The data does not define it.
    Undefined(Undefined),
    /// The tape lacks these columns.
    Unavailable(Vec<Column>),
    /// It fails; the message is not part of the promise.
    Failed(String),
}

pub(super) fn expect(
    oracle: &Oracle<'_>,
    kpi: &dyn Kpi,
    when: When,
    by: &[(Column, Option<String>)],
) -> Expected {
    let (scopes, formula) = (Scopes::new(oracle), kpi.formula());
    let frame = Frame { scopes, when, by };
    let rows = scopes.rows(when, by);
    let (reads, missing) = columns(scopes, oracle, &formula);
    if !missing.is_empty() {
        let verdict = Verdict::Unavailable(missing.into_iter().collect());
        return Expected { verdict, rows: count(rows.len()), nulls: 0, components: Vec::new() };
    }
    let is_null =
        |row: usize, column: &Column| oracle.tape.cell(row, column.name()).is_none_or(|c| c.is_null());
    let nulls = rows.iter().filter(|row| reads.iter().any(|column| is_null(**row, column))).count();

    let term = |measure: &Measure, lag: u32| frame.measure(measure, lag);
    let mut walk = Walk::new(&term);
    let verdict = match walk.value(&formula, 0) {
        Ok(exact) => {
            let rounding = kpi.spec().rounding;
            match rounded_text(&exact, rounding.scale, rounding.mode) {
                Some(rounded) => Verdict::Value { exact, rounded, caught: walk.caught },
                None => Verdict::Failed(format!("{exact} is no decimal of {} places", rounding.scale)),
            }
        }
        Err(Gone::Failed(message)) => Verdict::Failed(message),
        Err(Gone::Undefined(reason)) => Verdict::Undefined(reason),
        Err(Gone::NullKey) => Verdict::Undefined(Undefined::AllNull),
    };
    let components = components(&formula, &|measure| term(measure, 0).ok());
    Expected { verdict, rows: count(rows.len()), nulls: count(nulls), components }
}

/// The tape's columns that the formula reads, and those of them that the tape lacks.
fn columns(
    scopes: Scopes<'_>,
    oracle: &Oracle<'_>,
    formula: &Formula,
) -> (BTreeSet<Column>, BTreeSet<Column>) {
    let mut reads = BTreeSet::new();
    formula.for_each_term(&mut |measure| {
        measure.for_each_column(&mut |column| reads.extend(scopes.tape_columns(column)));
    });
    let missing = reads.iter().filter(|column| oracle.tape.position(column.name()).is_none()).cloned();
    let missing = missing.collect();
    (reads, missing)
}

fn components(
    formula: &Formula,
    value: &dyn Fn(&Measure) -> Option<BigRational>,
) -> Vec<(String, Option<BigRational>)> {
    let mut components: Vec<(String, Option<BigRational>)> = Vec::new();
    formula.for_each_term(&mut |measure| {
        let text = measure.to_string();
        if components.iter().all(|(known, _)| *known != text) {
            components.push((text, value(measure).filter(is_decimal)));
        }
    });
    components
}

/// Whether the number has finitely many decimal places: the denominator divides a power of ten.
fn is_decimal(x: &BigRational) -> bool {
    let places = u32::try_from(x.denom().bits()).unwrap_or(u32::MAX);
    (x * ten_to(places)).is_integer()
}

fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}

/// A fraction of `abaco-kpi` as a `BigRational`.
///
/// ```
/// use abaco_kpi::Fraction;
/// use abaco_testkit::oracle::rational;
///
/// assert_eq!(rational(&Fraction::ratio(350, -2_000)?).to_string(), "-7/40");
/// # Ok::<(), abaco_kpi::KpiError>(())
/// ```
pub fn rational(fraction: &Fraction) -> BigRational {
    // By way of text, because the two libraries are built on different integers.
    let (numerator, denominator) = fraction.lowest_terms();
    format!("{numerator}/{denominator}").parse().unwrap_or_default()
}

/// How a result differs from what must be found, or `None` if it does not.
pub fn difference(expected: &Expected, found: &KpiResult) -> Option<String> {
    if let Some(difference) = outcome_difference(&expected.verdict, &found.outcome) {
        return Some(difference);
    }
    if (expected.rows, expected.nulls) != (found.rows, found.nulls) {
        return Some(format!(
            "expected {} rows with {} nulls, found {} with {}",
            expected.rows, expected.nulls, found.rows, found.nulls
        ));
    }
    let decimal = |text: &str| -> Option<BigRational> {
        let (digits, places) = match text.split_once('.') {
            Some((whole, places)) => (format!("{whole}{places}"), places.len()),
            None => (text.to_owned(), 0),
        };
        let units: BigRational = digits.parse().ok()?;
        Some(units / ten_to(u32::try_from(places).ok()?))
    };
    let components: Vec<(String, Option<BigRational>)> = found
        .components
        .iter()
        .map(|(text, total)| (text.clone(), total.as_ref().and_then(|total| decimal(&total.to_string()))))
        .collect();
    if components != expected.components {
        return Some(format!(
            "expected the components {:?}, found {:?}",
            expected.components, found.components
        ));
    }
    exact_form_difference(expected, found, &decimal)
}

/// Compares what became of a KPI, without what explains it.
fn outcome_difference(expected: &Verdict, found: &Outcome) -> Option<String> {
    let same = match (expected, found) {
        (Verdict::Value { exact, rounded, caught }, Outcome::Value(value)) => {
            rational(&value.exact) == *exact
                && value.rounded.to_string() == *rounded
                && value.caught == *caught
        }
        (Verdict::Undefined(expected), Outcome::Undefined(found)) => expected == found,
        (Verdict::Unavailable(expected), Outcome::Unavailable(found)) => expected == found,
        (Verdict::Failed(_), Outcome::Failed(_)) => true,
        _ => false,
    };
    (!same).then(|| format!("expected {expected}\nfound {}", shown(found)))
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { exact, rounded, caught: None } => write!(f, "value {rounded}, exactly {exact}"),
            Self::Value { exact, rounded, caught: Some(reason) } => {
                write!(f, "value {rounded}, exactly {exact}, in place of {reason}")
            }
            Self::Undefined(reason) => write!(f, "undefined: {reason}"),
            Self::Unavailable(columns) => write!(f, "unavailable: {columns:?}"),
            Self::Failed(message) => write!(f, "failed: {message}"),
        }
    }
}

/// An outcome in the words of a [`Verdict`].
fn shown(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Value(value) => Verdict::Value {
            exact: rational(&value.exact),
            rounded: value.rounded.to_string(),
            caught: value.caught,
        }
        .to_string(),
        Outcome::Undefined(reason) => Verdict::Undefined(*reason).to_string(),
        Outcome::Unavailable(columns) => Verdict::Unavailable(columns.clone()).to_string(),
        Outcome::Failed(message) => Verdict::Failed(message.clone()).to_string(),
    }
}

/// The exact form multiplies out to the exact value.
fn exact_form_difference(
    expected: &Expected,
    found: &KpiResult,
    decimal: &dyn Fn(&str) -> Option<BigRational>,
) -> Option<String> {
    let (Some(form), Verdict::Value { exact, .. }) = (&found.exact, &expected.verdict) else {
        return None;
    };
    let part = |part: &abaco_kpi::Scaled| decimal(&part.to_string());
    let product = part(&form.multiplier)? * part(&form.numerator)?;
    (product != exact * part(&form.denominator)?)
        .then(|| format!("the exact form {form:?} is not the exact value {exact}"))
}
