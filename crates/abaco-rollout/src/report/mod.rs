//! The status report, from evidence only: what was not recorded is not in it.

mod after;
mod facts;
mod render;
mod risks;
mod view;

pub use self::render::{html, markdown};
pub use self::view::{Expiring, RolloutView};
