//! What a block of commands finds.

use std::fs;
use std::path::Path;

use crate::repository;
use crate::session::Session;

/// What a block of commands finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Situation {
    /// The folder of the guide, `examples/migration`.
    Guide,
    /// The repository's configurations and its tape.
    Checkout,
    /// Two runs of one portfolio.
    Runs,
    /// The candidate is official, and has published a run.
    Monitoring,
    /// As before, and the contract was edited.
    ContractEdited,
    /// The candidate's start hook fails.
    HookFails,
    /// The baseline's start hook fails too.
    BothHooksFail,
    /// The tape of the smoke run is another one now.
    SmokeTapeChanged,
    /// The machine went down in the middle of a cutover.
    Killed,
    /// A line of the journal is not what was written; there is a copy of the state folder from before the cutover.
    JournalDamaged,
    /// Somebody edited the pointer.
    PointerChanged,
}

impl Situation {
    /// Those that a comment can ask for.
    pub(crate) const NAMED: [(&'static str, Self); 10] = [
        ("checkout", Self::Checkout),
        ("runs", Self::Runs),
        ("monitoring", Self::Monitoring),
        ("contract edited", Self::ContractEdited),
        ("hook fails", Self::HookFails),
        ("both hooks fail", Self::BothHooksFail),
        ("smoke tape changed", Self::SmokeTapeChanged),
        ("killed", Self::Killed),
        ("journal damaged", Self::JournalDamaged),
        ("pointer changed", Self::PointerChanged),
    ];

    pub(crate) fn named(name: &str, document: &str, line: usize) -> Self {
        let found = Self::NAMED.iter().find(|(known, _)| *known == name);
        found.unwrap_or_else(|| panic!("{document}, line {line}: no situation `{name}`")).1
    }

    pub(crate) fn prepare(self, here: &Session) {
        if self == Self::Checkout {
            copy(&repository("config"), &here.path("config"), here);
            return copy(&repository("examples/data"), &here.path("examples/data"), here);
        }
        copy(&repository("examples/migration"), &here.path("."), here);
        if self == Self::Guide {
            return;
        }
        here.prepared("cp tapes/2026-01-30.csv tapes/day.csv", 0);
        let run = "abaco run tapes/day.csv --config config/v2.yml > /dev/null";
        match self {
            Self::Guide | Self::Checkout => {}
            Self::Runs => {
                let november = "abaco run tapes/history.csv --config config/v2.yml --as-of";
                here.prepared(&format!("{november} 2025-11-30 > /dev/null"), 0);
                here.prepared(&format!("{november} 2025-12-31 > /dev/null"), 0);
            }
            Self::HookFails => hooks(here, "test $1 = v1 || { echo no licence >&2; exit 3; }"),
            Self::BothHooksFail => hooks(here, "test -f ../licence || { echo no licence >&2; exit 3; }"),
            Self::Killed => hooks(here, "test -f ../up || { touch ../up; kill -9 $PPID; }"),
            _ => {}
        }
        if self == Self::Runs {
            return;
        }
        here.prepared("abaco rollout advance > /dev/null", 0);
        match self {
            Self::HookFails | Self::BothHooksFail => return,
            Self::Killed => {
                return here.prepared("abaco rollout cutover --break-glass drill > /dev/null", 137);
            }
            Self::JournalDamaged => here.prepared("mkdir copies; cp config/rollout/journal.* copies", 0),
            _ => {}
        }
        here.prepared("abaco rollout cutover --break-glass drill > /dev/null", 0);
        match self {
            Self::Monitoring => here.prepared(run, 0),
            Self::ContractEdited => {
                edit(here, "config/contract.yml", "dpd >= 30 AND", "dpd >= 45 AND");
                here.prepared(run, 0);
            }
            Self::SmokeTapeChanged => {
                here.prepared("cp tapes/history.csv tapes/history.csv.orig", 0);
                edit(here, "tapes/history.csv", ",north,0,", ",north,45,");
            }
            Self::JournalDamaged => {
                edit(here, "config/rollout/journal.ndjson", "both versions", "both_versions")
            }
            Self::PointerChanged => {
                let v1 = r#"{"active":"v1","configuration":null,"journal":1,"previous":null}"#;
                fs::write(here.path("active.json"), v1).unwrap();
            }
            _ => {}
        }
    }
}

/// Hooks that run a script of the operator's.
fn hooks(here: &Session, start: &str) {
    fs::create_dir(here.path("hooks")).unwrap();
    fs::write(here.path("hooks/start.sh"), format!("{start}\n")).unwrap();
    fs::write(here.path("hooks/stop.sh"), "true\n").unwrap();
    let path = here.path("config/rollout.yml");
    let text = fs::read_to_string(&path).unwrap();
    let hook = |name: &str| format!("  {name}: {{ arguments: [sh, ../hooks/{name}.sh, \"{{version}}\"] }}\n");
    fs::write(path, text + "procedures:\n" + &hook("stop") + &hook("start")).unwrap();
}

fn edit(here: &Session, name: &str, from: &str, to: &str) {
    let text = fs::read_to_string(here.path(name)).unwrap();
    assert!(text.contains(from), "{name}: {from}");
    fs::write(here.path(name), text.replace(from, to)).unwrap();
}

/// Copies a folder; what expires in it does so later.
fn copy(from: &Path, to: &Path, here: &Session) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.as_ref().unwrap().file_name()));
        if from.is_dir() {
            copy(&from, &to, here);
        } else {
            fs::write(to, here.now(&fs::read_to_string(from).unwrap())).unwrap();
        }
    }
}
