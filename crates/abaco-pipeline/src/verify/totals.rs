//! The control totals of the phases: what goes in comes out, and what comes out of one goes into the next.

use arrow::datatypes::i256;
use serde_json::Value;

use super::report::{ProblemKind, Report};
use crate::seal::MANIFEST;

/// What a phase does with what goes in.
const WAYS: [&str; 3] = ["accepted", "quarantined", "duplicate"];

/// An exact number: units of `10^-scale`.
#[derive(Clone, Copy)]
struct Amount {
    units: i256,
    scale: u32,
}

/// Checks `phases` of a manifest.
pub(super) fn check(manifest: &Value, report: &mut Report) {
    let Some(phases) = manifest.get("phases").and_then(Value::as_array) else {
        let message = "expected a list `phases` with control totals, found none";
        report.problem(MANIFEST, ProblemKind::Missing, message);
        return;
    };
    let mut checked = Checked::default();
    checked.phases(phases, "");
    let beside = manifest.get("table_phases").and_then(Value::as_object);
    for (table, phases) in beside.into_iter().flatten() {
        match phases.as_array() {
            Some(phases) => checked.phases(phases, &format!("table `{table}`, ")),
            None => {
                checked.problems.push(format!("table `{table}`: expected a list of phases, found {phases}"))
            }
        }
    }
    report.check("control totals", format!("{} of {} phases", checked.totals, checked.phases));
    for problem in checked.problems {
        report.problem(MANIFEST, ProblemKind::Untied, problem);
    }
}

/// What was checked, and what does not tie.
#[derive(Default)]
struct Checked {
    totals: usize,
    phases: usize,
    problems: Vec<String>,
}

impl Checked {
    /// The phases of one table, in their order.
    fn phases(&mut self, phases: &[Value], table: &str) {
        self.phases += phases.len();
        let mut not_tied = |tied: Result<(), String>, place: String| {
            self.totals += 1;
            self.problems.extend(tied.err().map(|why| format!("{table}{place}: {why}")));
        };
        for phase in phases {
            let name = phase.get("phase").and_then(Value::as_str).unwrap_or("?");
            not_tied(within(phase, "rows_in"), format!("phase `{name}`, rows"));
            for (column, amounts) in columns(phase) {
                not_tied(within(amounts, "in"), format!("phase `{name}`, column `{column}`"));
            }
        }
        for pair in phases.windows(2) {
            let [phase, next] = pair else { continue };
            let name = |phase: &Value| phase.get("phase").and_then(Value::as_str).unwrap_or("?").to_owned();
            let between = |what: &str| format!("{table}from `{}` to `{}`, {what}", name(phase), name(next));
            let mut not_handed_on = |tied: Result<(), String>, what: &str| {
                self.problems.extend(tied.err().map(|why| format!("{}: {why}", between(what))));
            };
            not_handed_on(handed_on(phase.get("accepted"), next.get("rows_in")), "rows");
            for (column, amounts) in columns(phase) {
                let further = columns(next).find(|(other, _)| *other == column);
                let Some((_, further)) = further else { continue };
                not_handed_on(
                    handed_on(amounts.get("accepted"), further.get("in")),
                    &format!("column `{column}`"),
                );
            }
        }
    }
}

fn columns(phase: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let columns = phase.get("control_totals").and_then(Value::as_object);
    columns.into_iter().flatten().map(|(column, amounts)| (column.as_str(), amounts))
}

/// What goes in is what was accepted, quarantined and a duplicate, together.
fn within(of: &Value, key: &str) -> Result<(), String> {
    let amount = |key: &str| {
        let value = of.get(key);
        value.and_then(read).ok_or_else(|| format!("`{key}`: expected a number, found {}", shown(value)))
    };
    let total = amount(key)?;
    let mut sum = Amount { units: i256::ZERO, scale: 0 };
    for way in WAYS {
        sum = sum.plus(amount(way)?).ok_or_else(|| format!("`{way}`: expected at most 76 digits"))?;
    }
    if sum.is(total) {
        return Ok(());
    }
    let parts: Vec<String> = WAYS.iter().map(|way| shown(of.get(way))).collect();
    Err(format!("expected `{key}` {} = {}, found another sum", shown(of.get(key)), parts.join(" + ")))
}

fn handed_on(from: Option<&Value>, to: Option<&Value>) -> Result<(), String> {
    match (from.and_then(read), to.and_then(read)) {
        (Some(a), Some(b)) if a.is(b) => Ok(()),
        _ => Err(format!("expected what was accepted, {}, found {} going in", shown(from), shown(to))),
    }
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), Value::to_string)
}

/// A count as a number, or an amount as decimal text.
fn read(value: &Value) -> Option<Amount> {
    let text = match value {
        Value::Number(number) => number.as_u64()?.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    let unsigned = text.strip_prefix('-').unwrap_or(&text);
    let (whole, places) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(places) || unsigned.len() > 76 {
        return None;
    }
    let places = places.trim_end_matches('0');
    let size = i256::from_string(&format!("{whole}{places}"))?;
    let units = if unsigned.len() < text.len() { size.checked_neg()? } else { size };
    Some(Amount { units, scale: u32::try_from(places.len()).ok()? })
}

impl Amount {
    fn at(self, scale: u32) -> Option<i256> {
        self.units.checked_mul(i256::from_i128(10).checked_pow(scale - self.scale)?)
    }

    fn plus(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        Some(Self { units: self.at(scale)?.checked_add(other.at(scale)?)?, scale })
    }

    fn is(self, other: Self) -> bool {
        let scale = self.scale.max(other.scale);
        matches!((self.at(scale), other.at(scale)), (Some(a), Some(b)) if a == b)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::check;
    use crate::verify::Report;

    fn phases() -> Value {
        json!({ "phases": [
            { "phase": "ingest", "rows_in": 10, "accepted": 9, "quarantined": 1, "duplicate": 0, "control_totals":
                { "balance": { "in": "100.10", "accepted": "99.95", "quarantined": "0.150", "duplicate": "0" } } },
            { "phase": "validate", "rows_in": 9, "accepted": 7, "quarantined": 0, "duplicate": 2, "control_totals":
                { "balance": { "in": "99.950", "accepted": "-0.05", "quarantined": "0", "duplicate": "100" } } },
        ]})
    }

    fn found(manifest: &Value) -> Vec<String> {
        let mut report = Report::of("run");
        check(manifest, &mut report);
        report.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn totals_that_tie() {
        assert_eq!(found(&phases()), Vec::<String>::new());
    }

    #[rstest]
    #[case("/phases/0/rows_in", json!(11), "phase `ingest`, rows: expected `rows_in` 11 = 9 + 1 + 0, found another sum")]
    #[case("/phases/0/quarantined", json!(null), "phase `ingest`, rows: `quarantined`: expected a number, found null")]
    #[case("/phases/0/quarantined", json!(-1), "phase `ingest`, rows: `quarantined`: expected a number, found -1")]
    #[case("/phases/1/control_totals/balance/duplicate", json!("100.000000000000000000000001"),
        "phase `validate`, column `balance`: expected `in` \"99.950\" = \"-0.05\" + \"0\" + \"100.000000000000000000000001\", found another sum")]
    #[case("/phases/1/control_totals/balance/duplicate", json!("1e2"),
        "phase `validate`, column `balance`: `duplicate`: expected a number, found \"1e2\"")]
    fn totals_that_do_not(#[case] place: &str, #[case] value: Value, #[case] message: &str) {
        let mut manifest = phases();
        *manifest.pointer_mut(place).unwrap() = value;
        assert_eq!(found(&manifest), [format!("manifest.json: untied: {message}")]);
    }

    #[test]
    fn what_is_handed_on_ties_too() {
        let mut manifest = phases();
        manifest["phases"][1]["rows_in"] = json!(8);
        manifest["phases"][1]["accepted"] = json!(6);
        manifest["phases"][1]["control_totals"]["balance"]["in"] = json!("99.94");
        manifest["phases"][1]["control_totals"]["balance"]["accepted"] = json!("-0.06");
        assert_eq!(
            found(&manifest),
            [
                "manifest.json: untied: from `ingest` to `validate`, rows: \
                 expected what was accepted, 9, found 8 going in",
                "manifest.json: untied: from `ingest` to `validate`, column `balance`: \
                 expected what was accepted, \"99.95\", found \"99.94\" going in",
            ]
        );
        assert_eq!(
            found(&json!({})),
            ["manifest.json: missing: expected a list `phases` with control totals, found none"]
        );
    }
}
