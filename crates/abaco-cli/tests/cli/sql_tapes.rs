//! Tapes with every canonical column, the same in each run.

use abaco_loans::kpi::{CANONICAL_COLUMNS, Column, ColumnSpec, ColumnType, Scaled};
use abaco_testkit::{Cell, CellType, Tape};

/// Knuth's generator; the seed is fixed, so that a difference shows again.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn pick<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len() as u64) as usize]
    }
}

fn columns() -> Vec<(Column, CellType)> {
    CANONICAL_COLUMNS.iter().map(|spec| (Column::new(spec.name), spec.column_type.into())).collect()
}

/// Nulls, zeros and negative amounts included; few keys, one of them NULL.
pub(crate) fn random_tape(rows: usize) -> Tape {
    let mut numbers = Numbers(20_251_231);
    let rows = (0..rows).map(|_| CANONICAL_COLUMNS.iter().map(|spec| cell(&mut numbers, spec)).collect());
    Tape::from_rows(columns(), rows.collect::<Vec<_>>()).unwrap()
}

pub(crate) fn tape_of_nulls(rows: usize) -> Tape {
    Tape::from_rows(columns(), vec![vec![Cell::Null; CANONICAL_COLUMNS.len()]; rows]).unwrap()
}

fn cell(numbers: &mut Numbers, spec: &ColumnSpec) -> Cell {
    if numbers.below(12) == 0 {
        return Cell::Null;
    }
    match spec.column_type {
        ColumnType::Text if spec.name.ends_with("_id") => {
            Cell::Text(format!("K{}", numbers.below(if spec.name == "loan_id" { 1_000 } else { 30 })))
        }
        ColumnType::Text => {
            Cell::Text(numbers.pick(&["sme", "SME", "retail", "o'neil", "", "état"]).to_owned())
        }
        ColumnType::Date => date(numbers),
        ColumnType::Boolean => Cell::Boolean(numbers.below(3) == 0),
        ColumnType::Integer => Cell::Integer(match numbers.below(4) {
            0 => 0,
            1 => [1, 7, 29, 30, 31, 60, 89, 90, 180][numbers.below(9) as usize],
            _ => numbers.below(400) as i64 - 20,
        }),
        ColumnType::Rate | ColumnType::Share => Cell::Number(i128::from(numbers.below(1_500_000)) - 100_000),
        _ => Cell::Number(match numbers.below(8) {
            0 => 0,
            1 => -i128::from(numbers.below(50_000)),
            2 => i128::from(numbers.below(1 << 31)) * 103,
            _ => i128::from(numbers.below(10_000_000)),
        }),
    }
}

/// Any day of twelve years; the last ones of a month are met often.
fn date(numbers: &mut Numbers) -> Cell {
    let (year, month, day) = (2019 + numbers.below(12), 1 + numbers.below(12), 1 + numbers.below(31));
    let parsed =
        (28..=day.max(28)).rev().map(|last| format!("{year}-{month:02}-{:02}", day.min(last)).parse());
    Cell::Date(parsed.flatten().next().unwrap())
}

/// The type of a table's column.
pub(crate) fn sql_type(cell_type: CellType) -> String {
    match cell_type {
        CellType::Number { scale: 2 } => "DECIMAL(18, 2)".to_owned(),
        CellType::Number { scale } => format!("DECIMAL(12, {scale})"),
        CellType::Integer => "INTEGER".to_owned(),
        CellType::Text => "VARCHAR".to_owned(),
        CellType::Date => "DATE".to_owned(),
        CellType::Boolean => "BOOLEAN".to_owned(),
    }
}

/// The rows as texts that a database reads.
pub(crate) fn cells_as_texts(tape: &Tape) -> Vec<Vec<Option<String>>> {
    let text = |(cell, (_, cell_type)): (&Cell, &(Column, CellType))| match (cell, cell_type) {
        (Cell::Null, _) => None,
        (Cell::Number(units), CellType::Number { scale }) => {
            Some(Scaled::new(*units, u32::from(*scale)).to_string())
        }
        (Cell::Number(units), _) => Some(units.to_string()),
        (Cell::Integer(value), _) => Some(value.to_string()),
        (Cell::Text(text), _) => Some(text.clone()),
        (Cell::Date(date), _) => Some(date.to_string()),
        (Cell::Boolean(value), _) => Some(value.to_string()),
    };
    tape.rows().iter().map(|row| row.iter().zip(tape.columns()).map(text).collect()).collect()
}
