//! The command `abaco`: a thin front of the libraries.

mod deliver;
mod diff;
mod failure;
mod interrupt;
mod kpis;
mod logging;
mod matrix;
mod progress;
mod report;
mod rollout;
mod run;
mod shadow;
mod table;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::failure::Failure;

/// Reading a Parquet tape makes and drops buffers of a megabyte for every page; this allocator keeps them at hand.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// From a loan tape to exact, explained portfolio KPIs.
#[derive(Debug, Parser)]
#[command(name = "abaco", version, about)]
struct Cli {
    /// How logs are written to standard error: the steps of a run with their durations. ABACO_LOG says it likewise.
    #[arg(long, value_enum, global = true)]
    log: Option<logging::LogFormat>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compute the KPIs of a tape and publish the run.
    Run(run::Arguments),
    /// List the KPIs with their formulas, thresholds and owners.
    Kpis(kpis::Arguments),
    /// Compute anew what a published run and the ledger beside it say of each other.
    Verify(verify::Arguments),
    /// Say what changed between two published runs, down to the loan.
    Diff(diff::Arguments),
    /// Compare a baseline with a candidate, key by key.
    Shadow(shadow::Arguments),
    /// Send published runs to the outputs that have not got them yet.
    Deliver(deliver::Arguments),
    /// Replace one version of the numbers by another, step by step and back.
    Rollout(rollout::Arguments),
}

/// How a result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Table,
    /// One JSON document on standard output, for programs.
    Json,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = logging::start(cli.log).and_then(|()| match cli.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Kpis(arguments) => kpis::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Shadow(arguments) => shadow::run(&arguments),
        Command::Deliver(arguments) => deliver::run(&arguments),
        Command::Rollout(arguments) => rollout::run(&arguments),
    });
    match result {
        Ok(code) => code,
        Err(failure) => {
            let failed = failure.exit_status();
            // Headers and paths in a message come from outside.
            let message = table::on_one_line(&failure.to_string());
            say(&format!("{}error:{} {message}", table::BAD, table::BAD.render_reset()));
            ExitCode::from(failed)
        }
    }
}

/// Writes a line to standard error; whether anybody reads it does not change the exit status.
fn say(line: &str) {
    use std::io::Write;

    let _unread = writeln!(anstream::stderr(), "{line}");
}

/// Prints a document for programs: standard output holds it and nothing else.
fn print_json(document: &impl serde::Serialize) -> Result<(), Failure> {
    print(&format!("{}\n", serde_json::to_string_pretty(document).map_err(Failure::json)?))
}

/// Writes to standard output; a reader that has gone away, such as `head`, is not an error.
fn print(text: &str) -> Result<(), Failure> {
    use std::io::Write;

    match anstream::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::output(&error)),
        _ => Ok(()),
    }
}
