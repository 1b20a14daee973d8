//! How a side's file is read.

use std::collections::BTreeMap;

use chrono::NaiveDate;

/// How a side's file is read.
///
/// ```
/// use abaco_rollout::figures::ReadOptions;
///
/// let options = ReadOptions::default();
/// assert_eq!(options.segment_column, "segment");
/// assert!(options.names.is_empty());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadOptions {
    /// The side's name for people; without one that of the file.
    pub name: Option<String>,
    /// The side's names of KPIs with their ids; a name that is not here is an id.
    pub names: BTreeMap<String, String>,
    /// The column whose value a segment is that is only one text.
    pub segment_column: String,
    /// The places at which the side prints. A value that is written with more places stands at its own.
    pub scale: Option<u32>,
    /// The snapshot: values without a date are of it, and those of other dates are left out.
    pub as_of: Option<NaiveDate>,
    /// Whether the totals of a run's monthly series are read as well.
    pub with_series: bool,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            name: None,
            names: BTreeMap::new(),
            segment_column: "segment".to_owned(),
            scale: None,
            as_of: None,
            with_series: false,
        }
    }
}
