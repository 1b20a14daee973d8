//! How fast the four KPIs of V2 are computed, beside the speed of memory:
//! `cargo run --release --example throughput -- --rows 10000000 --format json`.
//!
//! In memory it folds a generated tape and reports the ratio to a wrapping sum over the same slices, on the same
//! threads. With `--parquet` or `--csv` it reads a tape of the columns `segment, measurement_date, dpd,
//! total_receivable_usd, dpd_30_60_usd, dpd_60_90_usd, dpd_90_plus_usd, total_eligible_usd, cash_available_usd`.
//! Files are digested with `--digest` only, because the engines that one compares with do not do so either; a run of
//! the pipeline always digests.

use std::path::{Path, PathBuf};
use std::time::Instant;

use abaco_benches::tape::Keys;
use abaco_benches::{families, memory, tape};
use abaco_loans::pipeline::contract::Contract;
use abaco_loans::pipeline::ingest::{IngestOptions, Needed, Tape};
use abaco_loans::prelude::*;
use clap::{Parser, ValueEnum};

use abaco_benches::Outcome;

/// Runs of which the median counts.
const RUNS: usize = 7;

#[derive(Debug, Parser)]
struct Arguments {
    /// Rows of the generated tape.
    #[arg(long, default_value_t = 1_000_000)]
    rows: usize,
    /// A Parquet tape instead of a generated one.
    #[arg(long, conflicts_with = "csv")]
    parquet: Option<PathBuf>,
    /// A CSV tape instead of a generated one.
    #[arg(long)]
    csv: Option<PathBuf>,
    /// Columns to group by, such as `segment,measurement_date`.
    #[arg(long, value_delimiter = ',')]
    group: Vec<String>,
    /// The snapshot of a tape with several dates; without it each date is computed.
    #[arg(long)]
    as_of: Option<String>,
    /// Digests the file as well, as a run of the pipeline does.
    #[arg(long)]
    digest: bool,
    /// Threads; by default one per processor.
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// Bits of the generated amounts.
    #[arg(long, value_enum, default_value_t = Width::Decimal64)]
    width: Width,
    /// Segments of the generated tape.
    #[arg(long, value_enum, default_value_t = Segments::Dictionary)]
    segments: Segments,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Width {
    Decimal32,
    Decimal64,
    Decimal128,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Segments {
    /// Twelve, as a dictionary.
    Dictionary,
    /// Twelve, a text in each row.
    Texts,
    /// A million, a text in each row.
    Million,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// What was measured.
struct Measured {
    rows: usize,
    seconds: f64,
    bytes: u64,
    memory_read_ratio: Option<f64>,
    groups: usize,
}

fn main() -> Outcome<()> {
    let arguments = Arguments::parse();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(arguments.threads).build()?;
    let measured = pool.install(|| match (&arguments.parquet, &arguments.csv) {
        (Some(path), _) | (_, Some(path)) => from_file(&arguments, path),
        _ => in_memory(&arguments),
    })?;
    let ratio = measured.memory_read_ratio.map_or("null".to_owned(), |ratio| format!("{ratio:.4}"));
    match arguments.format {
        Format::Json => println!(
            "{{\"rows\":{},\"seconds\":{:.9},\"bytes\":{},\"memory_read_ratio\":{ratio},\"groups\":{}}}",
            measured.rows, measured.seconds, measured.bytes, measured.groups
        ),
        Format::Text => println!(
            "{} rows in {:.6} s: {:.1} million rows/s, {} groups, {ratio} of the speed of memory",
            measured.rows,
            measured.seconds,
            measured.rows as f64 / measured.seconds / 1e6,
            measured.groups
        ),
    }
    Ok(())
}

fn plan_options(arguments: &Arguments, dated: bool) -> PlanOptions {
    // The date is the state's own key; the other columns make a grouping set.
    let others = arguments.group.iter().filter(|name| *name != "measurement_date");
    let set: Vec<_> = others.map(|name| name.clone().into()).collect();
    PlanOptions {
        snapshot: dated.then(|| "measurement_date".into()),
        groups: if set.is_empty() { Vec::new() } else { vec![set] },
        ..PlanOptions::default()
    }
}

fn in_memory(arguments: &Arguments) -> Outcome<Measured> {
    let dated = arguments.group.iter().any(|name| name == "measurement_date");
    let width = match arguments.width {
        Width::Decimal32 => tape::Width::Bits32,
        Width::Decimal64 => tape::Width::Bits64,
        Width::Decimal128 => tape::Width::Bits128,
    };
    let keys = match arguments.segments {
        Segments::Dictionary => Keys::Dictionary,
        Segments::Texts => Keys::Texts,
        Segments::Million => Keys::Million,
    };
    let batches = tape::batches(arguments.rows, width, keys)?;
    let kpis = families::seed();
    let kpis = families::erased(&kpis);
    let schema = batches.first().ok_or("no rows")?.schema();
    let plan = Plan::new(&kpis, &schema, &plan_options(arguments, dated))?;
    let read: Vec<String> = plan.columns().map(|column| column.name().to_owned()).collect();
    let bytes = memory::bytes(&batches, &read);
    let (mut fold, mut memory) = (Vec::new(), Vec::new());
    let mut groups = 0;
    // In turn, so that a drift of the machine's speed meets both.
    for _ in 0..RUNS {
        let start = Instant::now();
        let state = plan.fold_all(&batches)?;
        groups = finish(&plan, &state)?;
        fold.push(start.elapsed().as_secs_f64());
        let start = Instant::now();
        std::hint::black_box(memory::read(&batches, &read));
        memory.push(start.elapsed().as_secs_f64());
    }
    let seconds = median(fold);
    Ok(Measured {
        rows: arguments.rows,
        seconds,
        bytes,
        memory_read_ratio: Some(median(memory) / seconds),
        groups,
    })
}

fn from_file(arguments: &Arguments, path: &Path) -> Outcome<Measured> {
    let contract = Contract::from_yaml_str(tape::CONTRACT, "throughput.yml")?;
    let kpis = families::seed();
    let kpis = families::erased(&kpis);
    let bytes = std::fs::metadata(path)?.len();
    let (mut seconds, mut rows, mut groups) = (Vec::new(), 0, 0);
    let options = IngestOptions { digest: arguments.digest, ..IngestOptions::default() };
    for _ in 0..RUNS {
        let start = Instant::now();
        let tape = Tape::open(path, &contract, &options)?;
        let plan = Plan::new(&kpis, &tape.schema(), &plan_options(arguments, true))?;
        let mut needed = Needed::only(plan.columns().map(|column| column.name().to_owned()));
        let as_of = arguments.as_of.as_ref().map(|date| date.parse()).transpose()?;
        if let Some(date) = as_of {
            needed = needed.at("measurement_date", date);
        }
        let (state, report) = tape.read(&needed)?.fold(
            || plan.empty(),
            |state, batch| plan.fold(state, batch),
            |state, other| plan.merge(state, &other),
        )?;
        rows = usize::try_from(report.rows)?;
        groups = match as_of {
            Some(date) => plan.outcomes(&state, AsOf::Date(date))?.groups.len(),
            None => finish(&plan, &state)?,
        };
        seconds.push(start.elapsed().as_secs_f64());
    }
    Ok(Measured { rows, seconds: median(seconds), bytes, memory_read_ratio: None, groups })
}

/// Finishes each snapshot apart; the number of groups.
fn finish(plan: &Plan, state: &State) -> Outcome<usize> {
    let dates = plan.snapshots(state);
    if dates.is_empty() {
        return Ok(plan.outcomes(state, AsOf::Single)?.groups.len());
    }
    let mut groups = 0;
    for date in dates {
        groups += plan.outcomes(state, AsOf::Date(date))?.groups.len();
    }
    Ok(groups)
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}
