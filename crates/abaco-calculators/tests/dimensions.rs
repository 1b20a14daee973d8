//! No KPI adds or compares unlike quantities, and each gives what its unit says.

use abaco_calculators::PROFILES;
use abaco_engine::check_dimensions;
use abaco_kpi::Kpi;

#[test]
fn every_formula_has_the_dimension_of_its_unit() {
    for profile in PROFILES {
        for kpi in profile.kpis() {
            let checked = check_dimensions(&kpi.formula(), kpi.spec().unit);
            assert_eq!(checked, Ok(()), "{}: {}", profile.id, kpi.spec().id);
        }
    }
}
