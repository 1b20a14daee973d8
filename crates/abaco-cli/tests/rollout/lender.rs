//! A lender's folder with a dated tape, a policy and the keys of five people; everything is done by the command.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use abaco_loans::pipeline::signature::Signer;
use serde_json::Value;
use tempfile::TempDir;

use super::repository;

pub(crate) const ROLES: [&str; 5] = ["engineering", "operations", "business", "security", "data_governance"];

/// The last days of thirteen months.
const MONTH_ENDS: [&str; 13] = [
    "2024-12-31",
    "2025-01-31",
    "2025-02-28",
    "2025-03-31",
    "2025-04-30",
    "2025-05-31",
    "2025-06-30",
    "2025-07-31",
    "2025-08-31",
    "2025-09-30",
    "2025-10-31",
    "2025-11-30",
    "2025-12-31",
];

/// What `abaco` answered.
pub(crate) struct Answer {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) struct Lender(TempDir);

impl Lender {
    /// The repository's configurations, a tape of thirteen month ends, and one of the last of them as the tape of the day.
    pub(crate) fn new() -> Self {
        let lender = Self(repository());
        lender.write("history.csv", &tape(&MONTH_ENDS));
        lender.write("day.csv", &tape(&MONTH_ENDS[12..]));
        lender.write("config/rollout.yml", &policy());
        lender
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn replace(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{text}");
        self.write(name, &text.replace(from, to));
    }

    /// `abaco` with these arguments, and the key of each role in a variable of its name.
    pub(crate) fn abaco(&self, args: &[&str]) -> Answer {
        let mut command = Command::new(env!("CARGO_BIN_EXE_abaco"));
        command.args(args).current_dir(self.0.path());
        for (role, number) in ROLES.iter().zip(1..) {
            command.env(format!("KEY_{role}"), seed(number));
        }
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Answer {
            status: output.status.code().unwrap(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    pub(crate) fn rollout(&self, args: &[&str]) -> Answer {
        self.abaco(&[&["rollout", "--actor", "omar"], args].concat())
    }

    /// It ends with 0 and says nothing on standard error.
    #[track_caller]
    pub(crate) fn done(&self, args: &[&str]) -> String {
        let Answer { status, stdout, stderr } = self.rollout(args);
        assert_eq!((status, stderr.as_str()), (0, ""), "{args:?}: {stdout}");
        stdout
    }

    #[track_caller]
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.done(&[args, &["--format", "json"]].concat())).unwrap()
    }

    /// It ends with 5, and says why.
    #[track_caller]
    pub(crate) fn refused(&self, args: &[&str]) -> String {
        let Answer { status, stdout, stderr } = self.rollout(args);
        assert_eq!((status, stdout.as_str()), (5, ""), "{args:?}: {stderr}");
        stderr
    }

    /// The state of a criterion of the gate.
    #[track_caller]
    pub(crate) fn criterion(&self, name: &str) -> (String, String) {
        let status = self.json(&["status"]);
        let criteria = status["gate"]["criteria"].as_array().unwrap();
        let found = criteria.iter().find(|criterion| criterion["name"] == name).unwrap();
        let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
        (text("state"), text("missing"))
    }

    pub(crate) fn active(&self) -> String {
        let pointer: Value = serde_json::from_str(&self.read("active.json")).unwrap();
        pointer["active"].as_str().unwrap().to_owned()
    }

    /// All that the gate asks for but for the approvals.
    pub(crate) fn evidence(&self) {
        self.done(&["advance"]);
        for command in ["replay", "compare", "exercise", "rehearse"] {
            self.done(&[command]);
        }
        let figure =
            ["--figure", "SUM(total_receivable_usd)", "--source", "general ledger", "--expected", "18790.00"];
        self.done(&[&["tie-out"][..], &figure].concat());
        for list in ["training", "monitoring", "contacts"] {
            self.done(&["check", "--list", list, "--item", "done", "--note", "minutes"]);
        }
    }

    pub(crate) fn approve(&self, actor: &str, role: &str, key: &str, expires: &str) -> Answer {
        let key = format!("KEY_{key}");
        let args =
            ["rollout", "approve", "--actor", actor, "--role", role, "--key-env", &key, "--expires", expires];
        self.abaco(&args)
    }

    #[track_caller]
    pub(crate) fn approved_by_all(&self) {
        for role in ROLES {
            let answer = self.approve(&format!("{role}-lead"), role, role, "2999-01-01T00:00:00Z");
            assert_eq!((answer.status, answer.stderr.as_str()), (0, ""), "{}", answer.stdout);
        }
    }

    /// Until the candidate is official.
    pub(crate) fn monitoring(&self) {
        self.evidence();
        self.approved_by_all();
        self.done(&["advance"]);
        self.done(&["cutover"]);
        assert_eq!(self.active(), "v2");
    }
}

fn seed(number: u8) -> String {
    format!("{number:02x}").repeat(32)
}

/// Ten slices a month, none of which is another's. December 2025 sums to 18790.00.
fn tape(dates: &[&str]) -> String {
    let mut text =
        "loan_id,measurement_date,dpd_30_60_usd,dpd_60_90_usd,dpd_90_plus_usd,total_receivable_usd\n"
            .to_owned();
    for date in dates {
        let month = MONTH_ENDS.iter().position(|known| known == date).unwrap();
        for loan in 0..10 {
            let late = 10 + loan + month;
            let receivable = 1750 + 10 * loan + 7 * month;
            writeln!(text, "L{loan},{date},{late}.25,{loan}.50,{month}.75,{receivable}.00").unwrap();
        }
    }
    text
}

fn policy() -> String {
    let people: String = ROLES
        .iter()
        .zip(1..)
        .map(|(role, number)| {
            let key = Signer::parse(&seed(number), "test").unwrap().public_key().to_string();
            format!("    - {{actor: {role}-lead, roles: [{role}], public_key: '{key}'}}\n")
        })
        .collect();
    format!(
        "\
version: 1
pointer: ../active.json
runs: ../runs
baseline: {{name: v1, configuration: legacy_v2.yml, scale: 2}}
candidate: {{name: v2, configuration: pipeline.yml}}
smoke: {{inputs: [../history.csv], as_of: latest}}
trials:
  replay: {{inputs: [../history.csv]}}
  live: {{inputs: [../day.csv], as_of: latest}}
  load: {{inputs: [../history.csv], as_of: latest}}
comparison: {{scope: {{kpis: [par_30, par_90]}}}}
gate:
  coverage: '0.5'
  live: {{consecutive: 1}}
  performance: {{rows: 130, seconds: 60}}
  concurrency: {{runs: 2}}
  soak: {{runs: 2, memory_growth: '9'}}
checklists:
  training: [done]
  monitoring: [done]
  contacts: [done]
  decommission: [the old schedule is off]
approvals:
  author: ana
  operators: [omar]
  people:
{people}monitor: {{checkpoints: [0], nulls: {{limit: '1'}}}}
"
    )
}
