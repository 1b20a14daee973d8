//! The formulas of all hypotheses, each once, to be folded together.

use std::collections::BTreeMap;

use abaco_kpi::{Formula, FormulaKpi, Kpi, KpiSpec, Unit};

use super::context::Context;
use super::formula::columns;
use super::hypothesis::Hypothesis;
use super::switch::{Effect, Switch};

/// A KPI that is compared, in the tape's own columns.
pub(super) struct Compared {
    pub(super) spec: KpiSpec,
    pub(super) formula: Formula,
}

/// The formulas of all hypotheses.
pub(super) struct Variants {
    /// As they are folded.
    pub(super) kpis: Vec<FormulaKpi>,
    /// By hypothesis and KPI: the place of the formula among them.
    of: Vec<Vec<usize>>,
    /// By switch and KPI: why the switch does nothing there.
    idle: Vec<Vec<Option<String>>>,
}

impl Variants {
    pub(super) fn new(
        compared: &[Compared],
        switches: &[Switch],
        hypotheses: &[Hypothesis],
        context: &mut Context<'_>,
    ) -> Self {
        let mut variants = Self { kpis: Vec::new(), of: Vec::new(), idle: Vec::new() };
        for switch in switches {
            let why = |kpi: &Compared| thrown(switch, &kpi.formula, context).err();
            variants.idle.push(compared.iter().map(why).collect());
        }
        let mut places = BTreeMap::new();
        for hypothesis in hypotheses {
            context.ties = hypothesis.printing.ties.and_then(super::printing::Ties::mode);
            let mut of = Vec::new();
            for (kpi, compared) in compared.iter().enumerate() {
                let formula = hypothesis.switches.iter().fold(compared.formula.clone(), |formula, switch| {
                    thrown(&switches[*switch], &formula, context).unwrap_or(formula)
                });
                let place = *places.entry((kpi, formula.clone())).or_insert_with(|| {
                    let id = format!("{}#{}", compared.spec.id, variants.kpis.len());
                    // The places matter to nobody: values are read before they are rounded.
                    let spec = KpiSpec::new(id, compared.spec.title.clone(), Unit::Count)
                        .rounding(compared.spec.rounding);
                    variants.kpis.push(FormulaKpi::new(spec, formula));
                    variants.kpis.len() - 1
                });
                of.push(place);
            }
            variants.of.push(of);
        }
        context.ties = None;
        variants
    }

    pub(super) fn place(&self, hypothesis: usize, kpi: usize) -> usize {
        self.of[hypothesis][kpi]
    }

    /// Why a switch that rewrites formulas does nothing to a KPI.
    pub(super) fn idle(&self, switch: usize, kpi: usize) -> Option<&str> {
        self.idle[switch][kpi].as_deref()
    }

    pub(super) fn kpis(&self) -> Vec<&dyn Kpi> {
        self.kpis.iter().map(|kpi| kpi as &dyn Kpi).collect()
    }
}

/// A formula with a switch thrown; other switches than those of formulas leave it as it is.
fn thrown(switch: &Switch, formula: &Formula, context: &Context<'_>) -> Result<Formula, String> {
    let Effect::Formula(rewrite) = switch.effect else { return Ok(formula.clone()) };
    let rewritten = rewrite(formula, context)?;
    if rewritten == *formula {
        return Err("the formula has no place for it".to_owned());
    }
    match columns(&rewritten).iter().find(|column| !context.has(column)) {
        Some(column) => Err(format!("the tape has no column `{column}`")),
        None => Ok(rewritten),
    }
}
