//! Definitions: what an institution says about its KPIs, in YAML.
//!
//! A definition adds owner, thresholds and the like to a KPI that exists; it never changes what that KPI computes.
//! With a formula, a name and a unit it is a KPI itself.

mod columns;
mod error;
mod file;
mod kpis;
mod place;
mod promises;
#[cfg(test)]
mod schema;

pub use columns::AddedColumn;
pub use error::{DefinitionError, DefinitionProblem};

use std::path::{Path, PathBuf};
use std::sync::Arc;

use abaco_kpi::{Basis, Decimal, Direction, Kpi, KpiSpec, Rounding, Unit};
use serde::{Deserialize, Serialize};

use self::file::File;
use crate::judgement::Expectation;
use crate::suggest::nearest;
use crate::yaml::{self, YamlError};

/// The largest file, in bytes.
const MAX_FILE_BYTES: usize = 4 * 1024 * 1024;

/// The definitions of one file, in its order.
///
/// ```
/// use std::path::Path;
///
/// use abaco_engine::Definitions;
/// use abaco_kpi::Decimal;
///
/// let text = r#"
/// version: 1
/// kpis:
///   - id: par_30
///     owner: CRO
///     departments: [risk]
///     refresh: daily
///     thresholds: { warning: "5", critical: "8" }
///     valid_range: { min: "0", max: "100" }
/// "#;
/// let definitions = Definitions::from_yaml(text, Path::new("kpis.yml"))?;
/// let par_30 = definitions.get("par_30").expect("it is defined above");
/// assert_eq!(par_30.expectation.thresholds.critical, Some(Decimal::from(8)));
/// assert_eq!(definitions.get("par_90"), None);
/// # Ok::<(), abaco_engine::DefinitionError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Definitions {
    path: PathBuf,
    /// The whole file, for the places of errors.
    text: Arc<str>,
    profile: Option<String>,
    columns: Vec<AddedColumn>,
    definitions: Vec<Definition>,
}

/// What an institution says about one KPI.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Definition {
    /// Where in the file's list it stands.
    index: usize,
    /// The KPI's id.
    pub id: String,
    /// A name that replaces the KPI's title, or is that of a new KPI.
    pub name: Option<String>,
    /// What it computes: of a KPI that exists, the same; otherwise this makes it one.
    pub formula: Option<String>,
    /// The unit of a new KPI.
    pub unit: Option<Unit>,
    /// Which way is better for a new KPI.
    pub direction: Option<Direction>,
    /// The reading of a new KPI where practice disagrees.
    pub convention: Option<String>,
    /// Which rows a new KPI is meant for, where its columns do not tell.
    pub basis: Option<Basis>,
    /// Other names of a new KPI.
    pub aliases: Vec<String>,
    /// Where a new KPI comes from.
    pub references: Vec<String>,
    /// Who answers for the number.
    pub owner: Option<String>,
    /// Who uses it.
    pub departments: Vec<String>,
    /// How often it is due.
    pub refresh: Option<Refresh>,
    /// The rules by which it is judged.
    pub expectation: Expectation,
    /// A rounding that replaces the KPI's, or is that of a new KPI.
    pub rounding: Option<Rounding>,
    /// Where the data comes from, for people.
    pub data_source: Option<String>,
}

/// How often a KPI is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refresh {
    /// Each hour.
    Hourly,
    /// Each day.
    Daily,
    /// Each week.
    Weekly,
    /// Each month.
    Monthly,
}

impl Definitions {
    /// No definitions: every KPI keeps its own title and rounding, and nothing is judged.
    ///
    /// ```
    /// assert_eq!(abaco_engine::Definitions::empty().iter().count(), 0);
    /// ```
    pub fn empty() -> Self {
        Self::default()
    }

    /// Reads a file of definitions; `path` only names it in errors.
    ///
    /// # Errors
    /// [`DefinitionError::Yaml`] for what is no YAML, an unknown or repeated key, a decimal without quotes, an
    /// empty or reversed range; [`DefinitionError::Kpi`] for an id defined twice.
    pub fn from_yaml(text: &str, path: &Path) -> Result<Self, DefinitionError> {
        let refused = |error: YamlError| DefinitionError::Yaml {
            path: path.to_path_buf(),
            line: error.line,
            column: error.column,
            kpi: entry_index(&error.message).and_then(|index| yaml::text_of(text, "kpis", index, "id")),
            message: error.message,
        };
        if text.len() > MAX_FILE_BYTES {
            let message = format!("the file has {} bytes; at most {MAX_FILE_BYTES} are allowed", text.len());
            return Err(refused(YamlError { line: None, column: None, message }));
        }
        let file: File = yaml::from_str(text).map_err(refused)?;
        let entries = file.kpis.into_iter().enumerate();
        let definitions = Self {
            path: path.to_path_buf(),
            text: text.into(),
            profile: file.profile,
            columns: file.columns.0,
            definitions: entries.map(|(index, entry)| entry.definition(index)).collect(),
        };
        for (index, definition) in definitions.definitions.iter().enumerate() {
            if definitions.definitions[..index].iter().any(|earlier| earlier.id == definition.id) {
                return Err(definitions.problem(definition, DefinitionProblem::Duplicate));
            }
        }
        Ok(definitions)
    }

    /// The definition of the KPI with this id.
    pub fn get(&self, id: &str) -> Option<&Definition> {
        self.definitions.iter().find(|definition| definition.id == id)
    }

    /// All definitions, in the file's order.
    pub fn iter(&self) -> impl Iterator<Item = &Definition> {
        self.definitions.iter()
    }

    /// Refuses definitions that do not fit the KPIs they are about.
    ///
    /// ```
    /// use std::path::Path;
    ///
    /// use abaco_engine::Definitions;
    /// use abaco_kpi::{FormulaKpi, KpiSpec, Unit, count};
    ///
    /// let par_30 = KpiSpec::new("par_30", "Portfolio at risk, 30 days", Unit::Percent).alias("risk.par_30");
    /// let par_30 = FormulaKpi::new(par_30, count());
    /// let definitions = Definitions::from_yaml("{version: 1, kpis: [{id: risk.par_30}]}", Path::new("kpis.yml"))?;
    /// assert_eq!(
    ///     definitions.check(&[&par_30]).unwrap_err().to_string(),
    ///     "kpis.yml: kpi `risk.par_30`: this is another name of `par_30`; a definition uses the id",
    /// );
    /// # Ok::<(), abaco_engine::DefinitionError>(())
    /// ```
    ///
    /// # Errors
    /// [`DefinitionError::Kpi`] for the first id that no KPI has, or whose thresholds contradict the direction.
    pub fn check(&self, kpis: &[&dyn Kpi]) -> Result<(), DefinitionError> {
        for definition in &self.definitions {
            self.check_one(definition, kpis).map_err(|problem| self.problem(definition, problem))?;
        }
        Ok(())
    }

    /// The definitions that are about one of `kpis`: one file may serve several lists of KPIs.
    #[must_use]
    pub fn restricted_to(&self, kpis: &[&dyn Kpi]) -> Self {
        let about = |definition: &Definition| kpis.iter().any(|kpi| kpi.spec().id == definition.id);
        let mut restricted = self.clone();
        restricted.definitions.retain(about);
        restricted
    }

    /// The same definitions without formulas and what else only a new KPI has, for KPIs of another profile.
    #[must_use]
    pub fn without_formulas(&self) -> Self {
        let mut plain = self.clone();
        for definition in &mut plain.definitions {
            definition.formula = None;
            definition.unit = None;
            definition.direction = None;
            definition.convention = None;
            definition.basis = None;
            definition.aliases.clear();
            definition.references.clear();
        }
        plain
    }

    /// The profile whose formulas the file states: those of another profile may differ under the same ids.
    pub fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// The columns that the file adds to the canonical ones, in its order.
    pub fn columns(&self) -> &[AddedColumn] {
        &self.columns
    }

    /// The column of this name that the file adds to the canonical ones.
    pub fn column(&self, name: &str) -> Option<&AddedColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    fn check_one(&self, definition: &Definition, kpis: &[&dyn Kpi]) -> Result<(), DefinitionProblem> {
        let Some(kpi) = kpis.iter().find(|kpi| kpi.spec().id == definition.id) else {
            return Err(unknown(&definition.id, kpis));
        };
        let direction = kpi.spec().direction;
        let rules = &definition.expectation;
        rules.thresholds.check(direction)?;
        rules.thresholds.check_leave(&rules.leave, direction)?;
        match rules.anomaly {
            Some(share) if share <= Decimal::ZERO => Err(DefinitionProblem::Anomaly { share }),
            _ => Ok(()),
        }
    }

    fn problem(&self, definition: &Definition, problem: DefinitionProblem) -> DefinitionError {
        DefinitionError::Kpi { path: self.path.clone(), kpi: definition.id.clone(), problem }
    }
}

fn unknown(id: &str, kpis: &[&dyn Kpi]) -> DefinitionProblem {
    let id_of = |name: &str| {
        let named = |spec: &&KpiSpec| spec.id == name || spec.aliases.iter().any(|alias| alias == name);
        kpis.iter().map(|kpi| kpi.spec()).find(named).map(|spec| spec.id.to_string())
    };
    if let Some(id) = id_of(id) {
        return DefinitionProblem::Alias { id };
    }
    let names = kpis.iter().flat_map(|kpi| {
        let spec = kpi.spec();
        std::iter::once(&spec.id).chain(&spec.aliases).map(|name| &**name)
    });
    DefinitionProblem::Unknown { suggestion: nearest(id, names).and_then(id_of) }
}

/// The index in `kpis[3].thresholds: ..`, as the YAML library writes the path of an error.
fn entry_index(message: &str) -> Option<usize> {
    message.strip_prefix("kpis[")?.split_once(']')?.0.parse().ok()
}
