//! The status report, from evidence only: what was not recorded is not in it.

mod facts;
mod render;
mod view;

pub use self::render::{html, markdown};
pub use self::view::{Expiring, RolloutView};
