//! Where lines end.

use memchr::memrchr;

use crate::source::splitter::Records;

/// Follows a text that arrives in pieces. A line's end is one wherever it stands: JSON writes those in a text otherwise.
#[derive(Debug, Default)]
pub(super) struct LineEnds {
    scanned: usize,
    end: Option<usize>,
}

impl Records for LineEnds {
    fn scan(&mut self, text: &[u8]) {
        if let Some(index) = text.get(self.scanned..).and_then(|text| memrchr(b'\n', text)) {
            self.end = Some(self.scanned + index + 1);
        }
        self.scanned = text.len();
    }

    fn end(&self) -> Option<usize> {
        self.end
    }

    fn is_quoted(&self) -> bool {
        false
    }

    fn forget(&mut self, offset: usize) {
        self.scanned -= offset;
        self.end = self.end.filter(|&end| end > offset).map(|end| end - offset);
    }
}
