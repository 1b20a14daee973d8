//! From rules as written to rules that fit the contract's columns.

use std::collections::HashSet;

use abaco_engine::{Bindings, Conditions, Projection, parse_predicate, parse_row_expr};
use abaco_kpi::{Column as Name, Literal, Predicate, RowExpr, col};
use arrow::datatypes::{DataType, Field, Schema};
use rust_decimal::Decimal;

use super::check::{check_name, expression};
use super::raw::{Quoted, RawAllowed, RawRange, RawReconcile, RawRule};
use super::{Allowed, Column, ColumnType, Derived, Range, Reconcile, Role, Rule, RuleKind, Totals};
use crate::source::date_text::{date_of, iso};

/// The most rules, and the most texts that a column may be restricted to.
const MAX_RULES: usize = 256;
const MAX_MESSAGE_BYTES: usize = 512;
/// The canonical name of a snapshot's label.
const AS_OF: &str = "as_of";

/// A column's range, in values of the column's own type.
pub(super) fn range(raw: RawRange, column_type: ColumnType) -> Result<Range, String> {
    let read = |Quoted(text): Quoted| match column_type {
        ColumnType::Int | ColumnType::Decimal { .. } => decimal(&text)
            .map(Literal::from)
            .ok_or_else(|| format!("range: expected a number such as \"0.5\", found `{text}`")),
        ColumnType::Date => {
            let days = text.trim().as_bytes().try_into().ok().and_then(iso);
            days.map(|days| Literal::Date(date_of(days)))
                .ok_or_else(|| format!("range: expected a date such as \"2025-12-31\", found `{text}`"))
        }
        ColumnType::Text | ColumnType::Bool => {
            Err(format!("expected a number or a date for `range`, found {column_type}"))
        }
    };
    let (min, max) = (raw.min.map(read).transpose()?, raw.max.map(read).transpose()?);
    match (&min, &max) {
        (None, None) => Err("range: expected `min`, `max` or both, found neither".to_owned()),
        // Both are of one kind, in which literals compare as their values do.
        (Some(least), Some(most)) if least > most => Err(format!(
            "range: expected `min` to be at most `max`, found {} and {}",
            RowExpr::Literal(least.clone()),
            RowExpr::Literal(most.clone())
        )),
        _ => Ok(Range { min, max, severity: raw.severity }),
    }
}

/// From how many standard deviations on a value is far.
pub(super) fn outliers(Quoted(text): &Quoted, column_type: ColumnType) -> Result<Decimal, String> {
    if !matches!(column_type, ColumnType::Int | ColumnType::Decimal { .. }) {
        return Err(format!("expected a number for `outliers`, found {column_type}"));
    }
    let beyond = decimal(text).filter(|beyond| *beyond > Decimal::ZERO && *beyond < Decimal::ONE_THOUSAND);
    beyond.ok_or_else(|| {
        format!("outliers: expected a number of standard deviations such as \"4\", found `{text}`")
    })
}

/// The texts of a column.
pub(super) fn allowed(raw: RawAllowed, column_type: ColumnType) -> Result<Allowed, String> {
    if column_type != ColumnType::Text {
        return Err(format!("expected a text for `allowed`, found {column_type}"));
    }
    if raw.values.is_empty() || raw.values.len() > MAX_RULES {
        return Err(format!("allowed: expected 1 to {MAX_RULES} texts, found {}", raw.values.len()));
    }
    let mut seen = HashSet::new();
    for value in &raw.values {
        if value.trim() != value {
            return Err(format!("allowed: expected no blanks around a text, found `{value}`"));
        }
        if !seen.insert(value) {
            return Err(format!("allowed: expected each text once, found `{value}` twice"));
        }
    }
    Ok(Allowed { values: raw.values, severity: raw.severity })
}

impl Range {
    /// What must hold of the column.
    pub(crate) fn predicate(&self, column: &str) -> Predicate {
        let value = || col(column.to_owned());
        let literal = |literal: &Literal| RowExpr::Literal(literal.clone());
        match (&self.min, &self.max) {
            (Some(min), Some(max)) => value().between(literal(min), literal(max)),
            (Some(min), None) => value().ge(literal(min)),
            (None, Some(max)) => value().le(literal(max)),
            // A checked range has an end.
            (None, None) => value().is_null().negated().or(value().is_null()),
        }
    }
}

impl Allowed {
    /// What must hold of the column.
    pub(crate) fn predicate(&self, column: &str) -> Predicate {
        let list = self.values.iter().map(|value| Literal::Text(value.clone().into())).collect();
        Predicate::In { value: col(column.to_owned()), list }
    }
}

/// The rules of a contract with these columns.
pub(super) fn rules(raw: Vec<RawRule>, columns: &[Column], derived: &[Derived]) -> Result<Vec<Rule>, String> {
    if raw.len() > MAX_RULES {
        return Err(format!("rules: expected at most {MAX_RULES}, found {}", raw.len()));
    }
    let context = Context::new(columns, derived);
    let mut ids = HashSet::new();
    let mut rules = Vec::with_capacity(raw.len());
    for raw in raw {
        let id = raw.id.clone();
        let at = |problem: String| format!("rule `{id}`: {problem}");
        check_name(&id).map_err(at)?;
        if !ids.insert(id.clone()) {
            return Err(at("expected an id of its own, found it twice".to_owned()));
        }
        rules.push(context.rule(raw).map_err(at)?);
    }
    Ok(rules)
}

/// What rules may name, and of which types it is.
struct Context<'a> {
    columns: &'a [Column],
    derived: &'a [Derived],
    schema: Schema,
    /// `None` if an expression of `derive` cannot be read, which is said when it is bound.
    bindings: Option<Bindings>,
}

impl<'a> Context<'a> {
    fn new(columns: &'a [Column], derived: &'a [Derived]) -> Self {
        let field = |column: &Column| Field::new(&column.name, column.arrow_type(), true);
        let schema = Schema::new(columns.iter().map(field).collect::<Vec<_>>());
        let mut bound = Some(Bindings::new());
        for derived in derived {
            let expr = parse_row_expr(&derived.expression).ok();
            bound = bound.zip(expr).map(|(bound, expr)| bound.bind(derived.name.clone(), expr));
        }
        let mut context = Self { columns, derived, schema, bindings: None };
        if let (Some(snapshot), false) = (context.snapshot(), context.declares(AS_OF)) {
            let label = RowExpr::Column(snapshot.name.clone().into());
            bound = bound.map(|bound| bound.bind(AS_OF, label));
        }
        context.bindings = bound.filter(|bound| bound.check().is_ok());
        context
    }

    fn rule(&self, raw: RawRule) -> Result<Rule, String> {
        if let Some(message) = &raw.message
            && (message.trim().is_empty() || message.len() > MAX_MESSAGE_BYTES)
        {
            return Err(format!("message: expected 1 to {MAX_MESSAGE_BYTES} bytes, found {}", message.len()));
        }
        let found = [
            ("check", raw.check.is_some()),
            ("never_reverts", raw.never_reverts.is_some()),
            ("rows", raw.rows.is_some()),
            ("freshness", raw.freshness.is_some()),
            ("reconcile", raw.reconcile.is_some()),
        ];
        let found: Vec<&str> = found.iter().filter(|(_, there)| *there).map(|(kind, _)| *kind).collect();
        if found.len() != 1 {
            let found = if found.is_empty() { "none".to_owned() } else { found.join(" and ") };
            return Err(format!(
                "expected one of check, never_reverts, rows, freshness and reconcile, found {found}"
            ));
        }
        let mut kind = None;
        if let Some(text) = raw.check {
            kind = Some(self.check(text)?);
        }
        if let Some(reverts) = raw.never_reverts {
            kind = Some(self.never_reverts(reverts.column)?);
        }
        if let Some(rows) = raw.rows {
            kind = Some(match (rows.min, rows.max) {
                (None, None) => return Err("rows: expected `min`, `max` or both, found neither".to_owned()),
                (Some(min), Some(max)) if min > max => {
                    return Err(format!("rows: expected `min` to be at most `max`, found {min} and {max}"));
                }
                (min, max) => RuleKind::Rows { min, max },
            });
        }
        if let Some(freshness) = raw.freshness {
            if self.snapshot().is_none() {
                return Err("freshness: expected a column with the role `snapshot`, found none".to_owned());
            }
            kind = Some(RuleKind::Freshness { max_age_days: freshness.max_age_days });
        }
        if let Some(reconcile) = raw.reconcile {
            kind = Some(RuleKind::Reconcile(self.reconcile(reconcile)?));
        }
        let kind = kind.ok_or_else(|| "expected a kind of rule, found none".to_owned())?;
        Ok(Rule { id: raw.id, severity: raw.severity, message: raw.message, kind })
    }

    fn check(&self, text: String) -> Result<RuleKind, String> {
        let text = expression(&text).map_err(|problem| format!("check: {problem}"))?;
        let predicate = parse_predicate(&text).map_err(|error| format!("check: {error}"))?;
        let mut unknown = None;
        predicate.for_each_column(&mut |column| self.look(column, &mut unknown));
        refuse_unknown(unknown).map_err(|problem| format!("check: {problem}"))?;
        if let Some(bindings) = &self.bindings {
            let named = [(Name::from("check"), predicate.clone())];
            Conditions::new(&named, &self.schema, bindings).map_err(|error| match error {
                abaco_engine::EngineError::Condition { reason, .. } => format!("check: {reason}"),
                other => other.to_string(),
            })?;
        }
        Ok(RuleKind::Check { text, predicate })
    }

    fn never_reverts(&self, name: String) -> Result<RuleKind, String> {
        let column = self.columns.iter().find(|column| column.name == name);
        let column = column.ok_or_else(|| format!("never_reverts: the contract has no column `{name}`"))?;
        if column.column_type != ColumnType::Bool {
            return Err(format!("never_reverts: expected a bool column, found {}", column.column_type));
        }
        for role in [Role::Key, Role::Snapshot] {
            if !self.columns.iter().any(|column| column.has_role(role)) {
                return Err(format!(
                    "never_reverts: expected a column with the role `{}`, found none",
                    role.as_str()
                ));
            }
        }
        Ok(RuleKind::NeverReverts { column: name })
    }

    fn reconcile(&self, raw: RawReconcile) -> Result<Reconcile, String> {
        let at = |problem: String| format!("reconcile: {problem}");
        let totals = match (raw.sum, raw.other, raw.rows) {
            (Some(tape), Some(table), false) => {
                let tape = row_expr(&tape).map_err(|problem| at(format!("sum: {problem}")))?;
                self.check_sum(&tape).map_err(|problem| at(format!("sum: {problem}")))?;
                let table = row_expr(&table).map_err(|problem| at(format!("with: {problem}")))?;
                Totals::Sums { tape, table }
            }
            (None, None, true) => Totals::Rows,
            _ => return Err(at("expected `sum` and `with`, or `rows: true`".to_owned())),
        };
        let within = match raw.within {
            None => Decimal::ZERO,
            Some(Quoted(text)) => decimal(&text)
                .filter(|within| !within.is_sign_negative())
                .ok_or_else(|| at(format!("within: expected a number such as \"0.01\", found `{text}`")))?,
        };
        Ok(Reconcile { table: raw.table, totals, within })
    }

    /// A sum must be one of numbers, and is published.
    fn check_sum(&self, sum: &RowExpr) -> Result<(), String> {
        let mut unknown = None;
        sum.for_each_column(&mut |column| self.look(column, &mut unknown));
        refuse_unknown(unknown)?;
        let Some(bindings) = &self.bindings else { return Ok(()) };
        let secret = secret_behind(&bindings.resolve(sum), self.columns);
        if let Some(secret) = secret {
            return Err(format!("it would publish the values of `{secret}`, which has the role pii"));
        }
        let asked = [(Name::from("sum"), sum.clone())];
        let projection =
            Projection::new(&asked, &self.schema, bindings).map_err(|error| error.to_string())?;
        match projection.schema().field(0).data_type() {
            DataType::Int64 | DataType::Decimal64(..) | DataType::Decimal128(..) => Ok(()),
            other => Err(format!("expected a number, found {other}")),
        }
    }

    fn snapshot(&self) -> Option<&'a Column> {
        self.columns.iter().find(|column| column.has_role(Role::Snapshot))
    }

    fn declares(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column.name == name)
            || self.derived.iter().any(|derived| derived.name == name)
    }

    fn look(&self, column: &Name, unknown: &mut Option<String>) {
        let name = column.name();
        let known = self.declares(name) || (name == AS_OF && self.snapshot().is_some());
        if !known && unknown.is_none() {
            *unknown = Some(name.to_owned());
        }
    }
}

/// A pii column whose values an expression over the tape's own columns takes.
pub(super) fn secret_behind(expr: &RowExpr, columns: &[Column]) -> Option<String> {
    let mut secret = None;
    expr.for_each_column(&mut |column| {
        let declared = columns.iter().find(|declared| declared.name == column.name());
        if declared.is_some_and(|declared| declared.has_role(Role::Pii)) {
            secret = Some(column.name().to_owned());
        }
    });
    secret
}

fn refuse_unknown(unknown: Option<String>) -> Result<(), String> {
    match unknown {
        Some(column) => Err(format!("the contract has no column `{column}`")),
        None => Ok(()),
    }
}

fn row_expr(text: &str) -> Result<RowExpr, String> {
    parse_row_expr(&expression(text)?).map_err(|error| error.to_string())
}

/// Digits with at most one point and a sign, and nothing else that the library reads.
fn decimal(text: &str) -> Option<Decimal> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.'));
    Decimal::from_str_exact(text).ok().filter(|_| plain)
}
