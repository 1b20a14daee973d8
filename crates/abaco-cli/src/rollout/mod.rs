//! `abaco rollout`: from stage to stage, and back.

mod approve;
mod show;
mod status;
mod trials;
mod watch;

pub(crate) use self::trials::causes;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use abaco_loans::rollout::journal::Procedure;
use abaco_loans::rollout::procedures::CutoverRequest;
use abaco_loans::rollout::stage::Stage;
use abaco_loans::rollout::{Rollout, RolloutConfig, RolloutOptions};
use clap::{Args, Subcommand};

use crate::Format;
use crate::failure::Failure;

/// A closed gate, a comparison that does not pass, or a rollback that the monitor has made.
const CLOSED: u8 = 5;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct Common {
    /// What replaces what, and under which policy.
    #[arg(long, value_name = "FILE", default_value = "config/rollout.yml", global = true)]
    config: PathBuf,
    /// The folder with the journal; by default `rollout` beside the configuration.
    #[arg(long, value_name = "DIR", global = true)]
    state: Option<PathBuf>,
    /// Say what would be done, and do nothing.
    #[arg(long, global = true)]
    dry_run: bool,
    /// A demonstration: approvals count unsigned, and are shown as such.
    #[arg(long, global = true)]
    demo: bool,
    /// Who asks; by default the user.
    #[arg(long, value_name = "NAME", global = true)]
    actor: Option<String>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t = Format::Table, global = true)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Say which version is active, what was going on, what the gate still asks for, and what to do next.
    Status,
    /// Compare both versions at every snapshot of the past, and say why they differ.
    Replay,
    /// Compare both versions on the tape of the day.
    Compare,
    /// Put the candidate under load: one large tape, many runs at once, many one after another.
    Exercise,
    /// Hold a figure of the candidate's against one that does not come from the tape.
    TieOut(trials::TieOut),
    /// Hold the amounts of tape, loans and transactions against each other, in total and key by key.
    Ties,
    /// Note that an item of a checklist is done.
    Check(trials::Check),
    /// Cut over, roll back and cut over again on copies.
    Rehearse,
    /// Approve the candidate, its configuration and the evidence as they are.
    Approve(approve::Approve),
    /// Go on to the next stage that the gate allows; from the first one, set the candidate up.
    Advance,
    /// Make the candidate official.
    Cutover(TakeOver),
    /// Make the baseline official again, and prove it.
    Rollback {
        /// Why; it is journalled.
        #[arg(long, value_name = "TEXT", default_value = "asked for")]
        reason: String,
    },
    /// Make the candidate official again after a rollback.
    Forward(TakeOver),
    /// Hold the baseline beside the official candidate, and roll back where the policy says so.
    Monitor,
    /// Write the record of the day.
    Reconcile,
    /// What has become of the rollout so far, from its evidence alone.
    Report(watch::Report),
}

#[derive(Debug, Args)]
struct TakeOver {
    /// Go past a closed gate for this reason; it is journalled with what was missing.
    #[arg(long, value_name = "REASON")]
    break_glass: Option<String>,
}

impl Common {
    /// Who asks.
    fn actor(&self) -> String {
        self.actor.clone().or_else(crate::run::user).unwrap_or_else(|| "unknown".to_owned())
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let Arguments { action, common } = arguments;
    let config = RolloutConfig::load(&common.config)?;
    let state = common.state.clone().unwrap_or_else(|| beside(&common.config));
    let actor = common.actor();
    let catalogue = abaco_loans::catalogue();
    let options = RolloutOptions::computing(actor, &config, &catalogue);
    let rollout = Rollout::open(config, state, options);
    if common.dry_run {
        let planned = rollout.plan(action.procedure(&rollout)?)?;
        return show::plan(&planned, common.format);
    }
    let (demo, format) = (common.demo, common.format);
    match action {
        Action::Status => status::status(&rollout, demo, format),
        Action::Replay => trials::replay(&rollout, &catalogue, format),
        Action::Compare => trials::compare(&rollout, &catalogue, format),
        Action::Exercise => trials::exercise(&rollout, &catalogue, format),
        Action::TieOut(given) => trials::tie_out(&rollout, given, &catalogue, format),
        Action::Ties => trials::ties(&rollout, format),
        Action::Check(given) => trials::check(&rollout, given, format),
        Action::Rehearse => show::rehearsed(&rollout.rehearsed()?, format),
        Action::Approve(given) => approve::approve(&rollout, given, common),
        Action::Advance => show::advanced(&rollout.advance(&rollout.next_verdict(demo)?)?, format),
        Action::Cutover(given) => show::report(&rollout.cutover(&request(&rollout, given, demo)?)?, format),
        Action::Rollback { reason } => show::report(&rollout.rollback(reason)?, format),
        Action::Forward(given) => show::report(&rollout.forward(&request(&rollout, given, demo)?)?, format),
        Action::Monitor => watch::monitor(&rollout, &catalogue, format),
        Action::Reconcile => watch::reconcile(&rollout, format),
        Action::Report(given) => watch::report(&rollout, given, demo),
    }
}

impl Action {
    /// The procedure whose steps are shown instead of being taken.
    fn procedure(&self, rollout: &Rollout) -> Result<Procedure, Failure> {
        match self {
            Self::Advance if rollout.stage()? == Stage::Staging => Ok(Procedure::Staging),
            Self::Cutover(_) | Self::Forward(_) => Ok(Procedure::Cutover),
            Self::Rollback { .. } => Ok(Procedure::Rollback),
            Self::Rehearse => Ok(Procedure::Rehearsal),
            _ => Err(Failure::usage("option `dry-run`: this command takes no steps from here".to_owned())),
        }
    }
}

fn request(rollout: &Rollout, given: &TakeOver, demo: bool) -> Result<CutoverRequest, Failure> {
    Ok(CutoverRequest { verdict: rollout.gate(demo)?, break_glass: given.break_glass.clone() })
}

fn beside(config: &Path) -> PathBuf {
    config.parent().unwrap_or(Path::new("")).join("rollout")
}
