//! Counting the lines of a text, each once.

/// How many lines end before an offset that only grows.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    offset: usize,
    ended: u64,
}

impl Lines {
    /// Lines that end before an offset; the text and no earlier offset come again.
    pub(crate) fn before(&mut self, text: &[u8], offset: usize) -> u64 {
        self.ended += text.get(self.offset..offset).map_or(0, line_ends);
        self.offset = self.offset.max(offset);
        self.ended
    }
}

/// How many lines end in a text, as an editor counts them.
pub(crate) fn line_ends(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_once() {
        let (text, mut lines) = (b"a\nb\n\nc", Lines::default());
        let counts: Vec<u64> = [0, 1, 2, 2, 5, 6].map(|offset| lines.before(text, offset)).to_vec();
        assert_eq!(counts, [0, 0, 1, 1, 3, 3]);
    }
}
