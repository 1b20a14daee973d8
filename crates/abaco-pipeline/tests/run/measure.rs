//! KPIs that a pipeline is handed, over the tape as its runs read it.

use abaco_engine::AsOf;
use abaco_kpi::{Column, FormulaKpi, Kpi, KpiSpec, Unit, count, sum};
use abaco_pipeline::PipelineError;
use abaco_pipeline::run::{Duplicates, Measuring};

use crate::common::{Desk, SETTINGS};
use crate::panel;

const CONTRACT: &str = "\
contract: loans
version: 1
currency: USD
columns:
  loan_id: { type: text, roles: [key] }
  month: { type: date, roles: [snapshot] }
  product: { type: text }
  balance: { type: 'decimal(18, 2)', roles: [amount] }
derive:
  outstanding_balance: balance
  segment: product
";

/// `a` is there twice, `b` contradicts itself.
const TAPE: &str = "\
loan_id,month,product,balance
a,2025-01-31,x,1.00
b,2025-01-31,x,20.00
a,2025-01-31,x,1.00
c,2025-01-31,y,300.00
b,2025-01-31,x,40.00
c,2025-02-28,y,5000.00
";

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("cfg/pipeline.yml", format!("{SETTINGS}quality: {{ mode: quarantine }}\n"));
    desk.write("cfg/contract.yml", CONTRACT);
    desk.write("cfg/definitions.yml", "version: 1\nkpis: []\n");
    desk.write("tape.csv", TAPE);
    desk
}

fn kpis() -> [FormulaKpi; 2] {
    let spec = |id: &'static str, unit| KpiSpec::new(id, id, unit);
    [
        FormulaKpi::new(spec("rows", Unit::Count), count()),
        // The tape's own name: a formula that is measured is resolved already.
        FormulaKpi::new(spec("owed", Unit::Currency), sum("balance")),
    ]
}

#[test]
fn rows_of_one_key_are_read_as_asked() {
    let desk = desk();
    let kpis = kpis();
    let kpis: Vec<&dyn Kpi> = kpis.iter().map(|kpi| kpi as &dyn Kpi).collect();
    let (pipeline, inputs) = (desk.pipeline(), [desk.path("tape.csv")]);
    let groups = [vec![Column::from("segment")]];
    for (duplicates, january) in [
        (Duplicates::Collapsed, ["2 301.00", "1 1.00", "1 300.00"]),
        (Duplicates::Kept, ["5 362.00", "4 62.00", "1 300.00"]),
        (Duplicates::First, ["3 321.00", "2 21.00", "1 300.00"]),
        (Duplicates::Last, ["3 341.00", "2 41.00", "1 300.00"]),
    ] {
        let asked = Measuring { inputs: &inputs, groups: &groups, duplicates };
        let folded = pipeline.measure(&kpis, &asked).unwrap();
        let of = |as_of: &str| -> Vec<String> {
            let as_of = AsOf::Date(as_of.parse().unwrap());
            let groups = folded.plan.outcomes(&folded.state, as_of).unwrap().groups;
            let value = |outcome: &abaco_kpi::Outcome| outcome.value().unwrap().to_string();
            let shown = |group: &abaco_engine::GroupOutcomes| {
                group.outcomes.iter().map(value).collect::<Vec<_>>().join(" ")
            };
            groups.iter().map(shown).collect()
        };
        assert_eq!(of("2025-01-31"), january, "{duplicates:?}");
        assert_eq!(of("2025-02-28"), ["1 5000.00", "1 5000.00"], "{duplicates:?}");
        assert_eq!(folded.observed.get(&Column::from("balance")), Some(&2));
    }
}

#[test]
fn tables_beside_the_tape_are_refused() {
    let desk = panel::desk();
    let error = desk.pipeline().tape_schema(&[desk.path("tape.csv")]).unwrap_err();
    assert!(matches!(error, PipelineError::Option { name: "measure", .. }), "{error}");
}
