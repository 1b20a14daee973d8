//! Text as codes: each distinct text of a column passes the contract's rules once.

use std::sync::Arc;

use arrow::array::{Array, ArrayData, ArrayRef, DictionaryArray, Int32Array, Int32Builder, StringArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::Int32Type;
use arrow::error::ArrowError;
use hashbrown::HashMap;

use super::fault::Fault;
use super::nulls::{NullTokens, trim};
use super::whole::zeroed;

/// A dictionary of fewer texts is kept from batch to batch, whatever the size of a batch.
const FEW: usize = 1_024;

/// Builds a dictionary array cell by cell, or from another dictionary.
#[derive(Debug, Default)]
pub(crate) struct TextCoder {
    keys: Int32Builder,
    texts: Texts,
    /// The dictionary of the last array that was read whole; batches of one file part share it.
    read: Option<Recoded>,
}

/// The distinct texts and their codes.
#[derive(Debug, Default)]
struct Texts {
    /// Code of each text as the file has it; `None` if it means null. Texts that differ in blanks share a code.
    codes: HashMap<Box<str>, Option<i32>>,
    values: Vec<Box<str>>,
    /// Code of the empty text that stands for what could not be read, where an empty cell means null.
    empty: Option<i32>,
    /// The values as an array, as long as none was added.
    array: Option<ArrayRef>,
}

/// What a file's dictionary becomes.
#[derive(Debug)]
struct Recoded {
    source: ArrayData,
    /// New code of each old one; `None` if its text means null.
    codes: Vec<Option<i32>>,
    /// Whether each code stays what it is.
    same: bool,
    values: ArrayRef,
}

impl TextCoder {
    /// The code of a cell as it is in the file; `None` if it means null.
    #[inline]
    pub(crate) fn code(&mut self, cell: &str, nulls: &NullTokens) -> Result<Option<i32>, Fault> {
        self.texts.code(cell, nulls)
    }

    #[inline]
    pub(crate) fn push(&mut self, code: i32) {
        self.keys.append_value(code);
    }

    pub(crate) fn push_null(&mut self) {
        self.keys.append_null();
    }

    /// An empty text, also where that would mean null.
    pub(crate) fn push_empty(&mut self, nulls: &NullTokens) -> Result<(), Fault> {
        let code = self.texts.empty(nulls)?;
        self.push(code);
        Ok(())
    }

    /// The cells pushed since the last call.
    pub(crate) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let keys = self.keys.finish();
        let values = self.texts.array();
        // A batch should not carry many more texts than it has rows.
        if self.texts.values.len() > FEW.max(keys.len() / 4) {
            self.texts = Texts::default();
        }
        // Null slots hold zero, which is a code like others.
        Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, values)?))
    }

    /// Applies the rules to a dictionary's texts instead of its rows.
    pub(crate) fn recode(
        &mut self,
        array: &DictionaryArray<Int32Type>,
        nulls: &NullTokens,
    ) -> Result<ArrayRef, RecodeFault> {
        let source = array.values().to_data();
        if !self.read.as_ref().is_some_and(|read| read.source.ptr_eq(&source)) {
            self.read = Some(Recoded::new(source, array.values(), nulls)?);
        }
        let read = self.read.as_ref().ok_or(RecodeFault::Cell)?;
        let keys = array.keys();
        let keys = if read.same {
            match keys.nulls().filter(|nulls| nulls.null_count() > 0) {
                None => Int32Array::new(keys.values().clone(), None),
                Some(nulls) => Int32Array::new(zeroed(keys.values(), nulls).into(), Some(nulls.clone())),
            }
        } else {
            read.recoded(keys)?
        };
        let array = DictionaryArray::<Int32Type>::try_new(keys, ArrayRef::clone(&read.values));
        Ok(Arc::new(array.map_err(RecodeFault::Arrow)?))
    }
}

/// Why a dictionary could not be recoded.
#[derive(Debug)]
pub(crate) enum RecodeFault {
    /// One of the texts or of the rows is refused.
    Cell,
    Arrow(ArrowError),
}

impl Texts {
    #[inline]
    fn code(&mut self, cell: &str, nulls: &NullTokens) -> Result<Option<i32>, Fault> {
        match self.codes.get(cell) {
            Some(code) => Ok(*code),
            None => self.add(cell, nulls),
        }
    }

    #[cold]
    fn add(&mut self, cell: &str, nulls: &NullTokens) -> Result<Option<i32>, Fault> {
        let text = trim(cell);
        let code = if nulls.contains(text) {
            None
        } else if text.len() < cell.len() {
            self.code(text, nulls)?
        } else {
            Some(self.value(text)?)
        };
        self.codes.insert(cell.into(), code);
        Ok(code)
    }

    fn value(&mut self, text: &str) -> Result<i32, Fault> {
        // A batch has fewer rows than there are codes.
        let code = i32::try_from(self.values.len()).map_err(|_| Fault::Overflow)?;
        self.values.push(text.into());
        self.array = None;
        Ok(code)
    }

    #[cold]
    fn empty(&mut self, nulls: &NullTokens) -> Result<i32, Fault> {
        if let Some(code) = self.code("", nulls)? {
            return Ok(code);
        }
        match self.empty {
            Some(code) => Ok(code),
            None => {
                let code = self.value("")?;
                self.empty = Some(code);
                Ok(code)
            }
        }
    }

    fn array(&mut self) -> ArrayRef {
        let array =
            self.array.take().unwrap_or_else(|| Arc::new(StringArray::from_iter_values(self.values.iter())));
        self.array = Some(ArrayRef::clone(&array));
        array
    }
}

impl Recoded {
    fn new(source: ArrayData, values: &ArrayRef, nulls: &NullTokens) -> Result<Self, RecodeFault> {
        let found = values.as_any().downcast_ref::<StringArray>();
        let found = found.ok_or(RecodeFault::Cell)?;
        let mut texts = Texts::default();
        let mut codes = Vec::with_capacity(found.len());
        for text in found {
            let code = text.map_or(Ok(None), |text| texts.code(text, nulls));
            codes.push(code.map_err(|_| RecodeFault::Cell)?);
        }
        let same = codes.iter().zip(0..).all(|(code, old)| *code == Some(old));
        let values = if same { ArrayRef::clone(values) } else { texts.array() };
        Ok(Self { source, codes, same, values })
    }

    fn recoded(&self, keys: &Int32Array) -> Result<Int32Array, RecodeFault> {
        let mut codes = Vec::with_capacity(keys.len());
        let mut valid = Vec::with_capacity(keys.len());
        for key in keys {
            let code = match key.map(|key| usize::try_from(key).ok().and_then(|key| self.codes.get(key))) {
                None => None,
                Some(Some(code)) => *code,
                // Arrow holds keys to the dictionary's length.
                Some(None) => return Err(RecodeFault::Cell),
            };
            codes.push(code.unwrap_or_default());
            valid.push(code.is_some());
        }
        let nulls = NullBuffer::from(valid);
        Ok(Int32Array::new(codes.into(), (nulls.null_count() > 0).then_some(nulls)))
    }
}
