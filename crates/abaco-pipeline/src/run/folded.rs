//! What a run has folded, and what it is finished into.

use abaco_engine::{AsOf, AuditEvent, Baselines, EngineError, Finished, KpiResult, Status};
use abaco_kpi::Outcome;
use chrono::NaiveDate;

use super::Pipeline;
use super::cohort::{Cohorts, FoldedCohorts};
use super::part::{Described, Parts, Values};
use crate::calendar::{Point, Rollup, year_before};

/// Everything that a run's KPIs are computed from: its saved state.
#[derive(Clone)]
pub(super) struct Folded<'p> {
    pub(super) parts: Parts<'p>,
    pub(super) as_of: AsOf,
    /// The snapshots up to the chosen one.
    pub(super) snapshots: Vec<NaiveDate>,
    pub(super) series: Vec<(Rollup, Vec<Point>, Parts<'p>)>,
    pub(super) cohorts: Option<FoldedCohorts<'p>>,
}

/// The outcomes of a run.
pub(super) struct Outcomes {
    pub(super) described: Vec<Described>,
    pub(super) finished: Finished,
    pub(super) audit: Vec<AuditEvent>,
    pub(super) year_before: Option<(NaiveDate, Values)>,
    pub(super) series: Vec<(Rollup, Point, Finished)>,
    pub(super) cohorts: Cohorts,
}

impl Outcomes {
    /// The worst status of the totals, the segments and the cohorts.
    pub(super) fn worst_status(&self) -> Status {
        self.judged().map(|result| result.status).max().unwrap_or(Status::None)
    }

    /// Whether any KPI failed, also in a cohort or a period of a series.
    pub(super) fn any_failed(&self) -> bool {
        let of_periods = self.series.iter().flat_map(|(_, _, totals)| &totals.groups);
        let of_periods = of_periods.flat_map(|group| &group.kpis);
        self.judged().chain(of_periods).any(|result| matches!(result.outcome, Outcome::Failed(_)))
    }

    fn judged(&self) -> impl Iterator<Item = &KpiResult> {
        self.finished.groups.iter().chain(&self.cohorts.groups).flat_map(|group| &group.kpis)
    }
}

impl Pipeline {
    /// Finishes what was folded, and judges it against an earlier run.
    pub(super) fn finish(&self, folded: &Folded<'_>, baselines: &Baselines) -> Result<Outcomes, EngineError> {
        let Folded { parts, as_of, snapshots, series, cohorts } = folded;
        let (finished, audit) = parts.finish(*as_of, baselines)?;
        let year_before = finished.as_of.and_then(|as_of| year_before(as_of, snapshots));
        let year_before =
            year_before.map(|date| parts.values(date).map(|values| (date, values))).transpose()?;
        let mut points = Vec::new();
        for (rollup, of_rollup, parts) in series {
            for point in of_rollup {
                points.push((*rollup, point.clone(), parts.totals(point)?));
            }
        }
        let settings = &self.config.settings;
        let cohorts = match (cohorts, &settings.cohorts) {
            (Some(cohorts), Some(of)) => cohorts.finish(of, settings.fiscal_year_starts, baselines)?,
            _ => Cohorts::default(),
        };
        Ok(Outcomes { described: parts.described(), finished, audit, year_before, series: points, cohorts })
    }
}
