//! What a comparison may be told: the section `comparison` of `rollout.yml`.

use std::collections::{BTreeMap, BTreeSet};

use abaco_pipeline::canonical_json::{canonical, sha256};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::known::KnownDifference;

/// How much two values may differ: `exact`, `{absolute: "0.01"}` or `{relative: "0.001"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", try_from = "ToleranceText")]
pub enum Tolerance {
    /// Not at all.
    Exact,
    /// By so much.
    Absolute(Decimal),
    /// By such a part of the baseline's value; from a baseline of 0 not at all.
    Relative(Decimal),
}

impl Default for Tolerance {
    /// A tenth of a percent of the baseline.
    fn default() -> Self {
        Self::Relative(Decimal::new(1, 3))
    }
}

/// Which keys are compared: `baseline`, `all` or `{kpis: [par_30, par_90]}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", try_from = "ScopeText")]
pub enum Scope {
    /// The KPIs that the baseline names, by the columns by which it has them: a candidate may offer more.
    #[default]
    Baseline,
    /// Whatever either side has.
    All,
    /// These KPIs, at whatever date and segment either side has them.
    Kpis(BTreeSet<String>),
}

/// A tolerance as it is written: YAML would ask for a tag where people write a map.
#[derive(Deserialize)]
#[serde(untagged)]
enum ToleranceText {
    Word(String),
    Limit(LimitText),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitText {
    absolute: Option<Decimal>,
    relative: Option<Decimal>,
}

impl TryFrom<ToleranceText> for Tolerance {
    type Error = &'static str;

    fn try_from(text: ToleranceText) -> Result<Self, Self::Error> {
        match text {
            ToleranceText::Word(word) if word == "exact" => Ok(Self::Exact),
            ToleranceText::Limit(LimitText { absolute: Some(limit), relative: None }) => {
                Ok(Self::Absolute(limit))
            }
            ToleranceText::Limit(LimitText { absolute: None, relative: Some(limit) }) => {
                Ok(Self::Relative(limit))
            }
            _ => Err("expected `exact`, `{absolute: \"0.01\"}` or `{relative: \"0.001\"}`"),
        }
    }
}

/// A scope as it is written.
#[derive(Deserialize)]
#[serde(untagged)]
enum ScopeText {
    Word(String),
    Kpis(KpisText),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KpisText {
    kpis: BTreeSet<String>,
}

impl TryFrom<ScopeText> for Scope {
    type Error = &'static str;

    fn try_from(text: ScopeText) -> Result<Self, Self::Error> {
        match text {
            ScopeText::Word(word) if word == "baseline" => Ok(Self::Baseline),
            ScopeText::Word(word) if word == "all" => Ok(Self::All),
            ScopeText::Kpis(KpisText { kpis }) => Ok(Self::Kpis(kpis)),
            ScopeText::Word(_) => Err("expected `baseline`, `all` or `{kpis: [par_30]}`"),
        }
    }
}

/// How two sides are compared.
///
/// ```
/// use abaco_rollout::comparison::{ComparisonSettings, Tolerance};
///
/// let settings = ComparisonSettings::default();
/// assert_eq!(settings.tolerance, Tolerance::Relative("0.001".parse()?));
/// assert_eq!(settings.segment_column(), "segment");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ComparisonSettings {
    /// How much a value may differ.
    pub tolerance: Tolerance,
    /// The same for KPIs that have their own.
    pub tolerances: BTreeMap<String, Tolerance>,
    /// Which keys are compared.
    pub scope: Scope,
    /// Names of KPIs in files and programs, with their ids; those of the catalogue are known.
    pub names: BTreeMap<String, String>,
    /// The column whose value a segment is that a file gives as one text; `segment` unless it is named.
    pub segment_column: Option<String>,
    /// Differences that are explained and approved.
    pub known_differences: Vec<KnownDifference>,
}

impl ComparisonSettings {
    /// The column whose value a segment is that a file gives as one text.
    pub fn segment_column(&self) -> &str {
        self.segment_column.as_deref().unwrap_or("segment")
    }

    /// The tolerance of a KPI.
    pub fn tolerance_of(&self, kpi: &str) -> Tolerance {
        self.tolerances.get(kpi).copied().unwrap_or(self.tolerance)
    }

    /// The SHA-256 of the settings: what was judged by others must be judged again.
    ///
    /// # Errors
    /// What keeps them from being written as canonical JSON.
    pub fn digest(&self) -> Result<String, serde_json::Error> {
        Ok(sha256(canonical(self)?.as_bytes()))
    }

    /// What is wrong with the settings.
    pub(crate) fn check(&self) -> Result<(), String> {
        let tolerances = self.tolerances.iter().map(|(kpi, tolerance)| (kpi.as_str(), tolerance));
        for (kpi, tolerance) in tolerances.chain([("", &self.tolerance)]) {
            let (Tolerance::Absolute(limit) | Tolerance::Relative(limit)) = tolerance else { continue };
            if limit.is_sign_negative() && !limit.is_zero() {
                let of =
                    if kpi.is_empty() { "`tolerance`".to_owned() } else { format!("`tolerances.{kpi}`") };
                return Err(format!("`comparison`: {of}: expected a limit of 0 or more, found {limit}"));
            }
        }
        if let Scope::Kpis(kpis) = &self.scope
            && kpis.is_empty()
        {
            return Err("`comparison`: `scope.kpis`: expected at least one KPI, found none".to_owned());
        }
        self.known_differences
            .iter()
            .try_for_each(KnownDifference::check)
            .map_err(|message| format!("`comparison`: {message}"))
    }
}
