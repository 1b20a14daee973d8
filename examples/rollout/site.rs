//! A lender's folder: two versions of the numbers, tapes, and the policy under which one replaces the other.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use abaco_loans::rollout::{Rollout, RolloutConfig, RolloutOptions};
use chrono::NaiveDate;
use tempfile::TempDir;

use crate::tape::{month_ends, tape};
use crate::time;

/// Loans of the portfolio.
pub(crate) const LOANS: u32 = 400;

const COLUMNS: &str = "\
version: 1
currency: USD
columns:
  loan_id: { type: text, roles: [key] }
  as_of: { type: date, roles: [snapshot] }
  segment: { type: text, roles: [dimension] }
  dpd: { type: int }
  outstanding_balance: { type: 'decimal(18, 2)', source: balance, roles: [amount] }
  written_off_balance: { type: 'decimal(18, 2)', roles: [amount] }
  cash_available_usd: { type: 'decimal(18, 2)', source: cash, roles: [amount] }
  total_eligible_usd: { type: 'decimal(18, 2)', source: eligible, roles: [amount] }
";

/// What the catalogue's PAR says: from the 30th day on, and without what was written off.
const BUCKETS: &str = "\
derive:
  dpd_30_60_usd: CASE WHEN dpd >= 30 AND dpd < 60 THEN outstanding_balance ELSE 0 END
  dpd_60_90_usd: CASE WHEN dpd >= 60 AND dpd < 90 THEN outstanding_balance ELSE 0 END
  dpd_90_plus_usd: CASE WHEN dpd >= 90 THEN outstanding_balance ELSE 0 END
  total_receivable_usd: outstanding_balance
";

/// The two faults of the old system: it begins a day late, and still counts what was written off.
const FAULTY: &str = "\
derive:
  dpd_30_60_usd: CASE WHEN dpd > 30 AND dpd <= 60 THEN outstanding_balance + written_off_balance ELSE 0 END
  dpd_60_90_usd: CASE WHEN dpd > 60 AND dpd <= 90 THEN outstanding_balance + written_off_balance ELSE 0 END
  dpd_90_plus_usd: CASE WHEN dpd > 90 THEN outstanding_balance + written_off_balance ELSE 0 END
  total_receivable_usd: outstanding_balance + written_off_balance
";

/// The folder, which is gone when the example ends.
pub(crate) struct Site(TempDir);

impl Site {
    pub(crate) fn new(today: NaiveDate, people: &[(String, String)]) -> Result<Self, Box<dyn Error>> {
        let site = Self(tempfile::tempdir()?);
        fs::create_dir(site.path("config"))?;
        let settings = |contract: &str, profile: &str| {
            format!("version: 1\nportfolio: example\nprofile: {profile}\ncontract: {contract}\n")
        };
        site.write("config/v1.yml", &settings("v1-contract.yml", "legacy_v2"))?;
        site.write("config/v2.yml", &settings("v2-contract.yml", "standard"))?;
        site.write("config/v1-contract.yml", &format!("contract: v1\n{COLUMNS}{FAULTY}"))?;
        site.write("config/v2-contract.yml", &format!("contract: v2\n{COLUMNS}{BUCKETS}"))?;
        site.write("config/rollout.yml", &policy(people))?;
        site.write("history.csv", &tape(LOANS, &month_ends(today, 13)))?;
        site.write("large.csv", &tape(100_000, &[today]))?;
        Ok(site)
    }

    /// The rollout, as somebody sees it now.
    pub(crate) fn rollout(&self, actor: &str) -> Result<Rollout, Box<dyn Error>> {
        let config = RolloutConfig::load(self.path("config/rollout.yml"))?;
        let computing = RolloutOptions::computing(actor, &config, &abaco_loans::catalogue());
        let options = RolloutOptions { clock: time::now, ..computing };
        Ok(Rollout::open(config, self.path("state"), options))
    }

    /// The tape of a day.
    pub(crate) fn tape_of(&self, day: NaiveDate) -> Result<(), Box<dyn Error>> {
        self.write("day.csv", &tape(LOANS, &[day]))
    }

    /// The old system without its two faults.
    pub(crate) fn mend_the_old_system(&self) -> Result<(), Box<dyn Error>> {
        self.write("config/v1-contract.yml", &format!("contract: v1\n{COLUMNS}{BUCKETS}"))
    }

    /// Somebody edits the new contract where it runs.
    pub(crate) fn damage_the_new_contract(&self) -> Result<(), Box<dyn Error>> {
        let text = fs::read_to_string(self.path("config/v2-contract.yml"))?;
        self.write("config/v2-contract.yml", &text.replace("dpd >= 30 AND", "dpd >= 45 AND"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Box<dyn Error>> {
        Ok(fs::write(self.path(name), text)?)
    }
}

/// `rollout.yml`, with the people who approve and their public keys.
fn policy(people: &[(String, String)]) -> String {
    let people: String = people
        .iter()
        .map(|(role, key)| format!("    - {{ actor: {role}-lead, roles: [{role}], public_key: '{key}' }}\n"))
        .collect();
    format!(
        "\
version: 1
pointer: ../active.json
runs: ../runs
baseline: {{ name: v1, configuration: v1.yml, scale: 2 }}
candidate: {{ name: v2, configuration: v2.yml }}
smoke: {{ inputs: [../history.csv], as_of: latest }}
trials:
  replay: {{ inputs: [../history.csv], as_of: latest }}
  live: {{ inputs: [../day.csv], as_of: latest }}
  load: {{ inputs: [../large.csv], as_of: latest }}
  exercise: {{ concurrent_runs: 4, soak_runs: 4 }}
comparison: {{ tolerance: {{ relative: '0.001' }} }}
gate:
  replay: {{ snapshots: 12, quarter_end: true }}
  live: {{ consecutive: 5, month_end: true }}
  informative: 3
  tie_outs: 1
  performance: {{ rows: 100000, seconds: 10 }}
  concurrency: {{ runs: 4 }}
  soak: {{ runs: 4, memory_growth: '0.5' }}
  rehearsal: {{ not_older_than_days: 30, rollback_seconds: 300 }}
  checklists: [training, monitoring, contacts]
checklists:
  training: [the risk team has read the differences]
  monitoring: [alerts reach the person on duty]
  contacts: [the warehouse lender knows the day]
approvals:
  author: engineer
  operators: [operator]
  people:
{people}procedures: {{ backup: [v2-contract.yml] }}
monitor: {{ variance: {{ limit: '0.01', action: roll_back }} }}
"
    )
}
