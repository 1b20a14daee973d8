//! Numbers of a column as they are read: a push must cost next to nothing, so it is always part of the loop around it.

use arrow::array::BooleanBufferBuilder;
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::datatypes::ArrowNativeType;

/// The values of an array and which of them are there; null slots hold zero.
#[derive(Debug)]
pub(crate) struct Values<T> {
    values: Vec<T>,
    /// Which are there, once one is not.
    valid: Option<BooleanBufferBuilder>,
}

impl<T: ArrowNativeType> Values<T> {
    pub(crate) fn new() -> Self {
        Self { values: Vec::new(), valid: None }
    }

    #[inline(always)]
    pub(crate) fn append_value(&mut self, value: T) {
        self.values.push(value);
        if let Some(valid) = &mut self.valid {
            valid.append(true);
        }
    }

    pub(crate) fn append_null(&mut self) {
        let before = self.values.len();
        self.values.push(T::default());
        let valid = self.valid.get_or_insert_with(|| {
            let mut valid = BooleanBufferBuilder::new(before + 1);
            valid.append_n(before, true);
            valid
        });
        valid.append(false);
    }

    /// The values since the last call.
    pub(crate) fn finish(&mut self) -> (ScalarBuffer<T>, Option<NullBuffer>) {
        let nulls = self.valid.take().map(|mut valid| NullBuffer::new(valid.finish()));
        (std::mem::take(&mut self.values).into(), nulls)
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::Int64Array;

    use super::*;

    #[test]
    fn an_array_after_the_other() {
        let mut values = Values::new();
        for cells in
            [vec![Some(1), Some(2)], vec![Some(3), None, Some(-4), None], vec![None], vec![], vec![Some(5)]]
        {
            for cell in &cells {
                match cell {
                    Some(value) => values.append_value(*value),
                    None => values.append_null(),
                }
            }
            let (read, nulls) = values.finish();
            assert!(read.iter().zip(&cells).all(|(value, cell)| *value == cell.unwrap_or(0)));
            assert_eq!(Int64Array::new(read, nulls), Int64Array::from(cells));
        }
    }
}
