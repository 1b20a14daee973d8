//! The example of the documentation is a file that works.

use std::path::Path;

use abaco_engine::{AsOf, Definitions, KpiEngine, PlanOptions};

use crate::tape::{batch, cents, ints};

const PAGE: &str = include_str!("../../../../docs/ADDING_A_KPI.md");

#[test]
fn the_yaml_on_the_page_adds_the_kpi_that_it_describes() {
    let (_, rest) = PAGE.split_once("```yaml\n").unwrap();
    let (yaml, _) = rest.split_once("```").unwrap();
    let definitions = Definitions::from_yaml(yaml, Path::new("ADDING_A_KPI.md")).unwrap();
    let id = definitions.iter().next().unwrap().id.clone();
    let engine = KpiEngine::new(abaco_calculators::all()).with_definitions(definitions).unwrap();
    let tape = batch([
        ("outstanding_balance", cents([Some(60_00), Some(30_00), Some(10_00)])),
        ("insured_amount", cents([Some(50_00), Some(40_00), Some(0)])),
        ("dpd", ints([Some(0), Some(45), Some(90)])),
    ]);
    let calculation = engine.calculate(&[tape], &PlanOptions::default(), AsOf::Single).unwrap();
    let result = calculation.finished.groups[0].kpis.iter().find(|result| result.id == *id).unwrap();
    // Of the 40.00 that are 30 days late, 30.00 are insured.
    assert_eq!(result.outcome.value().map(|value| value.to_string()).as_deref(), Some("75.00"));
    assert!(PAGE.lines().count() <= 60, "the page is to stay under one page");
}
