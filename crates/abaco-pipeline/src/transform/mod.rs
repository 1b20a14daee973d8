//! Transforming batches before they are folded: columns to group by that are made from others.

mod dimension;

pub use self::dimension::DimensionSettings;
pub(crate) use self::dimension::{Dimensions, PlannedDimensions};
