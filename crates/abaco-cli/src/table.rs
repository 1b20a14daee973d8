//! Text for people: aligned columns, and colours where the terminal shows them.

use abaco_loans::prelude::Status;
use anstyle::{AnsiColor, Style};

pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(crate) const STRONG: Style = Style::new().bold();

/// The colour of a status.
pub(crate) fn status_style(status: Status) -> Style {
    match status {
        Status::Ok => GOOD,
        Status::Warning => WARN,
        Status::Critical => BAD,
        Status::None => FAINT,
    }
}

/// A cell: its text, its style, and on which side it stands.
pub(crate) struct Cell {
    text: String,
    style: Style,
    right: bool,
}

impl Cell {
    pub(crate) fn left(text: impl Into<String>) -> Self {
        Self { text: text.into(), style: Style::new(), right: false }
    }

    pub(crate) fn right(text: impl Into<String>) -> Self {
        Self { text: text.into(), style: Style::new(), right: true }
    }

    pub(crate) fn styled(mut self, style: Style) -> Self {
        self.style = style;
        self
    }
}

/// The text with its control characters escaped: what a tape says must not move a terminal's cursor.
pub(crate) fn on_one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

/// The rows as lines, each column as wide as its widest cell; nothing trails the last cell.
pub(crate) fn aligned(rows: &[Vec<Cell>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.text.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        for (index, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let padding = " ".repeat(width.saturating_sub(cell.text.chars().count()));
            let (before, after) = if cell.right { (padding.as_str(), "") } else { ("", padding.as_str()) };
            let last = index + 1 == row.len();
            let after = if last { "" } else { after };
            let gap = if last { "" } else { "  " };
            let (on, off) = (cell.style.render(), cell.style.render_reset());
            out.push_str(&format!("{before}{on}{}{off}{after}{gap}", cell.text));
        }
        out.push('\n');
    }
    out
}
