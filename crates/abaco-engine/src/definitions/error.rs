//! What can be wrong with definitions, with the file, the place and the KPI as far as they are known.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::threshold::ThresholdError;

/// What is wrong with a file of definitions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DefinitionError {
    /// The file does not have the shape of definitions.
    #[error("{}: {message}", Place { path, line: *line, column: *column, kpi: kpi.as_deref() })]
    Yaml {
        /// The file.
        path: PathBuf,
        /// The line, from 1, where it is known.
        line: Option<usize>,
        /// The column, from 1, where it is known.
        column: Option<usize>,
        /// The KPI whose entry it is, where it is known.
        kpi: Option<String>,
        /// What is wrong.
        message: String,
    },
    /// A formula is none of the language, or cannot be that of its KPI.
    #[error("{}: formula: {message}", Place { path, line: *line, column: *column, kpi: Some(kpi) })]
    Formula {
        /// The file.
        path: PathBuf,
        /// The line in the file, from 1, where it is known.
        line: Option<usize>,
        /// The column in the file, from 1, where it is known.
        column: Option<usize>,
        /// The KPI whose formula it is.
        kpi: String,
        /// What is wrong.
        message: String,
    },
    /// The file is well formed, but an entry cannot be meant.
    #[error("{}: {problem}", Place { path, line: None, column: None, kpi: Some(kpi) })]
    Kpi {
        /// The file.
        path: PathBuf,
        /// The KPI whose entry it is.
        kpi: String,
        /// What is wrong.
        problem: DefinitionProblem,
    },
}

/// Why an entry cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DefinitionProblem {
    /// No KPI has this id.
    #[error("no KPI has this id{}", suggestion.as_ref().map(|id| format!("; did you mean `{id}`?")).unwrap_or_default())]
    Unknown {
        /// The id that may be meant.
        suggestion: Option<String>,
    },
    /// The id is another name of a KPI, such as V2's.
    #[error("this is another name of `{id}`; a definition uses the id")]
    Alias {
        /// The id to write.
        id: String,
    },
    /// A new KPI lacks something that a KPI says about itself.
    #[error("a new KPI needs `{key}`")]
    Needs {
        /// The missing key.
        key: &'static str,
    },
    /// A new KPI has an id that is not in snake case.
    #[error("an id is written in snake_case")]
    Id,
    /// Another KPI has this name already.
    #[error("`{name}` is a name of `{kpi}` already")]
    Taken {
        /// The name.
        name: String,
        /// The KPI that bears it.
        kpi: String,
    },
    /// A definition says something else about a KPI that exists than the KPI itself.
    #[error("`{key}` of this KPI is {expected}, found {found}")]
    Differs {
        /// The key.
        key: &'static str,
        /// What the KPI says.
        expected: String,
        /// What the definition says.
        found: String,
    },
    /// The file adds more KPIs than are allowed.
    #[error("a file adds at most {allowed} KPIs")]
    TooMany {
        /// How many are allowed.
        allowed: usize,
    },
    /// A share that every value differs by.
    #[error("`anomaly` is a share above 0, found {share}")]
    Anomaly {
        /// The share.
        share: abaco_kpi::Decimal,
    },
    /// Two entries have the same id.
    #[error("defined twice")]
    Duplicate,
    /// The thresholds contradict the KPI's direction.
    #[error(transparent)]
    Thresholds(#[from] ThresholdError),
}

/// `file: line 3, column 5: kpi `par_30``, as far as it is known.
struct Place<'a> {
    path: &'a Path,
    line: Option<usize>,
    column: Option<usize>,
    kpi: Option<&'a str>,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some((line, column)) = self.line.zip(self.column) {
            write!(f, ": line {line}, column {column}")?;
        }
        if let Some(kpi) = self.kpi {
            write!(f, ": kpi `{kpi}`")?;
        }
        Ok(())
    }
}
