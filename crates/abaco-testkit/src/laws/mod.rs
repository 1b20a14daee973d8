//! What holds for every KPI, as functions and as one assertion.
//!
//! | law | function |
//! |---|---|
//! | the description is stable, its columns canonical, its kinds unmixed | [`description_is_stable`], [`columns_are_canonical`], [`kinds_do_not_mix`] |
//! | rows in any order, parts, batches, threads give the same bits | [`any_order`], [`any_split`], [`any_batch_size`], [`any_thread_count`] |
//! | states merge as a commutative monoid and survive being written | [`merge_is_a_commutative_monoid`], [`state_round_trips`] |
//! | the length of a batch, the width of decimals and the layout of texts do not count | [`any_length`], [`any_layout`] |
//! | neither do the KPIs that it is planned with | [`fused_equals_alone`] |
//! | a missing column is named | [`missing_columns_are_named`] |
//! | the engine agrees with the oracle | [`agrees_with_the_oracle`], [`evaluate_is_a_plan_of_one`] |
//!
//! [`assert_kpi_laws`] checks them all on tapes made for the KPI; a message shows the smallest tape that breaks
//! one.

mod case;
mod company;
mod description;
mod layouts;
mod length;
mod merging;
mod missing;
mod reference;
mod run;
mod subject;
mod violation;

pub use self::company::fused_equals_alone;
pub use self::description::{columns_are_canonical, description_is_stable, kinds_do_not_mix};
pub use self::layouts::any_layout;
pub use self::length::any_length;
pub use self::merging::{
    any_batch_size, any_order, any_split, any_thread_count, merge_is_a_commutative_monoid, state_round_trips,
};
pub use self::missing::missing_columns_are_named;
pub use self::reference::{agrees_with_the_oracle, evaluate_is_a_plan_of_one};
pub use self::run::{Laws, assert_kpi_laws};
pub use self::subject::Subject;
pub use self::violation::Violation;
