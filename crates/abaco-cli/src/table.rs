//! Text for people: aligned columns, and colours where the terminal shows them.

use anstyle::{AnsiColor, Style};

pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(crate) const STRONG: Style = Style::new().bold();

/// The colour of a status, by its word.
pub(crate) fn status_style(status: &str) -> Style {
    match status {
        "ok" => GOOD,
        "warning" => WARN,
        "critical" => BAD,
        _ => FAINT,
    }
}

/// A cell: its text, its style, and on which side it stands.
pub(crate) struct Cell {
    text: String,
    style: Style,
    right: bool,
}

impl Cell {
    pub(crate) fn left(text: impl AsRef<str>) -> Self {
        Self { text: on_one_line(text.as_ref()), style: Style::new(), right: false }
    }

    pub(crate) fn right(text: impl AsRef<str>) -> Self {
        Self { right: true, ..Self::left(text) }
    }

    pub(crate) fn styled(mut self, style: Style) -> Self {
        self.style = style;
        self
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

/// The text in a style, on one line.
pub(crate) fn styled(text: &str, style: Style) -> String {
    format!("{style}{}{style:#}", on_one_line(text))
}

/// The text with its control characters escaped: what a tape says must not move a terminal's cursor, nor turn the
/// direction of a line round.
pub(crate) fn on_one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || breaks_or_turns_a_line(character) {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

fn breaks_or_turns_a_line(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}')
}

/// The rows as lines, each column as wide as its widest cell; nothing trails the last cell that has text.
pub(crate) fn aligned(rows: &[Vec<Cell>]) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        widths.resize(widths.len().max(row.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let mut out = String::new();
    for row in rows {
        let shown = row.iter().rposition(|cell| !cell.text.is_empty()).map_or(0, |last| last + 1);
        for (index, (cell, width)) in row.iter().zip(&widths).take(shown).enumerate() {
            let padding = " ".repeat(width.saturating_sub(cell.width()));
            let (before, after) = if cell.right { (padding.as_str(), "") } else { ("", padding.as_str()) };
            let last = index + 1 == shown;
            let after = if last { "" } else { after };
            let gap = if last { "" } else { "  " };
            let (on, off) = (cell.style.render(), cell.style.render_reset());
            out.push_str(&format!("{before}{on}{}{off}{after}{gap}", cell.text));
        }
        out.push('\n');
    }
    out
}
