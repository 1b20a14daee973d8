//! The migration matrices: many KPIs that a person reads as one.

use abaco_loans::calculators::migration::{Bucket, Destination};
use abaco_loans::calculators::{roll_rate, roll_rate_count};
use abaco_loans::kpi::FormulaKpi;
use abaco_loans::prelude::Kpi;

/// The ids of a matrix: a row per bucket at the beginning of the period, a cell per place at its end.
pub(crate) struct Matrix {
    /// What the loans are weighed by.
    pub(crate) by: &'static str,
    /// How the ids are made.
    pub(crate) pattern: &'static str,
    pub(crate) rows: Vec<(&'static str, Vec<String>)>,
}

impl Matrix {
    /// By balance, and by number of loans.
    pub(crate) fn all() -> [Self; 2] {
        [
            Self::of("opening balance", "roll_rate_{from}_{to}", roll_rate),
            Self::of("number of loans", "roll_rate_{from}_{to}_count", roll_rate_count),
        ]
    }

    fn of(by: &'static str, pattern: &'static str, cell: fn(Bucket, Destination) -> FormulaKpi) -> Self {
        let id = |from, to| cell(from, to).spec().id.to_string();
        let row = |from: Bucket| (from.name(), Destination::ALL.map(|to| id(from, to)).to_vec());
        Self { by, pattern, rows: Bucket::ALL.map(row).to_vec() }
    }

    /// The names of the columns.
    pub(crate) fn destinations() -> [&'static str; 9] {
        Destination::ALL.map(Destination::name)
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().flat_map(|(_, ids)| ids).map(String::as_str)
    }
}
