//! A refused cell, from the short code of the inner loop to the error that people read.

use std::path::Path;

use super::date_text::DateFault;
use super::decimal_text::DecimalFault;
use crate::contract::{Bound, ColumnType};
use crate::{CellError, CellProblem, PipelineError};

/// What an error prints for a value of a tape with personal data: in a row that is shifted, any column may hold it.
pub(crate) const MASK: &str = "<masked>";
/// The most characters of a cell that an error prints.
const MAX_SHOWN: usize = 64;

/// Why a cell was refused; small, because the inner loop returns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Mismatch,
    Overflow,
    ExcessDigits,
    AmbiguousDate,
    Null,
}

/// The fault that tells why a row is refused: the first, but one for which the contract drops the row only where there is no
/// other. What else is wrong with such a row must not pass because of its place.
#[derive(Debug, Default)]
pub(crate) struct Telling(Option<(bool, usize, Fault)>);

impl Telling {
    /// Takes note of a fault of a column, of which this is the number.
    pub(crate) fn note(&mut self, drops: bool, column: usize, fault: Fault) {
        if self.0.is_none_or(|(before, ..)| before && !drops) {
            self.0 = Some((drops, column, fault));
        }
    }

    /// The column and its fault, if there is any.
    pub(crate) fn told(self) -> Option<(usize, Fault)> {
        self.0.map(|(_, column, fault)| (column, fault))
    }
}

impl From<DecimalFault> for Fault {
    fn from(fault: DecimalFault) -> Self {
        match fault {
            DecimalFault::NotANumber => Self::Mismatch,
            DecimalFault::Overflow => Self::Overflow,
            DecimalFault::ExcessDigits => Self::ExcessDigits,
        }
    }
}

impl From<DateFault> for Fault {
    fn from(fault: DateFault) -> Self {
        match fault {
            DateFault::NotADate => Self::Mismatch,
            DateFault::Ambiguous => Self::AmbiguousDate,
        }
    }
}

impl Fault {
    /// The full error; `cell` is the cell as it is in the file.
    pub(crate) fn at(
        self,
        path: &Path,
        row: u64,
        line: Option<u64>,
        bound: &Bound,
        cell: &str,
    ) -> PipelineError {
        PipelineError::Cell(Box::new(CellError {
            path: path.to_path_buf(),
            row,
            line,
            column: bound.label(),
            problem: self.problem(bound, cell),
        }))
    }

    fn problem(self, bound: &Bound, cell: &str) -> CellProblem {
        let expected = bound.column.column_type;
        let found = if bound.beside_pii { MASK.to_owned() } else { shown(cell) };
        match (self, expected) {
            (Self::Overflow, _) => CellProblem::Overflow { expected, found },
            (Self::ExcessDigits, ColumnType::Decimal { scale, .. }) => {
                CellProblem::ExcessDigits { expected, found, scale }
            }
            (Self::AmbiguousDate, _) => CellProblem::AmbiguousDate { expected, found },
            (Self::Null, _) => CellProblem::Null { expected },
            // A number with a fraction is simply not an int.
            (Self::Mismatch | Self::ExcessDigits, _) => CellProblem::Mismatch { expected, found },
        }
    }
}

/// The beginning of a cell, on one line: a tape must not be able to write into a log.
pub(crate) fn shown(cell: &str) -> String {
    let cell = cell.trim();
    let mut text = String::new();
    for (index, character) in cell.chars().enumerate() {
        if index == MAX_SHOWN {
            text.push('…');
            break;
        }
        if character.is_control() || character == '`' {
            text.extend(character.escape_unicode());
        } else {
            text.push(character);
        }
    }
    text
}
