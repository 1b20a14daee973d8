//! The real portfolio's four files with one command and one configuration, where they lie beside the repository.

use std::sync::LazyLock;

use rstest::rstest;
use serde_json::{Value, json};

use crate::common::{Answer, Sandbox, exact, in_repository, kpi, root};

static NOVEMBER: LazyLock<Option<Value>> = LazyLock::new(|| run("2025-11-30"));
static DECEMBER: LazyLock<Option<Value>> = LazyLock::new(|| run("2025-12-31"));

/// The run at a snapshot as a document, or `None` with a word on why the test is skipped.
fn run(as_of: &str) -> Option<Value> {
    run_as("json", as_of).map(|answer| answer.json())
}

fn run_as(format: &str, as_of: &str) -> Option<Answer> {
    let config = in_repository("config/abaco_factoring.yml");
    run_in(&Sandbox::new(), &config, format, as_of)
}

fn run_in(sandbox: &Sandbox, config: &str, format: &str, as_of: &str) -> Option<Answer> {
    let folder = root().join("../shared/data");
    if !folder.exists() {
        eprintln!(
            "SKIPPED: {} is not here; its files may not be copied into the repository",
            folder.display()
        );
        return None;
    }
    let file = |name: &str| folder.join(name).display().to_string();
    let tables = [("static", "loans.csv"), ("schedule", "schedules.csv"), ("event", "transactions.csv")]
        .map(|(role, name)| format!("{role}={}", file(name)));
    let tape = file("loan_par_balances.csv");
    let mut args = vec!["run", &tape, "--config", config, "--as-of", as_of, "--format", format];
    for table in &tables {
        args.extend(["--table", table]);
    }
    let mut command = sandbox.command(&args);
    command.env("ABACO_MASKING_KEY", "hex:000102030405060708090a0b0c0d0e0f");
    Some(Answer::from(command.output().unwrap()).silent())
}

fn value<'d>(document: &'d Value, id: &str) -> &'d str {
    kpi(document, id)["value"].as_str().unwrap_or_else(|| panic!("{id}: {}", kpi(document, id)))
}

/// The exact value of a positive KPI, rounded to `places` half up, from its exact form.
fn digits(document: &Value, id: &str, places: u32) -> String {
    let (multiplier, numerator, denominator) = exact(document, id);
    // All of them as integers of one scale, which the quotient cancels.
    let units = |text: &str, scale: usize| -> i128 {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        format!("{whole}{fraction:0<scale$}").parse().unwrap()
    };
    let scale = |text: &str| text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let common = scale(numerator).max(scale(denominator));
    let ten = 10_i128.pow(places);
    let numerator = units(numerator, common) * multiplier.parse::<i128>().unwrap() * ten;
    let denominator = units(denominator, common);
    let quotient = (2 * numerator + denominator) / (2 * denominator);
    format!("{}.{:0width$}", quotient / ten, quotient % ten, width = places as usize)
}

/// Figures of the data's README, computed there from the files by other means.
#[test]
fn the_known_answers_of_november() {
    let Some(november) = &*NOVEMBER else { return };
    assert_eq!(november["period"], json!({"from": "2025-10-31", "to": "2025-11-30"}));
    assert_eq!(november["effective_as_of"], "2025-11-30");
    assert_eq!(november["rows"], json!({"read": 31_268, "quarantined": 0, "duplicate": 0, "as_of": 1_322}));
    assert_eq!(exact(november, "collection_rate_total"), ("100", "4227732.17", "3964461.99"));
    assert_eq!(digits(november, "collection_rate_total", 6), "106.640754");
    assert_eq!(exact(november, "collection_rate_capped"), ("100", "3310940.45", "3964461.99"));
    assert_eq!(value(november, "collection_rate_capped"), "83.52");
    assert_eq!((value(november, "origination_volume"), value(november, "new_loans")), ("4276269.81", "661"));
    assert_eq!(digits(november, "average_ticket", 6), "6469.394569");
    assert_eq!(value(november, "client_retention"), "83.05"); // 98 of 118
    assert_eq!(kpi(november, "par_30")["rows"], 1_322);
    assert_eq!(kpi(november, "par_30")["prior"], json!({"as_of": "2025-10-31", "value": "3.76"}));
}

#[test]
fn the_known_answers_of_december() {
    let Some(december) = &*DECEMBER else { return };
    // The label is not the day for which the rows hold.
    assert_eq!(december["effective_as_of"], "2025-12-10");
    assert_eq!(exact(december, "par_ge_7"), ("100", "424658.21", "6668167.81"));
    assert_eq!(exact(december, "par_ge_30"), ("100", "233573.36", "6668167.81"));
    assert_eq!(exact(december, "par_ge_60"), ("100", "107161.88", "6668167.81"));
    assert_eq!(exact(december, "par_ge_90"), ("100", "77813.26", "6668167.81"));
    assert_eq!(value(december, "written_off_balance"), "302574.04");
    assert_eq!(value(december, "par_with_writeoffs_30_stock"), "7.69");
    assert_eq!(digits(december, "par_with_writeoffs_30_stock", 6), "7.691397");
    assert_eq!(digits(december, "top_10_share", 6), "50.429326");
    assert_eq!(digits(december, "hhi", 6), "338.447034");
    assert_eq!(digits(december, "portfolio_yield", 4), "36.0144");
}

/// The loans of a quarter at the end of the sixth calendar month after each was disbursed.
#[test]
fn the_known_answers_of_the_first_quarters_vintage() {
    let Some(december) = &*DECEMBER else { return };
    let segments = december["segments"].as_array().unwrap();
    let wanted = json!({"vintage": "2025-Q1", "months_on_book": "6"});
    let cohort = segments.iter().find(|segment| segment["by"] == wanted).unwrap();
    assert_eq!(exact(cohort, "vintage_par_30_ex_writeoffs"), ("100", "98506.62", "6316528.34"));
    assert_eq!(exact(cohort, "vintage_par_30"), ("100", "100743.23", "6316528.34"));
    assert_eq!(kpi(cohort, "vintage_par_30")["rows"], 1_731);
    // The third quarter has not been on book for six months.
    assert!(segments.iter().all(|segment| segment["by"]["vintage"] != "2025-Q3" || segment["by"]["months_on_book"].is_null()));
}

/// The same figures where a person reads them, and no matrix cell on a line of its own.
#[test]
fn a_person_sees_the_warning_the_cohorts_and_the_matrix() {
    let Some(answer) = run_as("table", "2025-12-31") else { return };
    let lines: Vec<&str> = answer.stdout.lines().collect();
    assert_eq!(lines[0], "the snapshot is labelled 2025-12-31, but its rows hold for 2025-12-10");
    let heads = "vintage  months_on_book  rows  vintage_par_30 (%)  vintage_par_30_ex_writeoffs (%)  ";
    let at = lines.iter().position(|line| line.starts_with(heads)).unwrap();
    assert_eq!(lines[at - 1], "by vintage, months_on_book");
    let cohort = lines[at..].iter().find(|line| line.starts_with("2025-Q1 ")).unwrap();
    let cells: Vec<&str> = cohort.split_whitespace().collect();
    assert_eq!(cells[..5], ["2025-Q1", "6", "1731", "1.59", "1.56"]);
    assert_eq!(lines.iter().filter(|line| line.starts_with("from \\ to ")).count(), 2);
    assert!(!lines.iter().any(|line| line.starts_with("roll_rate_")), "{}", answer.stdout);
}

const FROM: [&str; 6] = ["current", "1_29", "30_59", "60_89", "90_plus", "unknown"];
const TO: [&str; 9] =
    ["current", "1_29", "30_59", "60_89", "90_plus", "unknown", "written_off", "paid", "absent"];

fn cents(text: &str) -> i64 {
    text.replace('.', "").parse().unwrap()
}

#[test]
fn the_roll_matrix_sums_to_the_opening_balance_and_its_loans() {
    let Some(november) = &*NOVEMBER else { return };
    let (mut opening, mut loans) = (0, 0);
    for from in FROM {
        let rate = |to: &str, by: &str| kpi(november, &format!("roll_rate_{from}_{to}{by}"));
        if rate("paid", "")["state"] != "value" {
            assert_eq!(rate("paid", "")["reason"], "zero_denominator", "{from}");
            continue;
        }
        let part = |to: &str, by: &str, which: &str| cents(rate(to, by)["exact"][which].as_str().unwrap());
        for (by, sum) in [("", &mut opening), ("_count", &mut loans)] {
            let row: i64 = TO.iter().map(|to| part(to, by, "numerator")).sum();
            assert_eq!(row, part("paid", by, "denominator"), "{from}{by}");
            *sum += row;
        }
    }
    assert_eq!(opening, 757_441_589); // 7,574,415.89
    let exits = ["exits_paid", "exits_written_off", "exits_absent"].map(|id| value(november, id).to_owned());
    assert_eq!((exits, value(november, "entrants")), (["556", "7", "3"].map(str::to_owned), "661"));
    // 556 + 7 + 3 leave, the others with a balance stay.
    assert_eq!(loans, 556 + 7 + 3 + 562);
}

/// Opening 7,805,204.15 with written-off balances, 4,276,269.81 disbursed, 4,023,142.27 of principal paid.
#[test]
fn the_bridge_ends_at_the_closing_balance_with_a_remainder() {
    let Some(november) = &*NOVEMBER else { return };
    assert_eq!(value(november, "balance_bridge_with_written_off"), "105.55");
    assert_eq!(value(november, "balance_bridge"), "105.55");
    let components = &kpi(november, "balance_bridge_with_written_off")["components"];
    let of =
        |text: &str| cents(components[text].as_str().unwrap_or_else(|| panic!("{text} in {components}")));
    assert_eq!(of("SUM(outstanding_balance)") + of("SUM(written_off_balance)"), 805_843_724);
    assert_eq!(of("SUM(opening_balance)") + of("SUM(opening_written_off_balance)"), 780_520_415);
    assert_eq!((of("SUM(disbursed)"), of("SUM(paid_principal)")), (427_626_981, 402_314_227));
}

/// Ten loans paid without a row at either end, three vanished with a balance: 125.42 - 19.87 = 105.55.
#[test]
fn named_loans_explain_the_remainder() {
    let Some(november) = &*NOVEMBER else { return };
    let drill = november["drill_down"].as_array().unwrap();
    let bridge = drill.iter().find(|drill| drill["kpi"] == "balance_bridge_with_written_off").unwrap();
    let parts = bridge["value"]["top"].as_array().unwrap();
    let amount = |part: &Value| cents(part["value"].as_str().unwrap().strip_suffix("0000").unwrap());
    let (paid, vanished): (Vec<i64>, Vec<i64>) = parts.iter().map(amount).partition(|amount| *amount > 0);
    assert_eq!((paid.len(), paid.iter().sum::<i64>()), (10, 12_542));
    assert_eq!((vanished.len(), vanished.iter().sum::<i64>()), (3, -1_987));
    assert_eq!(parts[0]["by"], json!({"loan_id": "ABT - PC0002-001"}));
    assert_eq!(bridge["value"]["others"]["exact"]["numerator"], "0");
    assert_eq!(bridge["value"]["total"]["value"], "105.550000");
}

#[rstest]
#[case("monthly", "2025-11", "3.31")]
#[case("monthly", "2024-05", "14.92")]
#[case("monthly", "2023-06", "0.00")]
fn every_month_has_its_point(#[case] rollup: &str, #[case] period: &str, #[case] par_30: &str) {
    let Some(december) = &*DECEMBER else { return };
    let series = december["series"].as_array().unwrap();
    assert_eq!(series.len(), 36);
    let point = series.iter().find(|point| point["rollup"] == rollup && point["period"] == period).unwrap();
    assert_eq!((value(point, "par_30"), &point["partial"]), (par_30, &json!(false)));
}

/// Loans and clients as personal data: the figures are those of plain data, to the digit, the parts of a value have
/// pseudonyms, and no file of the run has a number of a loan or a client. Compressed files are searched in the library's
/// tests.
#[test]
fn loans_and_clients_as_personal_data() {
    let Some(plain) = &*NOVEMBER else { return };
    let sandbox = Sandbox::new();
    for name in ["kpi_definitions", "abaco_factoring"] {
        let name = format!("{name}.yml");
        sandbox.write(&format!("cfg/{name}"), std::fs::read(root().join("config").join(&name)).unwrap());
    }
    for name in ["par_balances", "factoring_loans", "factoring_schedules", "factoring_transactions"] {
        let text = std::fs::read_to_string(root().join(format!("config/contracts/{name}.yml"))).unwrap();
        assert!(text.contains("roles: [key] }"), "{name}");
        sandbox.write(
            &format!("cfg/contracts/{name}.yml"),
            text.replace("roles: [key] }", "roles: [key, pii] }").replace(
                "source: customer_id, nulls: keep }",
                "source: customer_id, nulls: keep, roles: [pii] }",
            ),
        );
    }
    let settings = std::fs::read_to_string(sandbox.path("cfg/abaco_factoring.yml")).unwrap();
    sandbox.write("cfg/abaco_factoring.yml", format!("{settings}masking: {{ key_id: test }}\n"));
    let masked = run_in(&sandbox, "cfg/abaco_factoring.yml", "json", "2025-11-30").unwrap().json();

    for part in ["kpis", "segments", "series", "rows"] {
        assert!(masked[part] == plain[part], "{part}");
    }
    let parts = |document: &Value| document["drill_down"][1]["value"]["top"].as_array().unwrap().clone();
    let (masked, plain) = (parts(&masked), parts(plain));
    assert_eq!((masked.len(), &masked[0]["value"]), (plain.len(), &plain[0]["value"]));
    assert_eq!(masked[0]["by"]["loan_id"].as_str().unwrap().len(), 32);
    for path in sandbox.everything().into_iter().filter(|path| path.starts_with(sandbox.path("runs"))) {
        let Ok(bytes) = std::fs::read(&path) else { continue };
        for plain in [&b"ABT - PC0"[..], b"ABF - DSB0", b"CLI1159"] {
            let found = bytes.windows(plain.len()).any(|window| window == plain);
            assert!(!found, "{} has {}", path.display(), String::from_utf8_lossy(plain));
        }
    }
}
