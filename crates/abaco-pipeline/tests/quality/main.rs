//! Rules of contracts, rows that are there twice, and rows that are refused.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests, which may stop

mod common;
mod contracts;
mod duplicates;
mod properties;
mod quarantine;
mod real_tape;
mod screen;
mod second_pass;
mod whole;
