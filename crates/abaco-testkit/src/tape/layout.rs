//! How a tape's values lie in memory, which no result may depend on.

use arrow::datatypes::DataType;

use super::CellType;

/// The width of the decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Width {
    /// 9 digits in 32 bits.
    Decimal32,
    /// 18 digits in 64 bits.
    Decimal64,
    /// 38 digits in 128 bits.
    Decimal128,
}

/// The layout of the texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TextLayout {
    /// One text per row.
    #[default]
    Plain,
    /// Codes into a dictionary of distinct texts.
    Dictionary,
    /// Views into shared buffers.
    View,
}

/// Width and text layout together.
///
/// ```
/// use abaco_testkit::{Layout, TextLayout, Width};
///
/// assert_eq!(Layout::from(Width::Decimal64), Layout { width: Width::Decimal64, text: TextLayout::Plain });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Layout {
    /// Of the decimals.
    pub width: Width,
    /// Of the texts.
    pub text: TextLayout,
}

impl From<Width> for Layout {
    fn from(width: Width) -> Self {
        Self { width, text: TextLayout::default() }
    }
}

impl Width {
    /// Every width, the narrowest first.
    pub const ALL: [Self; 3] = [Self::Decimal32, Self::Decimal64, Self::Decimal128];

    /// The precision that columns of this width declare. Arrow does not enforce it.
    pub const fn digits(self) -> u8 {
        match self {
            Self::Decimal32 => 9,
            Self::Decimal64 => 18,
            Self::Decimal128 => 38,
        }
    }

    /// The smallest and the largest integer that the width holds, beyond the precision it declares.
    ///
    /// ```
    /// assert_eq!(abaco_testkit::Width::Decimal64.range().1, i128::from(i64::MAX));
    /// ```
    pub const fn range(self) -> (i128, i128) {
        match self {
            Self::Decimal32 => (i32::MIN as i128, i32::MAX as i128),
            Self::Decimal64 => (i64::MIN as i128, i64::MAX as i128),
            Self::Decimal128 => (i128::MIN, i128::MAX),
        }
    }

    /// Whether the width holds `units`.
    pub const fn holds(self, units: i128) -> bool {
        let (low, high) = self.range();
        low <= units && units <= high
    }

    /// Whether `units` keeps to the precision that the width declares.
    ///
    /// ```
    /// use abaco_testkit::Width;
    ///
    /// assert!(Width::Decimal32.declares(999_999_999));
    /// assert!(!Width::Decimal32.declares(1_000_000_000));
    /// ```
    pub const fn declares(self, units: i128) -> bool {
        units.unsigned_abs() < 10u128.pow(self.digits() as u32)
    }

    fn decimal(self, scale: u8) -> DataType {
        // A scale is at most 38, far below the limit of a signed byte.
        let scale = scale.cast_signed();
        match self {
            Self::Decimal32 => DataType::Decimal32(self.digits(), scale),
            Self::Decimal64 => DataType::Decimal64(self.digits(), scale),
            Self::Decimal128 => DataType::Decimal128(self.digits(), scale),
        }
    }
}

impl Layout {
    /// The Arrow type of a column.
    pub fn data_type(self, cell_type: CellType) -> DataType {
        match (cell_type, self.text) {
            (CellType::Number { scale }, _) => self.width.decimal(scale),
            (CellType::Integer, _) => DataType::Int64,
            (CellType::Date, _) => DataType::Date32,
            (CellType::Boolean, _) => DataType::Boolean,
            (CellType::Text, TextLayout::Plain) => DataType::Utf8,
            (CellType::Text, TextLayout::View) => DataType::Utf8View,
            (CellType::Text, TextLayout::Dictionary) => {
                DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
            }
        }
    }
}
