//! At how many decimal places a total is shown: those that its columns really use.

use std::collections::BTreeMap;

use abaco_kpi::Column;

use crate::plan::Plan;
use crate::plan::measure::MeasureKind;
use crate::plan::node::{NumberId, NumberOp};

/// The largest number of decimal places seen in each column of a tape, where that is less than the type allows.
///
/// It only decides how many trailing zeros an exact component shows, never its value.
pub type ObservedScales = BTreeMap<Column, u32>;

impl Plan {
    /// Per measure, the decimal places below which no trailing zero is removed.
    pub(crate) fn floors(&self, observed: &ObservedScales) -> Vec<u32> {
        self.measures
            .iter()
            .map(|measure| match &measure.kind {
                MeasureKind::Sum(sum) => self.used_scale(sum.value, observed),
                MeasureKind::Extreme { value, .. } => self.used_scale(*value, observed),
                _ => measure.scale,
            })
            .collect()
    }

    fn used_scale(&self, id: NumberId, observed: &ObservedScales) -> u32 {
        let node = self.nodes.number(id);
        let largest =
            |ids: &[NumberId]| ids.iter().map(|id| self.used_scale(*id, observed)).max().unwrap_or(0);
        match &node.op {
            NumberOp::Column { column, .. } => {
                let seen = observed.get(&self.columns[column.0].column).copied();
                seen.map_or(node.scale, |seen| seen.min(node.scale))
            }
            // A constant was widened to meet its neighbours; it does not add places of its own beyond theirs.
            NumberOp::Constant { units, .. } => {
                abaco_kpi::Scaled::from_total(*units, node.scale).with_scale_at_least(0).scale()
            }
            NumberOp::Rescale { value, .. } | NumberOp::Negate(value) => self.used_scale(*value, observed),
            NumberOp::Add(a, b) | NumberOp::Subtract(a, b) => largest(&[*a, *b]),
            NumberOp::Multiply(a, b) => self.used_scale(*a, observed) + self.used_scale(*b, observed),
            NumberOp::Case { branches, otherwise } => {
                let values: Vec<NumberId> =
                    branches.iter().map(|(_, value)| *value).chain(*otherwise).collect();
                largest(&values)
            }
            NumberOp::Least(operands) | NumberOp::Greatest(operands) => largest(operands),
            NumberOp::DivRound { .. }
            | NumberOp::DaysBetween(..)
            | NumberOp::MonthsBetween(..)
            | NumberOp::FullMonthsBetween(..) => node.scale,
        }
    }
}
