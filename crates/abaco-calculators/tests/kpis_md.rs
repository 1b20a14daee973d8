//! `docs/KPIS.md` is generated from the list, and this test keeps it so.
//!
//! To write it anew: `ABACO_WRITE_DOCS=1 cargo test -p abaco-calculators --test kpis_md`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the helpers of a test are part of the test")]

use std::fmt::Write;
use std::path::Path;

use abaco_calculators::PROFILES;
use abaco_kpi::{Basis, Class, Direction, Kpi, RoundingMode};

fn catalogue() -> String {
    let mut out = String::from(
        "# KPIs\n\nGenerated from the lists in `abaco-calculators`; a test keeps it so. The meaning of an id is (profile, id), \
         and it never\nchanges: another convention is another id.\n",
    );
    for profile in PROFILES {
        writeln!(out, "\n## Profile `{}`: {}", profile.id, profile.title).unwrap();
        for kpi in profile.kpis() {
            let spec = kpi.spec();
            let direction = match spec.direction {
                Direction::LowerIsBetter => "lower is better",
                Direction::HigherIsBetter => "higher is better",
                Direction::Neutral => "neither direction is better",
            };
            let mode = match spec.rounding.mode {
                RoundingMode::HalfAway => "half away from zero",
                RoundingMode::HalfEven => "half to even",
                other => panic!("{other:?} has no words yet"),
            };
            writeln!(out, "\n### `{}`\n\n{}.\n", spec.id, spec.title).unwrap();
            writeln!(out, "- Formula: `{}`", kpi.formula()).unwrap();
            writeln!(out, "- Convention: {}", spec.convention).unwrap();
            writeln!(
                out,
                "- Basis and class: {}, {}",
                Basis::of_kpi(&kpi),
                Class::of(&kpi.formula()).as_str()
            )
            .unwrap();
            writeln!(
                out,
                "- Unit and rounding: {}, {} places, {mode}; {direction}",
                spec.unit, spec.rounding.scale
            )
            .unwrap();
            if spec.monthly {
                writeln!(out, "- Periods: its snapshots lie one calendar month apart").unwrap();
            }
            if spec.annualised {
                writeln!(out, "- Periods: not given for one that is not over").unwrap();
            }
            if !spec.aliases.is_empty() {
                writeln!(out, "- Also known as: {}", spec.aliases.join(", ")).unwrap();
            }
            for reference in &spec.references {
                writeln!(out, "- Reference: {reference}").unwrap();
            }
        }
    }
    out
}

#[test]
fn the_catalogue_in_docs_is_the_list() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/KPIS.md");
    let expected = catalogue();
    if std::env::var_os("ABACO_WRITE_DOCS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap();
    assert!(found == expected, "docs/KPIS.md is not what the list says; see the head of this test");
}
