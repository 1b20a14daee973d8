//! The runbook and the guide are what happens: every command that they show is run, in order, and gives what they state.
//!
//! A block ```` ```console ```` holds commands behind `$ `, continued behind `> `, each followed by what it prints. A last line
//! `exit status 5` says how it ends, 0 without it. A line `..` stands for any lines. Identifiers, instants and durations differ
//! from run to run: the first ones are learnt from what is printed, so that a later command may name them. `expires` is moved
//! into the future, that the guide does not expire itself.
//!
//! A comment `<!-- situation: NAME -->` before a block prepares a new folder; without one the document's folder goes on.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of a test stop the test"
)]

mod block;
mod configuration;
mod mask;
mod session;
mod situation;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::block::{Block, blocks, mentioned};
use crate::session::Session;
use crate::situation::Situation;

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap().join(path)
}

fn text_of(document: &str) -> String {
    fs::read_to_string(repository(document)).unwrap()
}

/// Runs all blocks of a document.
fn play(document: &str) {
    let text = text_of(document);
    let blocks = blocks(document, &text);
    let mut session = Session::new(Situation::Guide);
    let (mut said, mut run) = (Vec::new(), 0);
    for Block { line, situation, commands } in &blocks {
        if let Some(name) = situation {
            session = Session::new(Situation::named(name, document, *line));
        }
        for command in commands {
            run += 1;
            if let Err(problem) = session.run(command) {
                said.push(format!("{document}, line {}: `{}`\n{problem}", command.line, command.text));
            }
        }
    }
    assert!(run > 0, "{document}: no command");
    assert!(said.is_empty(), "{}", said.join("\n"));
}

#[test]
fn the_guide() {
    play("docs/MIGRATION.md");
}

#[test]
fn the_runbook() {
    play("docs/OPERATIONS.md");
}

/// What stands in the text as a command, or in a block that is not run, must be run somewhere in that document.
#[test]
fn no_command_is_only_mentioned() {
    for document in ["docs/MIGRATION.md", "docs/OPERATIONS.md"] {
        let text = text_of(document);
        let run: BTreeSet<Vec<String>> = blocks(document, &text)
            .iter()
            .flat_map(|block| &block.commands)
            .flat_map(|command| command.calls_of_abaco())
            .collect();
        for (line, call) in mentioned(&text) {
            // `abaco rollout` alone names all of its commands.
            let is_run = run.iter().any(|run| run.starts_with(&call));
            assert!(is_run, "{document}, line {line}: `abaco {}` is not run", call.join(" "));
        }
    }
}

/// Every command that there is has its place in the runbook.
#[test]
fn the_runbook_has_every_command() {
    let text = text_of("docs/OPERATIONS.md");
    let run: BTreeSet<Vec<String>> = blocks("docs/OPERATIONS.md", &text)
        .iter()
        .flat_map(|block| &block.commands)
        .flat_map(|command| command.calls_of_abaco())
        .collect();
    let mut known = session::subcommands(&[]);
    known.retain(|name| name != "kpis" && name != "rollout");
    let of_rollout = session::subcommands(&["rollout"]);
    assert!(known.len() >= 5 && of_rollout.len() >= 16, "{known:?} {of_rollout:?}");
    let calls = known.into_iter().map(|name| vec![name]);
    for call in calls.chain(of_rollout.into_iter().map(|name| vec!["rollout".to_owned(), name])) {
        assert!(run.contains(&call), "`abaco {}` is not in docs/OPERATIONS.md", call.join(" "));
    }
}

/// A situation that no document asks for is not tested by any.
#[test]
fn every_situation_is_used() {
    let text = text_of("docs/MIGRATION.md") + &text_of("docs/OPERATIONS.md");
    for (name, _) in Situation::NAMED {
        assert!(text.contains(&format!("<!-- situation: {name} -->")), "{name}");
    }
}
