//! Basis: which rows a KPI is meant for.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Column, ColumnKind, Formula, Kpi, canonical_column};

/// Which rows a KPI is meant for.
///
/// The formula is the same arithmetic over any of them; the basis says on which it has its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The loans of one snapshot.
    Snapshot,
    /// The loan-period panel: every loan known at the snapshot, with its opening and closing state and what happened
    /// in between.
    Period,
    /// The loans of one origination cohort at one age, the repaid ones included.
    Cohort,
}

impl Basis {
    /// The basis that a formula's columns ask for: a period where one of them is a flow, an accumulated amount or an
    /// opening state, otherwise a snapshot.
    ///
    /// ```
    /// use abaco_kpi::{Basis, sum};
    ///
    /// assert_eq!(Basis::of(&sum("outstanding_balance").into()), Basis::Snapshot);
    /// assert_eq!(Basis::of(&(sum("written_off") / sum("opening_balance"))), Basis::Period);
    /// ```
    pub fn of(formula: &Formula) -> Self {
        let mut basis = Self::Snapshot;
        formula.for_each_term(&mut |term| {
            term.for_each_column(&mut |column| {
                if is_of_a_period(column) {
                    basis = Self::Period;
                }
            });
        });
        basis
    }

    /// The basis of a KPI: what its specification says, or else what its columns ask for.
    pub fn of_kpi(kpi: &dyn Kpi) -> Self {
        kpi.spec().basis.unwrap_or_else(|| Self::of(&kpi.formula()))
    }

    /// `snapshot`, `period` or `cohort`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::Period => "period",
            Self::Cohort => "cohort",
        }
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn is_of_a_period(column: &Column) -> bool {
    let kind = canonical_column(column.name()).map(|spec| spec.kind);
    matches!(kind, Some(ColumnKind::Flow | ColumnKind::Cumulative)) || column.name().starts_with("opening_")
}
