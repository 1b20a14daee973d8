//! Which texts mean null, and what a trimmed cell is.

/// The texts of a column that mean null.
#[derive(Debug)]
pub(crate) struct NullTokens {
    tokens: Vec<String>,
    /// Bit n is set if a token has n bytes; most cells are told apart by their length alone.
    lengths: u128,
}

impl NullTokens {
    pub(crate) fn new(tokens: &[String]) -> Self {
        let lengths = tokens.iter().fold(0, |lengths, token| lengths | bit(token.len()));
        Self { tokens: tokens.to_vec(), lengths }
    }

    #[inline]
    pub(crate) fn contains(&self, cell: &str) -> bool {
        self.lengths & bit(cell.len()) != 0 && self.tokens.iter().any(|token| token == cell)
    }
}

/// Lengths of 127 and more share a bit: a set bit only means that it is worth comparing.
#[inline]
fn bit(length: usize) -> u128 {
    1 << length.min(127)
}

/// `str::trim`, with a short way for cells that begin and end with a visible ASCII character.
#[inline]
pub(crate) fn trim(cell: &str) -> &str {
    match cell.as_bytes() {
        [] => cell,
        [only] if only.is_ascii_graphic() => cell,
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => cell,
        _ => cell.trim(),
    }
}
