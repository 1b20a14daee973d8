//! The names by which other systems know our KPIs.

use std::collections::BTreeMap;

use abaco_pipeline::Catalogue;

/// The other names of a catalogue's KPIs, such as V2's `PAR30` and `risk.par_30`, with their ids; `given` goes first.
///
/// ```
/// use std::collections::BTreeMap;
/// use abaco_pipeline::Catalogue;
///
/// let catalogue = Catalogue::new().profile("standard", [abaco_calculators::par_30()]);
/// let given = BTreeMap::from([("arrears".to_owned(), "par_30".to_owned())]);
/// let names = abaco_rollout::figures::names(&catalogue, &given);
/// assert_eq!(names["PAR30"], "par_30");
/// assert_eq!(names["risk.par_30"], "par_30");
/// assert_eq!(names["arrears"], "par_30");
/// ```
pub fn names(catalogue: &Catalogue, given: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let profiles = catalogue.names().filter_map(|name| catalogue.find(name));
    let specs = profiles.flatten().map(|kpi| kpi.spec());
    let aliases =
        specs.flat_map(|spec| spec.aliases.iter().map(|alias| (alias.to_string(), spec.id.to_string())));
    let mut names: BTreeMap<String, String> = aliases.collect();
    names.extend(given.iter().map(|(name, id)| (name.clone(), id.clone())));
    names
}
