//! Loans by number.

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use hashbrown::HashMap;

/// Every loan that some table names, in the order in which they were first seen.
#[derive(Debug, Default)]
pub(crate) struct Loans {
    index: HashMap<String, usize>,
    names: Vec<String>,
}

impl Loans {
    /// The numbers of the loans in a key column.
    ///
    /// # Errors
    /// The position of the first row without a loan.
    pub(crate) fn number(&mut self, keys: &ArrayRef) -> Result<Vec<usize>, usize> {
        // A key column is text; whatever carries it casts.
        let texts = cast(keys, &DataType::Utf8).map_err(|_| 0_usize)?;
        let texts = texts.as_string::<i32>();
        (0..texts.len())
            .map(|row| if texts.is_null(row) { Err(row) } else { Ok(self.of(texts.value(row))) })
            .collect()
    }

    fn of(&mut self, name: &str) -> usize {
        if let Some(number) = self.index.get(name) {
            return *number;
        }
        let number = self.names.len();
        self.index.insert(name.to_owned(), number);
        self.names.push(name.to_owned());
        number
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// The names of these loans as a column.
    pub(crate) fn names(&self, numbers: &[usize]) -> StringArray {
        StringArray::from_iter_values(numbers.iter().map(|number| self.names[*number].as_str()))
    }
}
