//! What a run has when there is more of something: formats, refused rows, tables beside the tape.

use abaco_engine::AsOf;
use abaco_pipeline::arrow::array::{AsArray, RecordBatch};
use abaco_pipeline::arrow::datatypes::UInt64Type;
use abaco_pipeline::arrow::ipc::reader::FileReader;
use abaco_pipeline::run::verify_kpis;
use abaco_pipeline::verify::{Options, verify};
use abaco_pipeline::{Run, RunRequest};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};

use crate::common::{CONTRACT, Desk, SETTINGS, TAPE, catalogue, names};

fn holds(run: &Run) {
    let folder = run.folder.as_deref().unwrap();
    let mut report = verify(folder, &Options::default()).unwrap();
    verify_kpis(&mut report, folder, &catalogue()).unwrap();
    assert!(report.holds(), "{:?}", report.problems);
}

fn parquet(path: &std::path::Path) -> Vec<RecordBatch> {
    let file = std::fs::File::open(path).unwrap();
    ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap().map(Result::unwrap).collect()
}

#[test]
fn results_in_further_formats_are_the_same_results() {
    let desk = Desk::new();
    let plain = desk.run(&desk.request()).unwrap();
    desk.write(
        "cfg/pipeline.yml",
        format!("{SETTINGS}further_formats: [csv, arrow_ipc]\nsegments: [[segment]]\n"),
    );
    let run = desk.run(&desk.request()).unwrap();
    let (before, after) = (plain.folder.unwrap(), run.folder.clone().unwrap());
    let mut more = names(&after);
    more.retain(|name| !names(&before).contains(name));
    assert_eq!(more, ["kpis.arrow", "segments.arrow", "segments.csv", "series.arrow", "series.csv"]);
    for table in ["kpis", "segments", "series"] {
        let file = std::fs::File::open(after.join(format!("{table}.arrow"))).unwrap();
        let arrow: Vec<RecordBatch> = FileReader::try_new(file, None).unwrap().map(Result::unwrap).collect();
        let rows = |batches: &[RecordBatch]| batches.iter().map(RecordBatch::num_rows).sum::<usize>();
        let same = parquet(&after.join(format!("{table}.parquet")));
        assert_eq!(rows(&arrow), rows(&same), "{table}");
        for (arrow, parquet) in arrow.iter().zip(&same) {
            assert_eq!(arrow.columns(), parquet.columns(), "{table}");
        }
    }
    holds(&run);
}

/// More refused rows than memory is to hold: their file has each of them once, in the order of the tape.
#[test]
fn many_refused_rows() {
    let desk = Desk::new();
    desk.write("cfg/pipeline.yml", format!("{SETTINGS}quality: {{ mode: quarantine }}\n"));
    desk.write(
        "cfg/contract.yml",
        format!("{CONTRACT}rules:\n  - {{ id: owed, check: 'dpd_90_plus_usd >= 0' }}\n"),
    );
    let refused = 80_000_u64;
    let mut tape = TAPE.to_owned();
    for row in 0..refused {
        tape += &format!("2025-02-28,{row},-{row}.01,100.00\n");
    }
    desk.write("tape.csv", tape);
    let run = desk.run(&desk.request()).unwrap();
    let folder = run.folder.as_deref().unwrap();
    let rows: Vec<u64> = parquet(&folder.join("quarantine.parquet"))
        .iter()
        .flat_map(|batch| batch.column_by_name("row").unwrap().as_primitive::<UInt64Type>().values().to_vec())
        .collect();
    assert!(std::fs::metadata(folder.join("quarantine.parquet")).unwrap().len() > 100_000);
    assert_eq!(rows, (4..4 + refused).collect::<Vec<_>>());
    assert_eq!(run.quality.rows.quarantined, refused);
    holds(&run);
}

/// The tables beside the tape have control totals of their own, which tie.
#[test]
fn the_phases_of_a_table_beside_the_tape() {
    let desk = Desk::new();
    desk.write(
        "cfg/pipeline.yml",
        format!(
            "{SETTINGS}quality: {{ mode: quarantine }}\ntables: {{ event: {{ contract: event.yml }} }}\n"
        )
        .replace("definitions: definitions.yml\n", ""),
    );
    let loans = "contract: c\nversion: 1\ncurrency: USD\ncolumns:\n  loan_id: { type: text, roles: [key] }\n  \
                 month: { type: date, roles: [snapshot] }\n  outstanding_balance: { type: 'decimal(18, 2)' }\n";
    desk.write("cfg/contract.yml", loans);
    let events = "contract: e\nversion: 1\ncurrency: USD\ncolumns:\n  loan_id: { type: text, roles: [key] }\n  \
                  day: { type: date, roles: [snapshot] }\n  paid_principal: { type: 'decimal(18, 2)', roles: [amount] }\n";
    desk.write("cfg/event.yml", events);
    desk.write("tape.csv", "loan_id,month,outstanding_balance\na,2025-01-31,10.00\na,2025-02-28,8.00\n");
    desk.write(
        "event.csv",
        "loan_id,day,paid_principal\na,2025-02-10,1.50\na,2025-02-11,0.50\na,2025-02-12,x\n",
    );
    let role = "event".parse().unwrap();
    let request =
        RunRequest { tables: vec![(role, desk.path("event.csv"))], as_of: AsOf::Latest, ..desk.request() };
    let run = desk.run(&request).unwrap();
    let folder = run.folder.as_deref().unwrap();
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    let phases = manifest["table_phases"]["event"].as_array().unwrap();
    let rows: Vec<Value> = phases
        .iter()
        .map(|phase| json!([phase["phase"], phase["rows_in"], phase["accepted"], phase["quarantined"]]))
        .collect();
    assert_eq!(
        rows,
        [json!(["ingest", 3, 3, 0]), json!(["validate", 3, 2, 1]), json!(["transform", 2, 2, 0])]
    );
    let money = |at: usize| phases[at]["control_totals"]["paid_principal"]["accepted"].clone();
    assert_eq!([money(0), money(1), money(2)], [json!("2.00"), json!("2.00"), json!("2.00")]);
    holds(&run);

    // The log says where a caller's file stands for a configured one.
    let overridden = |run: &Run| -> Value {
        let log = std::fs::read_to_string(run.folder.as_deref().unwrap().join("audit.ndjson")).unwrap();
        let first: Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
        first["detail"]["overridden_tables"].clone()
    };
    assert_eq!(overridden(&run), json!([]));
    let settings = std::fs::read_to_string(desk.path("cfg/pipeline.yml")).unwrap();
    desk.write("cfg/pipeline.yml", settings.replace("event.yml }", "event.yml, paths: [../event.csv] }"));
    assert_eq!(overridden(&desk.run(&request).unwrap()), json!(["event"]));
    let as_configured = RunRequest { tables: Vec::new(), ..request };
    assert_eq!(overridden(&desk.run(&as_configured).unwrap()), json!([]));
}
