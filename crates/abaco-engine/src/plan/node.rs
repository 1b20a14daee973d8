//! The nodes of a plan: every distinct row expression and predicate once, over physical columns.

use abaco_kpi::Comparison;
use arrow::datatypes::i256;
use hashbrown::HashMap;

/// Index of a tape column that the plan reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ColumnId(pub(crate) usize);

/// Index of a numeric node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct NumberId(pub(crate) usize);

/// Index of a truth node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TruthId(pub(crate) usize);

/// The integer width in which a node is computed. Its digit bound proves that nothing overflows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Width {
    W64,
    W128,
    W256,
}

impl Width {
    pub(crate) fn holding(digits: u32) -> Self {
        match digits {
            0..=18 => Self::W64,
            19..=38 => Self::W128,
            _ => Self::W256,
        }
    }
}

/// A numeric node with what is known of all its values.
#[derive(Clone, Debug)]
pub(crate) struct Number {
    pub(crate) op: NumberOp,
    /// Decimal places.
    pub(crate) scale: u32,
    /// Every value is below ten to the power of this.
    pub(crate) digits: u32,
    /// Width of the computed values; a column's physical width.
    pub(crate) width: Width,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum NumberOp {
    Column {
        column: ColumnId,
        checked: bool,
    },
    Constant {
        units: i256,
        scale: u32,
    },
    Rescale {
        value: NumberId,
        power: u32,
    },
    Negate(NumberId),
    Add(NumberId, NumberId),
    Subtract(NumberId, NumberId),
    Multiply(NumberId, NumberId),
    Case {
        branches: Vec<(TruthId, NumberId)>,
        otherwise: Option<NumberId>,
    },
    Least(Vec<NumberId>),
    Greatest(Vec<NumberId>),
    /// `dividend * 10^up / (divisor * 10^down)`, rounded half away from zero to an integer.
    DivRound {
        dividend: NumberId,
        divisor: NumberId,
        up: u32,
        down: u32,
        scale: u32,
    },
    DaysBetween(Date, Date),
    MonthsBetween(Date, Date),
    FullMonthsBetween(Date, Date),
}

/// A date operand: days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Date {
    Column(ColumnId),
    /// So many days after the column's.
    Shifted(ColumnId, i32),
    Constant(i32),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Truth {
    Constant(bool),
    Column(ColumnId),
    CompareNumbers { left: NumberId, test: Comparison, right: NumberId },
    CompareDates { left: Date, test: Comparison, right: Date },
    CompareText { column: ColumnId, test: Comparison, constant: String },
    CompareTexts { left: ColumnId, test: Comparison, right: ColumnId },
    NumberIsNull(NumberId),
    ColumnIsNull(ColumnId),
    And(Vec<TruthId>),
    Or(Vec<TruthId>),
    Not(TruthId),
}

/// The interned nodes. Children always come before their parents.
#[derive(Debug, Default)]
pub(crate) struct Nodes {
    pub(crate) numbers: Vec<Number>,
    pub(crate) truths: Vec<Truth>,
    number_index: HashMap<NumberOp, NumberId>,
    truth_index: HashMap<Truth, TruthId>,
}

impl Nodes {
    pub(crate) fn number(&self, id: NumberId) -> &Number {
        &self.numbers[id.0]
    }

    pub(crate) fn truth(&self, id: TruthId) -> &Truth {
        &self.truths[id.0]
    }

    /// Calls `visit` with each numeric node that `id` is computed from, itself included.
    pub(crate) fn visit_number(&self, id: NumberId, visit: &mut dyn FnMut(&Number)) {
        let node = self.number(id);
        visit(node);
        match &node.op {
            NumberOp::Column { .. }
            | NumberOp::Constant { .. }
            | NumberOp::DaysBetween(..)
            | NumberOp::MonthsBetween(..)
            | NumberOp::FullMonthsBetween(..) => {}
            NumberOp::Rescale { value, .. } | NumberOp::Negate(value) => self.visit_number(*value, visit),
            NumberOp::Add(a, b)
            | NumberOp::Subtract(a, b)
            | NumberOp::Multiply(a, b)
            | NumberOp::DivRound { dividend: a, divisor: b, .. } => {
                self.visit_number(*a, visit);
                self.visit_number(*b, visit);
            }
            NumberOp::Case { branches, otherwise } => {
                for (when, then) in branches {
                    self.visit_truth(*when, visit);
                    self.visit_number(*then, visit);
                }
                if let Some(otherwise) = otherwise {
                    self.visit_number(*otherwise, visit);
                }
            }
            NumberOp::Least(all) | NumberOp::Greatest(all) => {
                all.iter().for_each(|id| self.visit_number(*id, visit));
            }
        }
    }

    /// Calls `visit` with each numeric node that the condition `id` is computed from.
    pub(crate) fn visit_truth(&self, id: TruthId, visit: &mut dyn FnMut(&Number)) {
        match self.truth(id) {
            Truth::CompareNumbers { left, right, .. } => {
                self.visit_number(*left, visit);
                self.visit_number(*right, visit);
            }
            Truth::NumberIsNull(number) => self.visit_number(*number, visit),
            Truth::And(parts) | Truth::Or(parts) => parts.iter().for_each(|id| self.visit_truth(*id, visit)),
            Truth::Not(inner) => self.visit_truth(*inner, visit),
            _ => {}
        }
    }

    pub(crate) fn intern_number(&mut self, op: NumberOp, scale: u32, digits: u32, width: Width) -> NumberId {
        if let Some(id) = self.number_index.get(&op) {
            return *id;
        }
        let id = NumberId(self.numbers.len());
        self.number_index.insert(op.clone(), id);
        self.numbers.push(Number { op, scale, digits, width });
        id
    }

    pub(crate) fn intern_truth(&mut self, truth: Truth) -> TruthId {
        if let Some(id) = self.truth_index.get(&truth) {
            return *id;
        }
        let id = TruthId(self.truths.len());
        self.truth_index.insert(truth.clone(), id);
        self.truths.push(truth);
        id
    }
}
