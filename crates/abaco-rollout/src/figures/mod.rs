//! What one side says: values by KPI, date and segment.

mod csv;
mod json;
mod names;
pub mod number;
mod options;
mod read;
mod run;
mod segment;
mod table;

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

pub use self::names::names;
pub use self::number::Rational;
pub use self::options::ReadOptions;
pub use self::read::{parse, read};
pub use self::run::of_run;

/// What a value is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// The KPI's id.
    pub kpi: String,
    /// The snapshot; none where the tape has no dates.
    pub as_of: Option<NaiveDate>,
    /// The columns of the group with its values; empty for the totals.
    pub segment: BTreeMap<String, String>,
}

/// One value of one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// The value as it was printed, or why there is none.
    pub value: Result<Decimal, String>,
    /// The places at which it was printed, where they are declared: the value then stands for an interval.
    pub scale: Option<u32>,
    /// The value before rounding, where the side knows it.
    pub exact: Option<Rational>,
    /// The measures behind it with their exact totals, where the side knows them and a decimal of 28 digits holds them.
    pub components: BTreeMap<String, Decimal>,
    /// The largest quantity above the fraction's line, to tell a zero that proves nothing; none where unknown.
    pub numerator: Option<Decimal>,
}

/// What one side says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// The side's name for people.
    pub name: String,
    /// The digests of the inputs, sorted; none where the side does not tell. Those of tables beside the tape begin with
    /// their role, as in `event:5f3a...`.
    pub inputs: Option<Vec<String>>,
    /// The run, where it is one.
    pub run_id: Option<String>,
    /// The digest of the document that the values came from.
    pub digest: String,
    /// The values.
    pub values: BTreeMap<Key, Figure>,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kpi)?;
        if let Some(as_of) = self.as_of {
            write!(f, " at {as_of}")?;
        }
        for (column, value) in &self.segment {
            write!(f, ", {column} = {value}")?;
        }
        Ok(())
    }
}

impl Figure {
    /// A printed value of which nothing else is known.
    pub fn printed(value: Decimal) -> Self {
        Self { value: Ok(value), scale: None, exact: None, components: BTreeMap::new(), numerator: None }
    }

    /// No value, and why.
    pub fn absent(reason: impl Into<String>) -> Self {
        let value = Err(reason.into());
        Self { value, scale: None, exact: None, components: BTreeMap::new(), numerator: None }
    }

    /// The value before rounding where it is known, and the printed one otherwise.
    pub fn best(&self) -> Option<Rational> {
        let printed = self.value.as_ref().ok()?;
        Some(self.exact.clone().unwrap_or_else(|| number::rational_of(*printed)))
    }
}
