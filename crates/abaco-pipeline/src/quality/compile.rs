//! From a contract to what is looked for in a tape of these columns.

use abaco_engine::{Bindings, Conditions, EngineError};
use abaco_kpi::{Column as Name, Literal, Predicate, RowExpr};
use arrow::datatypes::{Schema, SchemaRef};

use super::check::{Check, CheckKind};
use super::outliers::Outliers;
use super::screen::{Fixed, RowRule, Screen};
use super::totals::Amount;
use super::tracked::Tracked;
use crate::contract::{
    Allowed, Column, Contract, NullRule, Range, Reconcile, Role, Rule, RuleKind, Severity, Totals,
};

/// Texts that the description of a check lists.
const MAX_LISTED: usize = 8;
/// The id of the check for contradicting rows.
pub(super) const CONFLICTS: &str = "tape.conflicts";

impl Screen {
    /// A contract's rules over the columns of a tape, which are the contract's that the tape has; `bindings` are its
    /// derived columns.
    ///
    /// A rule that needs a column that the tape does not have is skipped, and says so.
    ///
    /// # Errors
    /// A rule that makes no sense over these columns; one of a contract's own tapes does not.
    pub fn new(contract: &Contract, schema: SchemaRef, bindings: &Bindings) -> Result<Self, EngineError> {
        let mut compiler = Compiler::new(contract, &schema, bindings);
        let required = || contract.columns().iter().filter(|column| column.required);
        let missing = required().filter(|column| schema.index_of(&column.name).is_err()).count();
        let required = required().count();
        compiler.checks.push(Check::of_tape(
            "header",
            CheckKind::Header,
            format!("the {required} columns that are required"),
        ));
        let shape = compiler.push(Check::of_tape("shape", CheckKind::Shape, "a cell for each column"));
        let mut columns = vec![(0, None); schema.fields().len()];
        for column in contract.columns() {
            let places = compiler.column(column)?;
            if let Ok(index) = schema.index_of(&column.name) {
                columns[index] = places;
            }
        }
        for rule in contract.rules() {
            compiler.rule(rule)?;
        }
        compiler.closing();
        let conditions = Conditions::new(&compiler.predicates, &schema, bindings)?;
        let of_amount = |column: &Column| {
            let index = schema.index_of(&column.name).ok()?;
            (column.has_role(Role::Amount) && !column.has_role(Role::Pii))
                .then(|| Amount::of(column, index))?
        };
        let amounts = contract.columns().iter().filter_map(of_amount).collect();
        let Compiler { checks, rules, tracked, .. } = compiler;
        let fixed = Fixed { shape, columns };
        let header = (required as u64, missing as u64);
        let (strict, excluded) = (false, Default::default());
        Ok(Self { schema, checks, conditions, rules, amounts, tracked, fixed, header, strict, excluded })
    }
}

struct Compiler<'a> {
    contract: &'a Contract,
    schema: &'a Schema,
    bindings: &'a Bindings,
    checks: Vec<Check>,
    predicates: Vec<(Name, Predicate)>,
    rules: Vec<RowRule>,
    tracked: Tracked,
}

impl<'a> Compiler<'a> {
    fn new(contract: &'a Contract, schema: &'a Schema, bindings: &'a Bindings) -> Self {
        Self {
            contract,
            schema,
            bindings,
            checks: Vec::new(),
            predicates: Vec::new(),
            rules: Vec::new(),
            tracked: Tracked::of(contract, schema),
        }
    }

    fn push(&mut self, check: Check) -> usize {
        self.checks.push(check);
        self.checks.len() - 1
    }

    /// The places of the checks of a column's type and nulls.
    fn column(&mut self, column: &Column) -> Result<(usize, Option<usize>), EngineError> {
        let skipped = self.schema.index_of(&column.name).is_err().then(|| lacks(&column.name));
        let check = |name: &str, kind, severity, expected: String| Check {
            id: format!("{}.{name}", column.name),
            kind,
            severity,
            column: Some(column.name.clone()),
            expected,
            message: None,
            skipped: skipped.clone(),
        };
        let there = skipped.is_none();
        let error = Severity::Error;
        let types = self.push(check("type", CheckKind::Type, error, column.column_type.to_string()));
        let of_nulls = if column.nulls == NullRule::DropRow { Severity::Warning } else { error };
        let nulls = column
            .nulls
            .refuses()
            .then(|| self.push(check("nulls", CheckKind::Nulls, of_nulls, "a value".to_owned())));
        if let Some(range) = &column.range {
            let place = self.push(check("range", CheckKind::Range, range.severity, said_range(range)));
            self.condition(place, range.predicate(&column.name), Some(column), there);
        }
        if let Some(allowed) = &column.allowed {
            let place = self.push(check("allowed", CheckKind::Allowed, allowed.severity, said_list(allowed)));
            self.condition(place, allowed.predicate(&column.name), Some(column), there);
        }
        if let Some(severity) = column.unique {
            let expected = "each value once".to_owned();
            let place = self.push(check("unique", CheckKind::Unique, severity, expected));
            if there {
                self.tracked.unique(place, &column.name, self.schema)?;
            }
        }
        if let Some(beyond) = column.outliers {
            let expected = format!("a value within {beyond} standard deviations of the mean");
            let place = self.push(check("outliers", CheckKind::Outliers, Severity::Warning, expected));
            if let Ok(index) = self.schema.index_of(&column.name) {
                self.tracked.outliers.push(Outliers { check: place, index, beyond });
            }
        }
        Ok((types, nulls))
    }

    fn condition(&mut self, check: usize, predicate: Predicate, column: Option<&Column>, there: bool) {
        if !there {
            return;
        }
        let mut shown = Vec::new();
        self.bindings.resolve_predicate(&predicate).for_each_column(&mut |name| {
            let Ok(index) = self.schema.index_of(name.name()) else { return };
            if !shown.iter().any(|(other, _)| *other == index) {
                let declared = self.contract.column(name.name());
                shown.push((index, declared.is_some_and(|column| column.has_role(Role::Pii))));
            }
        });
        self.predicates.push((self.checks[check].id.clone().into(), predicate));
        self.rules.push(RowRule { check, shown, column: column.map(|column| column.name.clone()) });
    }

    fn rule(&mut self, rule: &Rule) -> Result<(), EngineError> {
        let check = |kind, expected: String, skipped: Option<String>| Check {
            id: rule.id.clone(),
            kind,
            severity: rule.severity,
            column: None,
            expected,
            message: rule.message.clone(),
            skipped,
        };
        match &rule.kind {
            RuleKind::Check { text, predicate } => {
                let mut skipped = None;
                self.bindings
                    .resolve_predicate(predicate)
                    .for_each_column(&mut |column| self.miss(column, &mut skipped));
                let there = skipped.is_none();
                let place = self.push(check(CheckKind::Check, format!("`{text}`"), skipped));
                self.condition(place, predicate.clone(), None, there);
            }
            RuleKind::NeverReverts { column } => {
                let mut skipped = None;
                let identifies =
                    |column: &&Column| column.has_role(Role::Key) || column.has_role(Role::Snapshot);
                let names = self.contract.columns().iter().filter(identifies).map(|column| &column.name);
                names.chain([column]).for_each(|name| self.miss(&name.clone().into(), &mut skipped));
                let there = skipped.is_none();
                let expected = format!("`{column}` never false after it was true");
                let place = self.push(Check {
                    column: Some(column.clone()),
                    ..check(CheckKind::NeverReverts, expected, skipped)
                });
                if there {
                    self.tracked.never_reverts(place, column, self.contract, self.schema)?;
                }
            }
            RuleKind::Rows { min, max } => {
                self.push(check(CheckKind::Rows, said_rows(*min, *max), None));
                self.tracked.rows(self.checks.len() - 1, *min, *max);
            }
            RuleKind::Freshness { max_age_days } => {
                let expected = format!("a snapshot of at most {max_age_days} days");
                let place = self.push(check(CheckKind::Freshness, expected, None));
                self.tracked.freshness(place, *max_age_days);
            }
            RuleKind::Reconcile(reconcile) => {
                let mut skipped = None;
                if let Totals::Sums { tape, .. } = &reconcile.totals {
                    self.bindings
                        .resolve(tape)
                        .for_each_column(&mut |column| self.miss(column, &mut skipped));
                }
                let there = skipped.is_none();
                let place = self.push(check(CheckKind::Reconcile, said_reconcile(reconcile), skipped));
                if there {
                    self.tracked.reconcile(place, reconcile, self.schema, self.bindings)?;
                }
            }
        }
        Ok(())
    }

    /// What is looked at when all has been read.
    fn closing(&mut self) {
        let duplicates = Check {
            severity: Severity::Warning,
            ..Check::of_tape("duplicates", CheckKind::Duplicates, "each row once")
        };
        self.checks.push(duplicates);
        let conflicts = Check::of_tape("conflicts", CheckKind::Conflicts, "rows of one key with one content");
        self.checks.push(Check { id: CONFLICTS.to_owned(), ..conflicts });
        self.checks.push(Check::of_tape(
            "totals",
            CheckKind::Totals,
            "what was read to be what was accepted, quarantined and left out",
        ));
    }

    fn miss(&self, column: &Name, skipped: &mut Option<String>) {
        if skipped.is_none() && self.schema.index_of(column.name()).is_err() {
            *skipped = Some(lacks(column.name()));
        }
    }
}

fn lacks(column: &str) -> String {
    format!("the tape has no column `{column}`")
}

fn said_range(range: &Range) -> String {
    let said = |literal: &Literal| match literal {
        Literal::Date(date) => date.to_string(),
        other => RowExpr::Literal(other.clone()).to_string(),
    };
    match (&range.min, &range.max) {
        (Some(min), Some(max)) => format!("{} to {}", said(min), said(max)),
        (Some(min), None) => format!("at least {}", said(min)),
        (None, Some(max)) => format!("at most {}", said(max)),
        (None, None) => "any value".to_owned(),
    }
}

fn said_list(allowed: &Allowed) -> String {
    let mut listed: Vec<String> =
        allowed.values.iter().take(MAX_LISTED).map(|value| format!("`{value}`")).collect();
    if allowed.values.len() > MAX_LISTED {
        listed.push(format!("{} more", allowed.values.len() - MAX_LISTED));
    }
    format!("one of {}", listed.join(", "))
}

fn said_rows(min: Option<u64>, max: Option<u64>) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!("{min} to {max} rows"),
        (Some(min), None) => format!("at least {min} rows"),
        (None, Some(max)) => format!("at most {max} rows"),
        (None, None) => "any number of rows".to_owned(),
    }
}

fn said_reconcile(reconcile: &Reconcile) -> String {
    let Reconcile { table, totals, within, .. } = reconcile;
    match totals {
        Totals::Sums { tape, table: other } => {
            format!("the sum of `{tape}` within {within} of that of `{other}` in the table `{table}`")
        }
        Totals::Rows => format!("a number of rows within {within} of that of the table `{table}`"),
    }
}
