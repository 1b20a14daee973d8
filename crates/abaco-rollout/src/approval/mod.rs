//! Who may open the gate: signatures of people over what they saw.

mod check;
mod document;
mod settings;

pub use self::check::{Expected, Lapsed, Valid, check};
pub use self::document::{Approval, Signed, configuration, sign};
pub use self::settings::{ApprovalSettings, Person, Role};
