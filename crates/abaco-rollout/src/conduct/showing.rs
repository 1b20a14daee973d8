//! The report's view of a rollout.

use chrono::NaiveTime;

use super::weighing::operators;
use crate::approval::{Expected, check};
use crate::report::{Expiring, RolloutView};
use crate::stage::Stage;
use crate::{Rollout, RolloutError};

impl Rollout {
    /// All that a report is made of, from the journal and the evidence alone.
    ///
    /// # Errors
    /// As [`verdict`](Self::verdict).
    pub fn view(&self, demo: bool) -> Result<RolloutView, RolloutError> {
        let record = self.record()?;
        let settings = &self.config().settings;
        let operators = operators(&record);
        let verdict = self.verdict_of(&record, &operators, demo)?;
        let (identity, configuration) = (self.candidate()?, self.configuration()?);
        let now = (self.options().clock)();
        let expected = Expected {
            candidate: &identity,
            configuration: &configuration,
            evidence: &verdict.evidence,
            operators: &operators,
            now,
            demo,
        };
        let valid = self.signed(&record);
        let valid = valid.iter().filter_map(|signed| check(&settings.approvals, expected, signed).ok());
        let approvals = valid
            .map(|valid| Expiring { what: format!("approval, {}", valid.label()), expires: valid.expires });
        let known = settings.comparison.known_differences.iter().map(|known| Expiring {
            what: format!("known difference of `{}`, {}: {}", known.kpi, known.owner, known.reason),
            expires: known.expires.and_time(NaiveTime::MIN).and_utc(),
        });
        Ok(RolloutView {
            baseline: settings.baseline.name.clone(),
            candidate: settings.candidate.name.clone(),
            entries: record.events(),
            evidence: self.sifted(&record).had,
            checklists: settings.checklists.clone(),
            expiring: approvals.chain(known).collect(),
            checkpoints: self.checkpoints()?,
            unwatched: match record.standing.stage {
                Stage::Monitoring => Some(self.unwatched(&record)?),
                _ => None,
            },
            next: self.status()?.next,
            identity,
            verdict,
            now,
        })
    }
}
