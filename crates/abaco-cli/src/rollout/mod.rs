//! `abaco rollout`: from stage to stage, and back.

mod show;
mod smoke;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use abaco_rollout::journal::Procedure;
use abaco_rollout::procedures::{CutoverRequest, GateVerdict};
use abaco_rollout::{Rollout, RolloutConfig, RolloutOptions};
use clap::{Args, Subcommand};

use crate::Format;
use crate::failure::Failure;

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
    /// Who asks; by default the user.
    #[arg(long, value_name = "NAME", global = true)]
    actor: Option<String>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t = Format::Table, global = true)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Say which version is active, what was going on, and what to do next.
    Status,
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
    /// Cut over, roll back and cut over again on copies.
    Rehearse,
}

#[derive(Debug, Args)]
struct TakeOver {
    /// Go past a closed gate for this reason; it is journalled with what was missing.
    #[arg(long, value_name = "REASON")]
    break_glass: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let Arguments { action, common } = arguments;
    let config = RolloutConfig::load(&common.config)?;
    let state = common.state.clone().unwrap_or_else(|| beside(&common.config));
    let actor = common.actor.clone().unwrap_or_else(crate::run::user);
    let options = RolloutOptions { smoke: Some(smoke::of(&config)), ..RolloutOptions::new(actor) };
    let rollout = Rollout::open(config, state, options);
    if common.dry_run {
        let planned = rollout.plan(action.procedure(&rollout)?)?;
        return show::plan(&planned, common.format);
    }
    match action {
        Action::Status => show::status(&rollout.status()?, common.format),
        Action::Advance => show::advanced(&rollout.advance(&verdict())?, common.format),
        Action::Cutover(given) => show::report(&rollout.cutover(&request(given))?, common.format),
        Action::Rollback { reason } => show::report(&rollout.rollback(reason)?, common.format),
        Action::Forward(given) => show::report(&rollout.forward(&request(given))?, common.format),
        Action::Rehearse => show::rehearsed(&rollout.rehearse()?, common.format),
    }
}

impl Action {
    /// The procedure whose steps are shown instead of being taken.
    fn procedure(&self, rollout: &Rollout) -> Result<Procedure, Failure> {
        let nothing = |what: &str| Err(Failure::usage(format!("option `dry-run`: {what} takes no steps")));
        match self {
            Self::Status => nothing("`status`"),
            Self::Advance if rollout.stage()? == abaco_rollout::stage::Stage::Staging => {
                Ok(Procedure::Staging)
            }
            Self::Advance => nothing("`advance` from here"),
            Self::Cutover(_) | Self::Forward(_) => Ok(Procedure::Cutover),
            Self::Rollback { .. } => Ok(Procedure::Rollback),
            Self::Rehearse => Ok(Procedure::Rehearsal),
        }
    }
}

fn request(given: &TakeOver) -> CutoverRequest {
    CutoverRequest { verdict: verdict(), break_glass: given.break_glass.clone() }
}

/// What the gate says. Nothing weighs the evidence yet, and what is not weighed is closed.
fn verdict() -> GateVerdict {
    GateVerdict::closed(["no gate yet"])
}

fn beside(config: &Path) -> PathBuf {
    config.parent().unwrap_or(Path::new("")).join("rollout")
}
