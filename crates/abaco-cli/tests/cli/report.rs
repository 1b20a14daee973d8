//! What a person sees of a run: the whole text of a small one, and the block of each part.

use crate::common::{SLICES, Sandbox};

const RUN: &[&str] = &["run", "tape.csv", "--config", "cfg/pipeline.yml"];

/// The text without the paragraph of what is unavailable, which grows with the catalogue, and without the folder.
fn without_catalogue(stdout: &str) -> String {
    let paragraphs = stdout.split("\n\n").filter(|paragraph| {
        !paragraph.contains("for lack of columns") && !paragraph.starts_with("published ")
    });
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

/// The paragraph that begins with this.
#[track_caller]
fn paragraph<'t>(stdout: &'t str, begins: &str) -> &'t str {
    let found = stdout.split("\n\n").find(|paragraph| paragraph.starts_with(begins));
    found.unwrap_or_else(|| panic!("no `{begins}` in {stdout}"))
}

/// Two months in two regions; the second month ends before its time.
#[test]
fn a_run_with_everything() {
    let rows = [
        "2025-01-31,north,1,0,0,100,50,5",
        "2025-01-31,south,2,0,0,100,50,5",
        "2025-02-10,north,1,1,5,100,50,5",
        "2025-02-10,south,4,0,0,100,50,5.5",
    ];
    let sandbox =
        Sandbox::with("tape.csv", format!("measurement_date,region,{SLICES}\n{}\n", rows.join("\n")));
    sandbox.configure("segments: [[region]]\nrollups: [monthly, quarterly]");
    let stdout = sandbox.abaco(&[RUN, &["--as-of", "latest"]].concat()).silent().stdout;
    let (text, others) = unnumbered(&without_catalogue(&stdout));
    assert_eq!(text, EVERYTHING);
    assert!(others.windows(2).all(|pair| pair[0] == pair[1]), "{others:?}");
}

/// The number of KPIs that a table leaves to the document is that of the catalogue.
fn unnumbered(text: &str) -> (String, Vec<String>) {
    let mut numbers = Vec::new();
    let lines = text.split('\n').map(|line| match line.split_once(" more KPIs of each ") {
        Some((before, rest)) => {
            let start = before.trim_end_matches(|character: char| character.is_ascii_digit()).len();
            numbers.push(before[start..].to_owned());
            format!("{}N more KPIs of each {rest}", &before[..start])
        }
        None => line.to_owned(),
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    (text, numbers)
}

const EVERYTHING: &str = "\
factoring as of 2025-02-10  USD, 2 of 4 rows in scope

findings
critical  par_90             5.00  %      region = north  level: reaches the critical threshold 5
warning   par_30             5.50  %                      level: reaches the warning threshold 5
warning   par_30             7.00  %      region = north  level: reaches the warning threshold 5
remark    par_90             0.00  %      region = south  saturated: lies at an end of its valid range 0 to 100
remark    portfolio_health  10.00  score  region = south  saturated: lies at an end of its valid range 0 to 10

kpi               name                                value  unit   since 2025-01-31  status   exact
seed
par_30            Portfolio at risk, 30 days or more   5.50  %                 +4.00  warning  100 * 11 / 200
par_90            Portfolio at risk, 90 days or more   2.50  %                 +2.50  ok       100 * 5 / 200
collection_rate   Cash to eligible (V2)               10.50  %                 +0.50  ok       100 * 10.5 / 100
portfolio_health  Portfolio health                     9.92  score             +0.07  ok       3969 / 400

by region
region  rows  par_30 (%)  par_90 (%)  collection_rate (%)  portfolio_health (score)
north      1       *7.00       !5.00                10.00                      9.30
south      1        4.00        0.00                11.00                     10.00
! critical, * warning; N more KPIs of each group in kpis.json

monthly
period   as of       par_30 (%)  par_90 (%)  collection_rate (%)  portfolio_health (score)
2025-01  2025-01-31        1.50        0.00                10.00                      9.85
2025-02  2025-02-10       *5.50        2.50                10.50                      9.92  partial
! critical, * warning; N more KPIs of each period in kpis.json

quarterly
period   as of       par_30 (%)  par_90 (%)  collection_rate (%)  portfolio_health (score)
2025-Q1  2025-02-10       *5.50        2.50                10.50                      9.92  partial
! critical, * warning; N more KPIs of each period in kpis.json";

/// Six loans that were in three buckets: each row sums to 100, and a bucket without loans has no percent.
#[test]
fn a_migration_matrix_is_a_block() {
    let sandbox = Sandbox::with("tape.csv", PANEL);
    sandbox.write("cfg/contract.yml", PANEL_CONTRACT);
    sandbox.write("cfg/pipeline.yml", "{version: 1, portfolio: loans, contract: contract.yml}");
    let stdout = sandbox.abaco(RUN).silent().stdout;
    assert_eq!(
        paragraph(&stdout, "migration by opening balance"),
        "\
migration by opening balance  % of each row that ended the period in each column
from \\ to  current   1_29  30_59  60_89  90_plus  unknown  written_off   paid  absent      of
current      60.00  30.00   0.00   0.00     0.00     0.00         0.00  10.00    0.00  100.00
1_29             -      -      -      -        -        -            -      -       -       -
30_59         0.00   0.00   0.00   0.00     0.00   100.00         0.00   0.00    0.00   20.00
60_89            -      -      -      -        -        -            -      -       -       -
90_plus       0.00   0.00   0.00   0.00     0.00     0.00        40.00   0.00   60.00  100.00
unknown          -      -      -      -        -        -            -      -       -       -"
    );
    assert_eq!(
        paragraph(&stdout, "migration by number of loans"),
        "\
migration by number of loans  % of each row that ended the period in each column
from \\ to  current   1_29  30_59  60_89  90_plus  unknown  written_off   paid  absent  of
current      33.33  33.33   0.00   0.00     0.00     0.00         0.00  33.33    0.00   3
1_29             -      -      -      -        -        -            -      -       -   -
30_59         0.00   0.00   0.00   0.00     0.00   100.00         0.00   0.00    0.00   1
60_89            -      -      -      -        -        -            -      -       -   -
90_plus       0.00   0.00   0.00   0.00     0.00     0.00        50.00   0.00   50.00   2
unknown          -      -      -      -        -        -            -      -       -   -"
    );
    // The cells stand nowhere else.
    assert!(!stdout.contains("\nroll_rate_"), "{stdout}");
}

const PANEL: &str = "\
loan_id,opening_balance,opening_dpd,outstanding_balance,dpd,is_written_off
a,60.00,0,58.00,0,false
b,30.00,0,30.00,10,false
c,10.00,0,0.00,0,false
d,40.00,100,40.00,130,true
e,60.00,95,,,
f,20.00,45,20.00,,false
";

const PANEL_CONTRACT: &str = "\
contract: panel
version: 1
currency: USD
columns:
  loan_id:             { type: text, roles: [key] }
  opening_balance:     { type: \"decimal(18, 2)\", nulls: keep }
  opening_dpd:         { type: int, nulls: keep }
  outstanding_balance: { type: \"decimal(18, 2)\", nulls: keep }
  dpd:                 { type: int, nulls: keep }
  is_written_off:      { type: bool, nulls: keep }
";

#[test]
fn a_matrix_of_nobody_is_a_line() {
    let rows: String = PANEL.lines().take(1).map(str::to_owned).collect();
    let sandbox = Sandbox::with("tape.csv", format!("{rows}\ng,0.00,0,5.00,0,false\n"));
    sandbox.write("cfg/contract.yml", PANEL_CONTRACT);
    sandbox.write("cfg/pipeline.yml", "{version: 1, portfolio: loans, contract: contract.yml}");
    let stdout = sandbox.abaco(RUN).silent().stdout;
    let line = "migration by number of loans  no cell has a value: zero_denominator";
    assert_eq!(paragraph(&stdout, "migration by number of loans"), line);
}

/// 0.1, 4 and 1.4 of 100 now; before, 0.5 of 50, all of it in a region that is gone.
#[test]
fn what_a_kpi_and_its_change_are_made_of() {
    let rows = [
        "2025-01-31,south,0.5,0,0,50,50,5",
        "2025-02-28,north,0.1,0,0,20,50,5",
        "2025-02-28,\"so\nuth\",4,0,0,50,50,5",
        "2025-02-28,,1.4,0,0,30,50,5",
    ];
    let sandbox =
        Sandbox::with("tape.csv", format!("measurement_date,region,{SLICES}\n{}\n", rows.join("\n")));
    sandbox.configure("drill_down: [{kpi: par_30, by: [region], top: 2}, {kpi: par_ge_30, by: [region]}]");
    let stdout = sandbox.abaco(&[RUN, &["--as-of", "latest"]].concat()).silent().stdout;
    assert_eq!(
        paragraph(&stdout, "parts of par_30"),
        "\
parts of par_30 by region  %
so\\nuth   4.000000
null      1.400000
1 others  0.100000
total     5.500000"
    );
    assert_eq!(
        paragraph(&stdout, "parts of the change of par_30"),
        "\
parts of the change of par_30 since 2025-01-31 by region  %
so\\nuth    4.000000
null       1.400000
2 others  -0.900000
total      4.500000"
    );
    assert_eq!(
        paragraph(&stdout, "parts of par_ge_30"),
        "parts of par_ge_30 by region  nothing to take apart: missing columns: dpd, outstanding_balance"
    );
}

/// Where nobody judges anything and nothing is required, a breakdown shows the first KPIs.
#[test]
fn a_handful_without_judgement_and_those_that_are_required() {
    let sandbox = Sandbox::with("tape.csv", PANEL.replace("loan_id", "region"));
    let contract =
        PANEL_CONTRACT.replace("loan_id:             { type: text, roles: [key] }", "region: { type: text }");
    sandbox.write("cfg/contract.yml", contract);
    let pipeline = "{version: 1, portfolio: loans, contract: contract.yml, segments: [[region]]";
    sandbox.write("cfg/pipeline.yml", format!("{pipeline}}}"));
    let stdout = sandbox.abaco(RUN).silent().stdout;
    let head = paragraph(&stdout, "by region").lines().nth(1).unwrap();
    assert_eq!(
        head,
        "region  rows  par_ge_1 (%)  par_ge_7 (%)  par_ge_30 (%)  par_ge_60 (%)  par_ge_90 (%)  par_ge_180 (%)"
    );
    sandbox.write("cfg/pipeline.yml", format!("{pipeline}, required: [par_ge_30, glp]}}"));
    let stdout = sandbox.abaco(RUN).silent().stdout;
    let lines: Vec<&str> = paragraph(&stdout, "by region").lines().skip(1).take(3).collect();
    assert_eq!(
        lines,
        [
            "region  rows  par_ge_30 (%)  glp (USD)",
            "a          1           0.00      58.00",
            "b          1           0.00      30.00"
        ]
    );
}
