//! Predicates on one row, with three truth values: unknown is `None`.

use abaco_kpi::{Comparison, Predicate, RowExpr};

use super::gone::Malformed;
use super::row::{Row, constant};
use super::value::Value;

impl Row<'_> {
    pub(super) fn truth(&self, predicate: &Predicate) -> Result<Option<bool>, Malformed> {
        match predicate {
            Predicate::Compare { left, comparison, right } => self.compare(left, *comparison, right),
            Predicate::Between { value, low, high } => Ok(conjunction([
                self.compare(value, Comparison::GreaterOrEqual, low)?,
                self.compare(value, Comparison::LessOrEqual, high)?,
            ])),
            Predicate::In { value, list } => {
                let Some(value) = self.value(value)? else { return Ok(None) };
                let equal = |literal| Ok(value.compare(&constant(literal))?.is_eq());
                let found = list.iter().map(equal).collect::<Result<Vec<bool>, Malformed>>()?;
                Ok(Some(found.contains(&true)))
            }
            Predicate::IsNull(value) => Ok(Some(self.value(value)?.is_none())),
            Predicate::IsTrue(value) => self.value(value)?.map(Value::boolean).transpose(),
            Predicate::And(parts) => Ok(conjunction(self.truths(parts)?)),
            // Some part is true unless all are not.
            Predicate::Or(parts) => Ok(opposite(conjunction(self.truths(parts)?.into_iter().map(opposite)))),
            Predicate::Not(inner) => Ok(opposite(self.truth(inner)?)),
        }
    }

    fn truths(&self, parts: &[Predicate]) -> Result<Vec<Option<bool>>, Malformed> {
        parts.iter().map(|part| self.truth(part)).collect()
    }

    fn compare(
        &self,
        left: &RowExpr,
        comparison: Comparison,
        right: &RowExpr,
    ) -> Result<Option<bool>, Malformed> {
        let (Some(left), Some(right)) = (self.value(left)?, self.value(right)?) else { return Ok(None) };
        let order = left.compare(&right)?;
        Ok(Some(match comparison {
            Comparison::Equal => order.is_eq(),
            Comparison::NotEqual => order.is_ne(),
            Comparison::Less => order.is_lt(),
            Comparison::LessOrEqual => order.is_le(),
            Comparison::Greater => order.is_gt(),
            Comparison::GreaterOrEqual => order.is_ge(),
        }))
    }
}

/// False if any is false, else unknown if any is unknown, else true.
fn conjunction(parts: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    let parts: Vec<Option<bool>> = parts.into_iter().collect();
    if parts.contains(&Some(false)) {
        Some(false)
    } else if parts.contains(&None) {
        None
    } else {
        Some(true)
    }
}

fn opposite(truth: Option<bool>) -> Option<bool> {
    truth.map(|truth| !truth)
}
