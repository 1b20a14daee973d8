//! What KPIs do with personal data: which pii columns they tell rows apart by, and which they look into.
//!
//! A key is replaced by its pseudonym before rows are folded, so that no state holds a value; equal values stay equal,
//! and every count and every sum per key stays what it was. What a condition looks into stays plain while rows are
//! folded, and a state holds only how many rows met it.

use std::collections::BTreeSet;

use abaco_engine::Bindings;
use abaco_kpi::{Aggregate, Branch, Column, Kpi, Literal, Measure, Predicate, RowExpr, Use};

use crate::contract::{ColumnType, Contract, Role};

/// The pii columns of one table's contract that KPIs use.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Uses {
    keys: BTreeSet<String>,
    looked_into: BTreeSet<String>,
}

impl Uses {
    /// What KPIs and other expressions do with a table's columns, through what the contracts derive: that of the tape, and
    /// for a table beside it then its own. By `keys` rows are told apart too.
    pub(super) fn of(
        contract: &Contract,
        bindings: &[&Bindings],
        kpis: &[&dyn Kpi],
        others: &[&RowExpr],
        conditions: &[&Predicate],
        keys: &[Column],
    ) -> Self {
        let mut uses = Collector { contract, bindings, uses: Self::default() };
        for kpi in kpis {
            kpi.formula().for_each_measure(&mut |measure| uses.measure(measure));
        }
        others.iter().for_each(|expr| uses.expr(expr));
        conditions.iter().for_each(|condition| uses.predicate(Some(condition)));
        keys.iter().for_each(|key| uses.key(key));
        uses.uses
    }

    /// Takes note that rows are told apart by a column, if it is personal data at all.
    pub(super) fn add_key(&mut self, contract: &Contract, name: &str) {
        if contract.column(name).is_some_and(|column| column.has_role(Role::Pii)) {
            self.keys.insert(name.to_owned());
        }
    }

    /// The columns that stay plain while rows are folded.
    pub(super) fn kept_plain(&self) -> &BTreeSet<String> {
        &self.looked_into
    }

    /// A column that would have to be plain and a pseudonym at once, or whose type has no pseudonym.
    pub(super) fn conflict(&self, contract: &Contract) -> Option<String> {
        let both = self.keys.intersection(&self.looked_into).next();
        if let Some(name) = both {
            return Some(format!(
                "column `{name}` has the role pii; KPIs tell rows apart by it, and a condition looks into it: derive the condition before the data comes here"
            ));
        }
        let without = self.keys.iter().find(|name| {
            let column = contract.column(name).map(|column| column.column_type);
            !column.is_some_and(has_pseudonym)
        });
        without.map(|name| {
            format!("column `{name}` has the role pii and KPIs tell rows apart by it; expected text or int")
        })
    }
}

/// Whether equal values of a type stay equal when they are masked.
pub(super) fn has_pseudonym(column_type: ColumnType) -> bool {
    matches!(column_type, ColumnType::Text | ColumnType::Int)
}

struct Collector<'c> {
    contract: &'c Contract,
    bindings: &'c [&'c Bindings],
    uses: Uses,
}

impl Collector<'_> {
    fn measure(&mut self, measure: &Measure) {
        match measure {
            Measure::Rows(rows) => {
                match &rows.aggregate {
                    Aggregate::CountDistinct(key) => self.key(key),
                    Aggregate::Sum(value)
                    | Aggregate::Min(value)
                    | Aggregate::Max(value)
                    | Aggregate::Count(value) => self.expr(value),
                    Aggregate::CountRows => {}
                }
                self.predicate(rows.filter.as_ref());
            }
            Measure::Keys(keys) => {
                self.key(&keys.key);
                for sum in &keys.sums {
                    self.expr(&sum.value);
                    self.predicate(sum.filter.as_ref());
                }
            }
        }
    }

    fn key(&mut self, key: &Column) {
        match self.resolve(&RowExpr::Column(key.clone())) {
            RowExpr::Column(column) => {
                if self.is_pii(&column) {
                    self.uses.keys.insert(column.name().to_owned());
                }
            }
            other => self.look_into(&other),
        }
    }

    fn expr(&mut self, expr: &RowExpr) {
        let resolved = self.resolve(expr);
        self.look_into(&resolved);
    }

    fn resolve(&self, expr: &RowExpr) -> RowExpr {
        self.bindings.iter().fold(expr.clone(), |expr, bindings| bindings.resolve(&expr))
    }

    fn predicate(&mut self, predicate: Option<&Predicate>) {
        // As the condition of a value, so that what is asked of a column is still known behind its binding.
        let of_value = predicate.map(|when| RowExpr::Case {
            branches: vec![Branch { when: when.clone(), then: RowExpr::Literal(Literal::Boolean(true)) }],
            otherwise: None,
        });
        of_value.iter().for_each(|expr| self.expr(expr));
    }

    fn look_into(&mut self, resolved: &RowExpr) {
        let mut secret = Vec::new();
        resolved.for_each_use(&mut |column, with| {
            if self.is_pii(column) && !(with == Use::Presence && self.has_pseudonym(column)) {
                secret.push(column.name().to_owned());
            }
        });
        self.uses.looked_into.extend(secret);
    }

    /// A pseudonym is NULL where the value is; what is masked by NULL does not tell.
    fn has_pseudonym(&self, column: &Column) -> bool {
        self.contract.column(column.name()).is_some_and(|declared| has_pseudonym(declared.column_type))
    }

    fn is_pii(&self, column: &Column) -> bool {
        self.contract.column(column.name()).is_some_and(|declared| declared.has_role(Role::Pii))
    }
}

#[cfg(test)]
mod tests {
    use abaco_kpi::{
        Formula, FormulaKpi, KeyTerm, KpiSpec, Unit, by_key, case, col, count, count_distinct, lit, sum,
    };

    use super::*;

    const CONTRACT: &str = "\
contract: c
version: 1
currency: USD
columns:
  tax_id: { type: text, roles: [pii] }
  name: { type: text, roles: [pii] }
  born: { type: date, roles: [pii] }
  balance: { type: 'decimal(18, 2)' }
";

    fn uses(formula: impl Into<abaco_kpi::Formula>) -> (Uses, Option<String>) {
        let contract = Contract::from_yaml_str(CONTRACT, "c.yml").unwrap();
        let bindings = Bindings::new().bind("borrower_id", col("tax_id"));
        let kpi = FormulaKpi::new(KpiSpec::new("k", "k", Unit::Count), formula);
        let uses = Uses::of(&contract, &[&bindings], &[&kpi as &dyn Kpi], &[], &[], &[]);
        let conflict = uses.conflict(&contract);
        (uses, conflict)
    }

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_key_is_found_behind_its_binding() {
        let (found, conflict) =
            uses(by_key("borrower_id").sum("b", "balance").top(3, Formula::from(KeyTerm::Sum("b".into()))));
        assert_eq!((found.keys, found.looked_into, conflict), (set(&["tax_id"]), set(&[]), None));
        let (found, _) = uses(count_distinct("name"));
        assert_eq!((found.keys, found.looked_into), (set(&["name"]), set(&[])));
    }

    #[test]
    fn a_condition_stays_plain() {
        let (found, conflict) =
            uses(sum("balance").filter(col("name").eq("a")) + count().filter(col("balance").gt(0)));
        assert_eq!((found.keys, found.looked_into, conflict), (set(&[]), set(&["name"]), None));
    }

    /// A pseudonym is there where the value is; what is masked by NULL does not tell.
    #[test]
    fn a_column_of_which_only_the_presence_is_asked_is_a_key_all_the_same() {
        let named = || col("borrower_id").is_null().negated();
        let retained = by_key("borrower_id").sum("n", case(named(), lit(1)).otherwise(lit(0)));
        let (found, conflict) = uses(
            retained.reduce(Formula::from(KeyTerm::Sum("n".into())))
                + count().filter(named())
                + count().filter(col("born").is_null()),
        );
        assert_eq!((found.keys, found.looked_into, conflict), (set(&["tax_id"]), set(&["born"]), None));
    }

    #[test]
    fn a_column_cannot_be_both() {
        let (_, conflict) = uses(count_distinct("name").filter(col("name").eq("a")));
        assert!(conflict.unwrap().contains("`name`"));
        let (_, conflict) = uses(count_distinct("born"));
        assert!(conflict.unwrap().contains("expected text or int"));
    }
}
