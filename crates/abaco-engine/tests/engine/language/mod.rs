//! The language from outside: round trips, an independent reading of the same text, refusals and limits.

mod dimensions;
mod formulas_read;
mod formulas_refused;
mod formulas_round_trip;
mod limits;
mod rows_read;
mod rows_refused;
mod rows_round_trip;
mod soup;
mod strategies;
