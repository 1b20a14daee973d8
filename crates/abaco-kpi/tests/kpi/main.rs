//! The public promises of `abaco-kpi`: tables for the rules, properties against a second implementation.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the helpers of a test are part of the test")]

mod display;
mod exact_form;
mod expressions;
mod formula_properties;
mod fraction;
mod null_and_empty;
mod rational;
mod rounding;
mod scaled;
mod terms;
