//! A tape as text, for the messages of failed tests.

use std::fmt;

use super::Tape;

impl fmt::Display for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = self.columns.iter().map(|(column, _)| column.name().to_owned()).collect();
        let mut lines: Vec<Vec<String>> = vec![head];
        for row in &self.rows {
            lines.push(self.columns.iter().zip(row).map(|((_, kind), cell)| cell.shown(*kind)).collect());
        }
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        for line in &lines {
            let cells: Vec<String> =
                line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            writeln!(f, "{}", cells.join(" | ").trim_end())?;
        }
        Ok(())
    }
}
