//! What the configuration knows of a KPI beyond the result: its family, its basis, whether anybody judges it.

use std::collections::{HashMap, HashSet};

use abaco_loans::kpi::Basis;
use abaco_loans::pipeline::Pipeline;

pub(super) struct Known<'p> {
    currency: &'p str,
    kpis: HashMap<&'p str, (&'p str, Basis)>,
    headlines: HashSet<&'p str>,
}

impl<'p> Known<'p> {
    pub(super) fn new(pipeline: &'p Pipeline, currency: &'p str) -> Self {
        let engine = pipeline.engine();
        let of =
            |kpi: &'p dyn abaco_loans::kpi::Kpi| (&*kpi.spec().id, (&*kpi.spec().family, Basis::of_kpi(kpi)));
        let judged = engine
            .definitions()
            .iter()
            .filter(|kpi| !kpi.expectation.thresholds.is_empty() || !kpi.expectation.covenants.is_empty())
            .map(|kpi| kpi.id.as_str());
        let required = pipeline.config().settings.required.iter().map(String::as_str);
        Self { currency, kpis: engine.kpis().map(of).collect(), headlines: judged.chain(required).collect() }
    }

    /// The family of a KPI.
    pub(super) fn family(&self, id: &str) -> &'p str {
        match self.kpis.get(id) {
            Some((family, _)) if !family.is_empty() => family,
            _ => "other",
        }
    }

    /// Whether a KPI is one of cohorts.
    pub(super) fn is_of_cohorts(&self, id: &str) -> bool {
        self.kpis.get(id).is_some_and(|(_, basis)| *basis == Basis::Cohort)
    }

    /// Whether a KPI is required, or has a threshold or a covenant.
    pub(super) fn is_headline(&self, id: &str) -> bool {
        self.headlines.contains(id)
    }

    /// A unit as short as a person writes it.
    pub(super) fn unit(&self, unit: &'p str) -> &'p str {
        match unit {
            "percent" => "%",
            "currency" => self.currency,
            _ => unit,
        }
    }
}
