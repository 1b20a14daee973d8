//! `abaco kpis`: the catalogue, for people and for programs.

use abaco_loans::calculators::PROFILES;
use serde_json::{Value, json};

use crate::common::{Sandbox, in_repository, slices};

fn listed(args: &[&str]) -> Vec<Value> {
    let args = [&["kpis", "--format", "json"], args].concat();
    Sandbox::new().abaco(&args).silent().json().as_array().unwrap().clone()
}

#[test]
fn every_kpi_of_every_profile_is_listed_in_order() {
    for profile in PROFILES {
        let ids: Vec<Value> = profile.kpis().iter().map(|kpi| json!(spec_id(kpi))).collect();
        let found: Vec<Value> =
            listed(&["--profile", profile.id]).iter().map(|entry| entry["id"].clone()).collect();
        assert_eq!(found, ids, "{}", profile.id);
    }
}

/// The first words of the table's lines, without the families' own.
fn ids_of_the_table(args: &[&str]) -> Vec<String> {
    let table = Sandbox::new().abaco(&[&["kpis"], args].concat()).silent().stdout;
    let lines = table.lines().skip(1).filter(|line| line.contains("  "));
    lines.map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

/// Family by family, each in the order of the profile, and the cells of the migration matrices as one line each.
#[test]
fn the_table_has_every_kpi_once() {
    for profile in PROFILES {
        let mut families: Vec<String> = Vec::new();
        let mut expected: Vec<(usize, String)> = Vec::new();
        for kpi in profile.kpis() {
            use abaco_loans::kpi::Kpi;

            let (id, family) = (spec_id(&kpi), kpi.spec().family.to_string());
            let id = match id.strip_prefix("roll_rate_") {
                Some(rest) if rest.ends_with("_count") => "roll_rate_{from}_{to}_count".to_owned(),
                Some(_) => "roll_rate_{from}_{to}".to_owned(),
                None => id,
            };
            let at = families.iter().position(|known| *known == family).unwrap_or(families.len());
            if at == families.len() {
                families.push(family);
            }
            if !expected.contains(&(at, id.clone())) {
                expected.push((at, id));
            }
        }
        expected.sort_by_key(|(at, _)| *at);
        let expected: Vec<String> = expected.into_iter().map(|(_, id)| id).collect();
        assert_eq!(ids_of_the_table(&["--profile", profile.id]), expected, "{}", profile.id);
    }
}

#[test]
fn a_matrix_is_one_line_unless_a_cell_is_asked_for_or_judged() {
    let table = Sandbox::new().abaco(&["kpis"]).silent().stdout;
    let line = table.lines().find(|line| line.starts_with("roll_rate_{from}_{to}_count ")).unwrap();
    let cells: Vec<&str> = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
    assert_eq!(
        cells[1..],
        [
            "Migration matrix by number of loans, 54 KPIs",
            "percent",
            "period",
            "A",
            "-",
            "-",
            "-",
            "from current, 1_29, 30_59, 60_89, 90_plus, unknown to current, 1_29, 30_59, 60_89, 90_plus, unknown, \
             written_off, paid, absent"
        ]
    );
    assert_eq!(ids_of_the_table(&["--only", "roll_rate_current_paid"]), ["roll_rate_current_paid"]);

    let sandbox = Sandbox::with("mine.yml", "version: 1\nkpis: [{id: roll_rate_current_paid, owner: Me}]\n");
    let table = sandbox.abaco(&["kpis", "--definitions", "mine.yml"]).silent().stdout;
    assert!(table.contains("\nroll_rate_current_paid "), "{table}");
    assert!(table.contains("Migration matrix by opening balance, 53 KPIs "), "{table}");
}

fn spec_id(kpi: &abaco_loans::kpi::FormulaKpi) -> String {
    use abaco_loans::kpi::Kpi;

    kpi.spec().id.to_string()
}

#[test]
fn an_entry_says_everything_about_a_kpi() {
    let entries = listed(&[]);
    assert_eq!(
        entries[2],
        json!({
            "id": "collection_rate",
            "name": "Cash to eligible (V2)",
            "family": "seed",
            "unit": "percent",
            "direction": "higher_is_better",
            "convention": "cash on hand over eligible balance, both at the snapshot; no payments of a period",
            "rounding": {"scale": 2, "mode": "half_away"},
            "formula": "100 * SUM(cash_available_usd) / SUM(total_eligible_usd)",
            "basis": "snapshot",
            "class": "A",
            "aliases": ["risk.collection_rate", "CollectionRate"],
            "references": ["V2 rollout report, unified KPI definitions"],
            "owner": "CFO",
            "departments": ["risk"],
            "refresh": "daily",
            "data_source": "slice tape",
            "thresholds": {"warning": "1.5", "critical": "1.0"},
            "valid_range": {"min": "0", "max": "100"},
        })
    );
    let keys = |entry: &Value| entry.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert!(entries.iter().all(|entry| keys(entry) == keys(&entries[0])));
}

/// V2's thresholds, ranges and owners, as LEGACY.md gives them, under both profiles.
#[test]
fn the_seed_has_the_thresholds_of_v2() {
    for profile in ["standard", "legacy_v2"] {
        let entries = listed(&["--profile", profile]);
        let seed: Vec<[&str; 6]> = entries[..4]
            .iter()
            .map(|entry| {
                let (thresholds, range) = (&entry["thresholds"], &entry["valid_range"]);
                let values = [
                    &entry["id"],
                    &thresholds["warning"],
                    &thresholds["critical"],
                    &range["min"],
                    &range["max"],
                    &entry["owner"],
                ];
                values.map(|value| value.as_str().unwrap())
            })
            .collect();
        assert_eq!(
            seed,
            [
                ["par_30", "5", "8", "0", "100", "CRO"],
                ["par_90", "3", "5", "0", "100", "CRO"],
                ["collection_rate", "1.5", "1.0", "0", "100", "CFO"],
                ["portfolio_health", "5", "3", "0", "10", "CRO"],
            ],
            "{profile}"
        );
    }
}

#[test]
fn the_table_has_a_line_per_kpi() {
    let table = Sandbox::new().abaco(&["kpis"]).silent().stdout;
    let lines: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect())
        .collect();
    let heads = ["kpi", "name", "unit", "basis", "class", "warning", "critical", "owner", "formula"];
    assert_eq!(lines[0], heads);
    assert_eq!(lines[1], ["seed"]);
    assert_eq!(
        lines[3],
        [
            "par_90",
            "Portfolio at risk, 90 days or more",
            "percent",
            "snapshot",
            "A",
            "3",
            "5",
            "CRO",
            "100 * SUM(dpd_90_plus_usd) / SUM(total_receivable_usd)"
        ]
    );
    // Without thresholds there is a dash, not a zero.
    let par_ge_1 = lines.iter().find(|line| line.first() == Some(&"par_ge_1")).unwrap();
    assert_eq!(par_ge_1[2..8], ["percent", "snapshot", "A", "-", "-", "CRO"]);
}

#[test]
fn definitions_of_ones_own() {
    let sandbox = Sandbox::with(
        "mine.yml",
        "version: 1\nkpis:\n  - id: par_90\n    name: Mine\n    owner: Me\n    \
         thresholds: { warning: \"2.50\" }\n    rounding: { scale: 4, mode: half_even }\n",
    );
    let args = ["kpis", "--definitions", "mine.yml", "--format", "json"];
    let entries = sandbox.abaco(&args).silent().json();
    let entry = &entries[1];
    assert_eq!(
        (&entry["id"], &entry["name"], &entry["owner"]),
        (&json!("par_90"), &json!("Mine"), &json!("Me"))
    );
    assert_eq!(entry["thresholds"], json!({"warning": "2.50", "critical": null}));
    assert_eq!(entry["valid_range"], json!({"min": null, "max": null}));
    assert_eq!(entry["rounding"], json!({"scale": 4, "mode": "half_even"}));
    // Without a definition a KPI is listed with its own name, and nothing judges it.
    assert_eq!(entries[0]["name"], "Portfolio at risk, 30 days or more");
    for key in ["owner", "refresh", "thresholds", "valid_range"] {
        assert_eq!(entries[0][key], Value::Null, "{key}");
    }
    assert_eq!(entries[0]["departments"], json!([]));
}

/// An entry with a formula is listed behind the built-in KPIs, and a run computes it.
#[test]
fn definitions_add_kpis() {
    let sandbox = Sandbox::with(
        "mine.yml",
        "version: 1\nkpis:\n  - id: eligible_share\n    name: Eligible share\n    unit: percent\n    owner: Me\n    \
         direction: higher_is_better\n    thresholds: { warning: \"80\" }\n    \
         formula: 100 * SUM(total_eligible_usd) / SUM(total_receivable_usd)\n",
    );
    let args = ["kpis", "--definitions", "mine.yml", "--format", "json"];
    let entries = sandbox.abaco(&args).silent().json();
    let entry = entries.as_array().unwrap().last().unwrap();
    let found =
        ["id", "name", "family", "unit", "direction", "owner", "formula"].map(|key| entry[key].clone());
    let expected = [
        "eligible_share",
        "Eligible share",
        "definitions",
        "percent",
        "higher_is_better",
        "Me",
        "100 * SUM(total_eligible_usd) / SUM(total_receivable_usd)",
    ];
    assert_eq!(found, expected.map(Value::from));
    // A profile that the file does not name gets no KPI of it.
    let named = std::fs::read_to_string(sandbox.path("mine.yml")).unwrap();
    sandbox.write("named.yml", named.replace("version: 1\n", "version: 1\nprofile: standard\n"));
    let args = ["kpis", "--definitions", "named.yml", "--profile", "legacy_v2", "--format", "json"];
    assert_eq!(sandbox.abaco(&args).silent().json().as_array().unwrap().len(), 4);

    sandbox.configure("");
    sandbox.write("cfg/kpi_definitions.yml", named);
    sandbox.write("tape.csv", slices(&["10,5,2.5,200,150,15", "0,0,0,100,75,5"]));
    let run = sandbox.abaco(&["run", "tape.csv", "--config", "cfg/pipeline.yml", "--format", "json"]).json();
    let kpis = run["kpis"].as_array().unwrap();
    let entry = kpis.iter().find(|kpi| kpi["id"] == "eligible_share").unwrap();
    // 225 of 300.
    assert_eq!((&entry["value"], &entry["status"]), (&json!("75.00"), &json!("warning")));
}

#[test]
fn the_embedded_definitions_are_those_in_config() {
    let shipped = in_repository("config/kpi_definitions.yml");
    assert_eq!(listed(&["--definitions", &shipped]), listed(&[]));
}

#[test]
fn what_it_refuses() {
    let sandbox = Sandbox::new();
    sandbox.refuses(
        &["kpis", "--definitions", "nowhere.yml"],
        2,
        "nowhere.yml: No such file or directory (os error 2)",
    );
    sandbox.refuses_with(&["kpis", "--profile", "v3"], 2, "");
    sandbox.write("strange.yml", "{version: 1, profile: v3, kpis: []}");
    sandbox.refuses_with(
        &["kpis", "--definitions", "strange.yml"],
        2,
        "(embedded)/pipeline.yml: `profile` of the definitions: expected one of standard, legacy_v2, found `v3`",
    );
    sandbox.write("formula.yml", "version: 1\nkpis:\n  - id: par_90\n    formula: SUM(dpd_90_plus_us)\n");
    sandbox.refuses(
        &["kpis", "--definitions", "formula.yml"],
        2,
        "formula.yml: line 4, column 18: kpi `par_90`: formula: no column is called dpd_90_plus_us; \
         did you mean `dpd_90_plus_usd`?",
    );
    sandbox.write("alias.yml", "{version: 1, kpis: [{id: PAR30}]}");
    sandbox.refuses(
        &["kpis", "--definitions", "alias.yml"],
        2,
        "alias.yml: kpi `PAR30`: this is another name of `par_30`; a definition uses the id",
    );
}

/// A file without end is refused at the limit for configuration files, not read into memory.
#[cfg(unix)]
#[test]
fn definitions_without_end() {
    Sandbox::new().refuses(
        &["kpis", "--definitions", "/dev/zero"],
        2,
        "/dev/zero: expected at most 1048576 bytes, found more",
    );
}
