//! Conventions by which two systems differ, each a switch that can be thrown.

use abaco_kpi::Formula;
use abaco_pipeline::run::Duplicates;

use super::context::Context;
use super::printing::Printing;
use super::switches;

/// What a switch is about; two switches about one thing do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Aspect {
    Inputs,
    Comparison,
    Edges,
    Aging,
    Nulls,
    WriteOffs,
    Obligors,
    Denominator,
    Undefined,
    Rows,
    Snapshots,
    Unit,
    Places,
    Ties,
}

/// Which snapshot a value is read from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Reading {
    #[default]
    Own,
    Prior,
    Pooled,
}

/// A rewrite of a formula in the tape's own columns: the same formula where the convention has no place in it.
///
/// # Errors
/// Why it cannot be done on this tape, in words.
pub(super) type FormulaRewrite = fn(&Formula, &Context<'_>) -> Result<Formula, String>;

/// What a switch does.
#[derive(Clone, Copy)]
pub(super) enum Effect {
    /// Another formula: another measure to fold, in the same pass.
    Formula(FormulaRewrite),
    /// Other rows: another pass.
    Rows(Duplicates),
    /// Another snapshot of what is folded already.
    Reading(Reading),
    /// The same value, written otherwise.
    Printing(Printing),
}

/// A convention by which two systems differ.
#[derive(Clone, Copy)]
pub(super) struct Switch {
    pub(super) id: &'static str,
    pub(super) aspect: Aspect,
    /// What a system does that has it, as the end of a sentence that begins with its name. `{snapshots}` is how many
    /// snapshots the tape has.
    pub(super) says: &'static str,
    pub(super) effect: Effect,
}

/// All switches, in the order in which rewrites follow one another.
pub(super) fn all() -> Vec<Switch> {
    [
        switches::inputs::SWITCHES,
        switches::comparison::SWITCHES,
        switches::edges::SWITCHES,
        switches::aging::SWITCHES,
        switches::nulls::SWITCHES,
        switches::write_offs::SWITCHES,
        switches::obligors::SWITCHES,
        switches::denominator::SWITCHES,
        switches::undefined::SWITCHES,
        switches::duplicates::SWITCHES,
        switches::snapshots::SWITCHES,
        switches::unit::SWITCHES,
        switches::places::SWITCHES,
        switches::ties::SWITCHES,
    ]
    .concat()
}
