//! What a contract says about one column.

use std::fmt;
use std::str::FromStr;

use arrow::datatypes::DataType;
use rust_decimal::Decimal;
use serde::de::Visitor;
use serde::{Deserialize, Deserializer};

use super::rule::{Allowed, Range, Severity};

/// The most digits a decimal column may have.
pub const MAX_PRECISION: u8 = 38;
/// The most fractional digits a decimal column may have: what `rust_decimal`, which holds every result, can carry.
pub const MAX_SCALE: u8 = 28;
/// A decimal of at most this many digits is stored in 64 bits.
const MAX_PRECISION_64: u8 = 18;

/// The type of a column, in the contract's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ColumnType {
    /// Text, trimmed.
    Text,
    /// A 64-bit signed integer.
    Int,
    /// A fixed-point number.
    Decimal {
        /// Digits in all, 1 to 38.
        precision: u8,
        /// Fractional digits, at most 28 and at most the precision.
        scale: u8,
    },
    /// A day of the Gregorian calendar, year 1 to 9999.
    Date,
    /// True or false.
    Bool,
}

impl ColumnType {
    /// The physical Arrow type of a batch's column, unless a role asks for another: see [`Column::arrow_type`].
    ///
    /// ```
    /// use abaco_pipeline::{arrow::datatypes::DataType, contract::ColumnType};
    ///
    /// let money: ColumnType = "decimal(18, 2)".parse()?;
    /// assert_eq!(money.arrow_type(), DataType::Decimal64(18, 2));
    /// let wide: ColumnType = "decimal(38, 17)".parse()?;
    /// assert_eq!(wide.arrow_type(), DataType::Decimal128(38, 17));
    /// # Ok::<(), String>(())
    /// ```
    pub const fn arrow_type(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Int => DataType::Int64,
            // A scale is at most 28, so the conversion keeps it.
            Self::Decimal { precision, scale } if precision <= MAX_PRECISION_64 => {
                DataType::Decimal64(precision, scale as i8)
            }
            Self::Decimal { precision, scale } => DataType::Decimal128(precision, scale as i8),
            Self::Date => DataType::Date32,
            Self::Bool => DataType::Boolean,
        }
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("text"),
            Self::Int => f.write_str("int"),
            Self::Decimal { precision, scale } => write!(f, "decimal({precision}, {scale})"),
            Self::Date => f.write_str("date"),
            Self::Bool => f.write_str("bool"),
        }
    }
}

impl FromStr for ColumnType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "text" => Ok(Self::Text),
            "int" => Ok(Self::Int),
            "date" => Ok(Self::Date),
            "bool" => Ok(Self::Bool),
            other => decimal(other),
        }
    }
}

impl<'de> Deserialize<'de> for ColumnType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TypeVisitor)
    }
}

/// Parses inside the visitor, so that an error points at the type and not at the whole column.
struct TypeVisitor;

impl Visitor<'_> for TypeVisitor {
    type Value = ColumnType;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a column type")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<ColumnType, E> {
        text.parse().map_err(E::custom)
    }
}

fn decimal(text: &str) -> Result<ColumnType, String> {
    let inside = text
        .strip_prefix("decimal")
        .and_then(|rest| rest.trim_start().strip_prefix('('))
        .and_then(|rest| rest.strip_suffix(')'))
        .and_then(|inside| inside.split_once(','));
    let parsed = inside.and_then(|(p, s)| Some((p.trim().parse::<u8>().ok()?, s.trim().parse::<u8>().ok()?)));
    let Some((precision, scale)) = parsed else {
        return Err(format!("expected type text, int, decimal(p, s), date or bool, found `{text}`"));
    };
    if precision == 0 || precision > MAX_PRECISION {
        return Err(format!("expected a precision from 1 to {MAX_PRECISION}, found {precision}"));
    }
    if scale > precision.min(MAX_SCALE) {
        return Err(format!("expected a scale of at most {}, found {scale}", precision.min(MAX_SCALE)));
    }
    Ok(ColumnType::Decimal { precision, scale })
}

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// Part of what identifies a row.
    Key,
    /// The date for which the row holds; at most one column.
    Snapshot,
    /// An amount of money or a count.
    Amount,
    /// Something to group by.
    Dimension,
    /// Personal data: its values never appear in an error, a log or a report.
    Pii,
}

impl Role {
    /// The word that the contract uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Snapshot => "snapshot",
            Self::Amount => "amount",
            Self::Dimension => "dimension",
            Self::Pii => "pii",
        }
    }
}

/// What happens to a null cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NullRule {
    /// It stays null.
    #[default]
    Keep,
    /// It becomes 0, and is counted.
    FillZero,
    /// It refuses the row, and in strict mode the tape.
    Reject,
    /// Its row is set aside and counted, in strict mode too.
    DropRow,
}

impl NullRule {
    /// Whether a row with a null does not go on.
    pub(crate) fn refuses(self) -> bool {
        matches!(self, Self::Reject | Self::DropRow)
    }
}

/// What happens to a number with more fractional digits than its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ExcessDigits {
    /// It refuses the tape; excess zeros are no excess.
    #[default]
    Refuse,
    /// It is rounded, ties away from zero, and counted.
    HalfAway,
    /// It is rounded, ties to the even neighbour, and counted.
    HalfEven,
}

/// What happens to a column that a Parquet or IPC file stores as floating point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FromFloat {
    /// It refuses the tape.
    #[default]
    Refuse,
    /// Each value stands for the shortest decimal text that reads back as the same float.
    Shortest,
}

/// One column of a contract, after validation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Column {
    /// Canonical name: lower case letters, digits and `_`.
    pub name: String,
    /// Type.
    pub column_type: ColumnType,
    /// The one header to read, trimmed and lower-cased; the canonical name and aliases are then not looked for.
    pub source: Option<String>,
    /// Other headers that mean this column, trimmed and lower-cased.
    pub aliases: Vec<String>,
    /// What the column is for.
    pub roles: Vec<Role>,
    /// Whether a tape without the column is refused.
    pub required: bool,
    /// What happens to nulls.
    pub nulls: NullRule,
    /// What happens to excess fractional digits.
    pub excess_digits: ExcessDigits,
    /// What happens to floats.
    pub from_float: FromFloat,
    /// Texts that mean null, trimmed.
    pub null_tokens: Vec<String>,
    /// Formats in which a text date may be written (`strftime`).
    pub date_formats: Vec<String>,
    /// Between which values the column's lie.
    pub range: Option<Range>,
    /// Which texts the column has.
    pub allowed: Option<Allowed>,
    /// No two rows have the same value; what a value that returns does.
    pub unique: Option<Severity>,
    /// Beyond how many standard deviations from the mean a value is remarked.
    pub outliers: Option<Decimal>,
}

impl Column {
    /// The physical Arrow type of a batch's column.
    ///
    /// It is that of its [`column_type`](Self::column_type), but text with the role [`Dimension`](Role::Dimension)
    /// is a dictionary of texts with 32-bit codes: few texts stand in many rows, and the rows are grouped by them.
    pub fn arrow_type(&self) -> DataType {
        match self.column_type {
            ColumnType::Text if self.has_role(Role::Dimension) => {
                DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
            }
            other => other.arrow_type(),
        }
    }

    /// Whether the column has a role.
    pub fn has_role(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// The headers that mean this column, in the order of the contract.
    pub fn headers(&self) -> impl Iterator<Item = &str> {
        let own = self.source.as_ref().unwrap_or(&self.name);
        std::iter::once(own.as_str()).chain(self.aliases.iter().map(String::as_str))
    }
}
