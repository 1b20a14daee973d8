//! Many runs into one folder from many threads are one chain.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use abaco_engine::AsOf;
use abaco_kpi::{FormulaKpi, KpiSpec, Unit, sum};
use abaco_pipeline::seal::Runs;
use abaco_pipeline::storage::Disk;
use abaco_pipeline::verify::{Options, verify};
use abaco_pipeline::{Catalogue, Pipeline, PipelineConfig, RunRequest};
use rusqlite::Connection;

use crate::common::{Desk, SETTINGS, names, runs};

const RUNS: usize = 300;
const THREADS: usize = 8;
const PORTFOLIOS: [&str; 3] = ["p", "q", "r"];
/// Of every so many runs one is verified.
const SAMPLE: usize = 6;

/// The snapshots come in no order.
fn month(number: usize) -> String {
    format!("2025-{:02}-28", 1 + number * 7 % 12)
}

#[test]
fn at_once() {
    let desk = Desk::new();
    desk.write("cfg/definitions.yml", "version: 1\nkpis: []\n");
    let months: String = (1..=12).map(|month| format!("2025-{month:02}-28,a,0,{month}.00\n")).collect();
    desk.write("tape.csv", format!("month,segment,dpd_90_plus_usd,total_receivable_usd\n{months}"));
    let pipelines = PORTFOLIOS.map(|portfolio| {
        desk.write("cfg/pipeline.yml", SETTINGS.replace("portfolio: p", &format!("portfolio: {portfolio}")));
        let kpi = KpiSpec::new("owed", "owed", Unit::Currency);
        let kpi = FormulaKpi::new(kpi, sum("total_receivable_usd"));
        let config = PipelineConfig::load(desk.path("cfg/pipeline.yml")).unwrap();
        Pipeline::new(config, &Catalogue::new().profile("standard", [kpi])).unwrap()
    });
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= RUNS {
                        break;
                    }
                    let as_of = AsOf::Date(month(number).parse().unwrap());
                    let request = RunRequest { as_of, ..desk.request() };
                    let run = pipelines[number % PORTFOLIOS.len()].run(&request).unwrap();
                    let owed = run.document.kpis[0].value.clone().unwrap();
                    assert_eq!(owed, format!("{}.00", 1 + number * 7 % 12));
                }
            });
        }
    });

    let out = desk.path("runs");
    let entries = Runs::open(&out, Arc::new(Disk)).entries().unwrap();
    assert_eq!(entries.len(), RUNS);
    assert!(entries.iter().map(|entry| entry.seq).eq(1..=RUNS as u64));
    assert!(entries.windows(2).all(|pair| pair[1].prev == pair[0].hash));
    let mut listed: Vec<String> = entries.iter().map(|entry| entry.run_id.clone()).collect();
    listed.sort();
    assert_eq!(runs(&out), listed);
    assert!(!names(&out).iter().any(|name| name.starts_with(".staging-") || name == ".failed"));

    let mut of_portfolio: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in &entries {
        *of_portfolio.entry(&entry.portfolio).or_default() += 1;
    }
    assert_eq!(of_portfolio, BTreeMap::from([("p", 100), ("q", 100), ("r", 100)]));
    for entry in entries.iter().step_by(SAMPLE) {
        let report = verify(&out.join(&entry.run_id), &Options::default()).unwrap();
        assert!(report.holds(), "{:?}", report.problems);
    }

    // Each portfolio has four months; of its last, the run that was published last.
    let latest = ["2025-10-28", "2025-11-28", "2025-12-28"].map(|date| Some(date.parse().unwrap()));
    let current = Runs::open(&out, Arc::new(Disk)).current().unwrap().unwrap();
    let last = entries.last().unwrap();
    assert_eq!((current.ledger.seq, &current.ledger.hash), (RUNS as u64, &last.hash));
    let dates: Vec<_> = current.portfolios.iter().map(|(name, run)| (name.as_str(), run.as_of)).collect();
    assert!(dates.into_iter().eq(PORTFOLIOS.into_iter().zip(latest)));
    for (portfolio, run) in &current.portfolios {
        let of_month =
            entries.iter().filter(|entry| entry.portfolio == *portfolio && entry.as_of == run.as_of);
        assert_eq!(of_month.map(|entry| &entry.run_id).next_back(), Some(&run.run_id));
    }

    let history = Connection::open(out.join("history.db")).unwrap();
    let count = "SELECT count(*), count(DISTINCT run_id), max(seq), sum(state = 'read') FROM runs";
    let counts: [i64; 4] =
        history.query_row(count, [], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])).unwrap();
    assert_eq!(counts, [RUNS as i64; 4]);
}
