//! Profiles: named lists of KPIs. The meaning of an id is (profile, id).

use abaco_kpi::{FormulaKpi, Kpi};

use crate::{ALL, legacy_v2};

/// A named list of KPIs.
///
/// A compatibility profile is another list, never a flag inside an engine.
///
/// ```
/// use abaco_calculators::{LEGACY_V2, STANDARD};
/// use abaco_kpi::{Kpi, Rounding};
///
/// assert_eq!(STANDARD.find("par_30").map(|kpi| kpi.spec().rounding), Some(Rounding::half_away(2)));
/// assert_eq!(LEGACY_V2.find("par_30").map(|kpi| kpi.spec().rounding), Some(Rounding::half_even(2)));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Profile {
    /// Unique name in snake case.
    pub id: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// The KPIs, in the order of the catalogue.
    pub list: &'static [fn() -> FormulaKpi],
}

/// The KPIs as this project defines them.
pub const STANDARD: Profile = Profile::new("standard", "Standard", ALL);

/// The four KPIs of the V2 pipeline with its rounding and its zeros.
pub const LEGACY_V2: Profile =
    Profile::new("legacy_v2", "Compatibility with the V2 pipeline", legacy_v2::ALL);

/// Every profile.
pub const PROFILES: &[Profile] = &[STANDARD, LEGACY_V2];

/// The profile with the id `name`.
///
/// ```
/// use abaco_calculators::profile;
///
/// assert_eq!(profile("standard").map(|found| found.title), Some("Standard"));
/// assert!(profile("legacy_v1").is_none());
/// ```
pub fn profile(name: &str) -> Option<&'static Profile> {
    PROFILES.iter().find(|profile| profile.id == name)
}

impl Profile {
    /// A profile of these KPIs.
    ///
    /// ```
    /// use abaco_calculators::{Profile, par_ge};
    ///
    /// const ARREARS: Profile = Profile::new("arrears", "Arrears", &[|| par_ge(15), || par_ge(45)]);
    /// assert!(ARREARS.find("par_ge_45").is_some());
    /// ```
    pub const fn new(id: &'static str, title: &'static str, list: &'static [fn() -> FormulaKpi]) -> Self {
        Self { id, title, list }
    }

    /// The KPIs of the profile, in its order.
    pub fn kpis(&self) -> Vec<FormulaKpi> {
        self.list.iter().map(|kpi| kpi()).collect()
    }

    /// The KPI that `name` means here: its id, or one of its aliases.
    ///
    /// ```
    /// use abaco_calculators::STANDARD;
    /// use abaco_kpi::Kpi;
    ///
    /// let ids = ["par_90", "risk.par_90", "PAR90"].map(|name| STANDARD.find(name).map(|kpi| kpi.spec().id.clone()));
    /// assert!(ids.iter().all(|id| id.as_deref() == Some("par_90")));
    /// ```
    pub fn find(&self, name: &str) -> Option<FormulaKpi> {
        self.kpis().into_iter().find(|kpi| {
            let spec = kpi.spec();
            spec.id == name || spec.aliases.iter().any(|alias| alias == name)
        })
    }

    /// How many KPIs the profile has.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether the profile has no KPI.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use abaco_kpi::{Column, Formula, Measure, canonical_column};

    use super::*;

    fn every_kpi() -> impl Iterator<Item = (&'static str, FormulaKpi)> {
        PROFILES.iter().flat_map(|profile| profile.kpis().into_iter().map(|kpi| (profile.id, kpi)))
    }

    fn is_snake_case(name: &str) -> bool {
        name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            && !name.contains("__")
            && !name.ends_with('_')
    }

    fn columns(formula: &Formula) -> BTreeSet<Column> {
        let mut columns = BTreeSet::new();
        formula.for_each_term(&mut |term| {
            term.for_each_column(&mut |column| {
                columns.insert(column.clone());
            });
        });
        columns
    }

    #[test]
    fn every_profile_id_is_unique_and_finds_its_profile() {
        let ids: BTreeSet<&str> = PROFILES.iter().map(|profile| profile.id).collect();
        assert_eq!(ids.len(), PROFILES.len());
        for known in PROFILES {
            assert!(is_snake_case(known.id), "{}", known.id);
            assert!(!known.is_empty(), "{}", known.id);
            assert_eq!(profile(known.id).map(|found| found.title), Some(known.title));
        }
    }

    #[test]
    fn every_name_means_one_kpi_of_its_profile() {
        for profile in PROFILES {
            let mut names = BTreeSet::new();
            for kpi in profile.kpis() {
                let spec = kpi.spec();
                for name in std::iter::once(&spec.id).chain(&spec.aliases) {
                    assert!(names.insert(name.to_string()), "{}: {name} names two KPIs", profile.id);
                }
            }
        }
    }

    #[test]
    fn every_id_is_snake_case() {
        for (profile, kpi) in every_kpi() {
            assert!(is_snake_case(&kpi.spec().id), "{profile}: {}", kpi.spec().id);
        }
    }

    #[test]
    fn every_spec_says_what_a_reader_needs() {
        for (profile, kpi) in every_kpi() {
            let spec = kpi.spec();
            let texts = [&spec.title, &spec.convention, &spec.family];
            assert!(texts.iter().all(|text| !text.trim().is_empty()), "{profile}: {spec:?}");
            assert!(!spec.references.is_empty(), "{profile}: {} has no reference", spec.id);
            assert!(spec.references.iter().all(|text| !text.trim().is_empty()), "{profile}: {spec:?}");
        }
    }

    #[test]
    fn every_formula_speaks_canonical_columns() {
        for (profile, kpi) in every_kpi() {
            let columns = columns(&kpi.formula());
            assert!(!columns.is_empty(), "{profile}: {} reads nothing", kpi.spec().id);
            for column in columns {
                assert!(
                    canonical_column(column.name()).is_some(),
                    "{profile}: {} reads {column}",
                    kpi.spec().id
                );
            }
        }
    }

    #[test]
    fn no_row_expression_mixes_stocks_with_flows() {
        for (profile, kpi) in every_kpi() {
            kpi.formula().for_each_term(&mut |measure| {
                let Measure::Rows(rows) = measure else { return };
                if let Some(operand) = rows.operand() {
                    assert_eq!(operand.check_kinds(), Ok(()), "{profile}: {}", kpi.spec().id);
                }
            });
        }
    }

    #[test]
    fn what_stretches_a_period_to_a_year_says_so() {
        for (profile, kpi) in every_kpi() {
            let text = kpi.formula().to_string();
            let stretches = text.contains("* 365 /") || (text.contains("POWER(") && text.ends_with(", 12))"));
            assert_eq!(kpi.spec().annualised, stretches, "{profile}: {}: {text}", kpi.spec().id);
        }
    }

    #[test]
    fn every_formula_is_stable() {
        for profile in PROFILES {
            for (first, second) in profile.kpis().into_iter().zip(profile.kpis()) {
                assert_eq!(first, second);
                assert_eq!(first.formula().to_string(), second.formula().to_string());
            }
        }
    }

    #[test]
    fn the_legacy_profile_has_the_seed_ids_in_the_seed_order() {
        let ids = |profile: &Profile| -> Vec<String> {
            profile.kpis().iter().map(|kpi| kpi.spec().id.to_string()).collect()
        };
        assert_eq!(ids(&LEGACY_V2), ids(&STANDARD)[..4]);
    }
}
