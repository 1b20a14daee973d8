//! Predicates as SQL; its three truth values are ours.

use abaco_kpi::{Comparison, Literal, Predicate, RowExpr};

use super::columns::Types;
use super::row::{Operand, literal, operand};
use super::{Refusal, bounded};

pub(super) fn predicate(predicate: &Predicate, types: &Types<'_>) -> Result<String, Refusal> {
    bounded(match predicate {
        Predicate::Compare { left, comparison, right } => compare(left, *comparison, right, types)?,
        Predicate::Between { value, low, high } => {
            let above = compare(value, Comparison::GreaterOrEqual, low, types)?;
            let below = compare(value, Comparison::LessOrEqual, high, types)?;
            format!("{above} AND {below}")
        }
        Predicate::In { value, list } => within(value, list, types)?,
        Predicate::IsNull(value) => format!("{} IS NULL", operand(value, types)?.text()),
        Predicate::IsTrue(value) => match operand(value, types)? {
            Operand::Truth(text) => text,
            other => {
                return Err(Refusal::other(format!(
                    "{value}: expected a truth value, found {}",
                    other.kind()
                )));
            }
        },
        Predicate::And(parts) => joined(parts, " AND ", types)?,
        Predicate::Or(parts) => joined(parts, " OR ", types)?,
        Predicate::Not(inner) => format!("NOT ({})", self::predicate(inner, types)?),
    })
}

fn joined(parts: &[Predicate], word: &str, types: &Types<'_>) -> Result<String, Refusal> {
    let parts = parts.iter().map(|part| {
        let text = predicate(part, types)?;
        Ok(match part {
            Predicate::Between { .. } | Predicate::And(_) | Predicate::Or(_) => format!("({text})"),
            Predicate::Compare { .. }
            | Predicate::In { .. }
            | Predicate::IsNull(_)
            | Predicate::IsTrue(_)
            | Predicate::Not(_) => text,
        })
    });
    Ok(parts.collect::<Result<Vec<_>, Refusal>>()?.join(word))
}

fn compare(
    left: &RowExpr,
    comparison: Comparison,
    right: &RowExpr,
    types: &Types<'_>,
) -> Result<String, Refusal> {
    let equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
    let (left, right) = match (operand(left, types)?, operand(right, types)?) {
        (Operand::Number(a), Operand::Number(b)) => {
            let scale = a.scale().max(b.scale());
            let (a, b) = (a.meeting(scale)?, b.meeting(scale)?);
            (a.operand().into_owned(), b.operand().into_owned())
        }
        (Operand::Date(a), Operand::Date(b)) => (a, b),
        // Ours is the order of the bytes, whatever the database's locale.
        (Operand::Text(a), Operand::Text(b)) if !equality => (format!("{a} COLLATE \"C\""), b),
        (Operand::Text(a), Operand::Text(b)) => (a, b),
        (Operand::Truth(a), Operand::Truth(b)) if equality => (a, b),
        (a, b) => {
            return Err(Refusal::other(format!(
                "{left} {comparison} {right}: {} cannot be compared with {}",
                a.kind(),
                b.kind()
            )));
        }
    };
    Ok(format!("{left} {comparison} {right}"))
}

fn within(value: &RowExpr, list: &[Literal], types: &Types<'_>) -> Result<String, Refusal> {
    let mut tested = operand(value, types)?;
    let list = list.iter().map(literal).collect::<Result<Vec<_>, _>>()?;
    for item in &list {
        tested = match (tested, item) {
            (Operand::Number(number), Operand::Number(item)) => {
                Operand::Number(number.meeting(number.scale().max(item.scale()))?)
            }
            (tested, item) if tested.kind() == item.kind() => tested,
            (tested, item) => {
                return Err(Refusal::other(format!(
                    "{value}: {} cannot be compared with {}",
                    tested.kind(),
                    item.kind()
                )));
            }
        };
    }
    let list: Vec<String> = list.iter().map(Operand::text).collect();
    Ok(format!("{} IN ({})", tested.text(), list.join(", ")))
}
