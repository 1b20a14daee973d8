//! Named terms with values from a table, so that formulas can be tested without a tape.

use std::collections::HashMap;

use abaco_kpi::{Absent, Formula, Fraction, KpiError, Terms, Undefined};

/// A formula over named terms.
pub(crate) type Named = Formula<&'static str>;

/// The term `name`.
pub(crate) fn term(name: &'static str) -> Named {
    Formula::Term(name)
}

/// The constant `value`.
pub(crate) fn number(value: i64) -> Named {
    Formula::from(value)
}

/// The failure that failing terms give.
pub(crate) fn failure() -> KpiError {
    KpiError::TooLarge { bits: 70_000, limit: abaco_kpi::MAX_BITS }
}

/// Values of terms by name and lag; a lag that is not there is before the first snapshot.
#[derive(Default)]
pub(crate) struct Table(HashMap<(&'static str, u32), Result<Fraction, Absent>>);

impl Table {
    pub(crate) fn value(mut self, name: &'static str, lag: u32, value: i128) -> Self {
        self.0.insert((name, lag), Ok(Fraction::from(value)));
        self
    }

    pub(crate) fn undefined(mut self, name: &'static str, reason: Undefined) -> Self {
        self.0.insert((name, 0), Err(Absent::Undefined(reason)));
        self
    }

    pub(crate) fn failed(mut self, name: &'static str) -> Self {
        self.0.insert((name, 0), Err(Absent::Failed(failure())));
        self
    }
}

impl Terms<&'static str> for Table {
    fn value(&self, term: &&'static str, lag: u32) -> Result<Fraction, Absent> {
        match self.0.get(&(*term, lag)) {
            Some(found) => found.clone(),
            None => Err(Absent::Undefined(Undefined::NoEarlierSnapshot)),
        }
    }
}
