//! Decimal expressions that know their scale.

use std::borrow::Cow;

use abaco_kpi::{Decimal, RowOperator};

use super::{MAX_SCALE, Refusal, bounded};

/// An exact number as SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Number {
    text: String,
    scale: u32,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// A constant, whose type the engine chooses.
    Literal,
    /// `DECIMAL(38, scale)`, and needs no parentheses.
    Atom,
    /// `DECIMAL(38, scale)`.
    Compound,
}

impl Number {
    pub(super) fn literal(value: Decimal) -> Self {
        let value = value.normalize();
        // `- -5` without a space begins a comment.
        let text = if value.is_sign_negative() { format!("({value})") } else { value.to_string() };
        Self { text, scale: value.scale(), form: Form::Literal }
    }

    /// A decimal that needs no parentheses: a name, a call, a `CASE`.
    pub(super) fn atom(text: impl Into<String>, scale: u32) -> Result<Self, Refusal> {
        Ok(Self { text: bounded(text.into())?, scale: checked(scale)?, form: Form::Atom })
    }

    fn compound(text: String, scale: u32) -> Result<Self, Refusal> {
        Ok(Self { text: bounded(text)?, scale: checked(scale)?, form: Form::Compound })
    }

    /// An integer expression of another type as a decimal.
    pub(super) fn integer(text: &str) -> Result<Self, Refusal> {
        Self::atom(format!("CAST({text} AS DECIMAL(38, 0))"), 0)
    }

    pub(super) fn scale(&self) -> u32 {
        self.scale
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is a constant that is not zero.
    pub(super) fn is_never_zero(&self) -> bool {
        self.is_literal() && self.text.bytes().any(|byte| (b'1'..=b'9').contains(&byte))
    }

    pub(super) fn is_literal(&self) -> bool {
        self.form == Form::Literal
    }

    /// The text as an operand.
    pub(super) fn operand(&self) -> Cow<'_, str> {
        match self.form {
            Form::Literal | Form::Atom => Cow::Borrowed(&self.text),
            Form::Compound => Cow::Owned(format!("({})", self.text)),
        }
    }

    /// The same value as `DECIMAL(38, scale)`.
    pub(super) fn at(&self, scale: u32) -> Result<Self, Refusal> {
        if self.scale == scale && !self.is_literal() {
            return Ok(self.clone());
        }
        Self::atom(format!("CAST({} AS DECIMAL(38, {scale}))", self.text), scale)
    }

    /// The same value at `scale` where it meets decimals; a constant with fewer places is exact as it is.
    pub(super) fn meeting(&self, scale: u32) -> Result<Self, Refusal> {
        if self.is_literal() { Ok(self.clone()) } else { self.at(scale) }
    }

    pub(super) fn negated(&self) -> Result<Self, Refusal> {
        let value = self.at(self.scale)?;
        Self::compound(format!("-{}", value.operand()), self.scale)
    }

    pub(super) fn arithmetic(&self, operator: RowOperator, other: &Self) -> Result<Self, Refusal> {
        let (left, right, scale) = match operator {
            RowOperator::Multiply => (self.clone(), other.clone(), self.scale + other.scale),
            RowOperator::Add | RowOperator::Subtract => {
                let scale = self.scale.max(other.scale);
                (self.meeting(scale)?, other.meeting(scale)?, scale)
            }
        };
        // Two constants would be computed in whatever type the engine gives them.
        let left = if left.is_literal() && right.is_literal() { left.at(left.scale)? } else { left };
        Self::compound(format!("{} {operator} {}", left.operand(), right.operand()), scale)
    }
}

/// All numbers at their largest scale.
pub(super) fn aligned(numbers: &[Number]) -> Result<(Vec<Number>, u32), Refusal> {
    let scale = numbers.iter().map(Number::scale).max().unwrap_or(0);
    let aligned = numbers.iter().map(|number| number.at(scale)).collect::<Result<_, _>>()?;
    Ok((aligned, scale))
}

fn checked(scale: u32) -> Result<u32, Refusal> {
    if scale > MAX_SCALE { Err(Refusal::Scale(scale)) } else { Ok(scale) }
}

/// `name(operands)`, but NULL if an operand is, which SQL's `LEAST` and `GREATEST` are not.
///
/// `nullable` are the operands that are not constants.
pub(super) fn guarded(name: &str, operands: &[String], nullable: &[String]) -> Result<String, Refusal> {
    let call = match operands {
        [only] => only.clone(),
        several => format!("{name}({})", several.join(", ")),
    };
    if nullable.is_empty() || operands.len() == 1 {
        return bounded(call);
    }
    let any_null: Vec<String> = nullable.iter().map(|operand| format!("{operand} IS NULL")).collect();
    bounded(format!("CASE WHEN {} THEN NULL ELSE {call} END", any_null.join(" OR ")))
}

/// [`guarded`] over exact numbers.
pub(super) fn extreme(name: &str, numbers: &[Number]) -> Result<Number, Refusal> {
    let (wide, scale) = aligned(numbers)?;
    let operands: Vec<String> = wide.iter().map(|number| number.text().to_owned()).collect();
    let nullable: Vec<String> = numbers
        .iter()
        .filter(|number| !number.is_literal())
        .map(|number| number.operand().into_owned())
        .collect();
    Number::compound(guarded(name, &operands, &nullable)?, scale)
}

/// `times` by ten to the power of `exponent`, as a constant.
pub(super) fn ten_to(exponent: u32, times: u8) -> String {
    format!("{times}{}", "0".repeat(exponent as usize))
}

/// One divided by ten to the power of `exponent`, as a constant.
pub(super) fn tenth(exponent: u32) -> String {
    match exponent {
        0 => "1".to_owned(),
        places => format!("0.{}1", "0".repeat(places as usize - 1)),
    }
}
