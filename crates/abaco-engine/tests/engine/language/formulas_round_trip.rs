//! A printed formula is read as the same tree.

use abaco_engine::parse_formula;
use proptest::prelude::*;

use super::strategies::formulas;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_printed_formula_parses_to_the_same_tree(formula in formulas()) {
        prop_assert_eq!(parse_formula(&formula.to_string()), Ok(formula));
    }
}

#[test]
fn every_kpi_of_the_catalogue_is_read_back() {
    use abaco_kpi::Kpi;

    for profile in abaco_calculators::PROFILES {
        for kpi in profile.kpis() {
            let formula = kpi.formula();
            assert_eq!(parse_formula(&formula.to_string()), Ok(formula), "{}", kpi.spec().id);
        }
    }
}
