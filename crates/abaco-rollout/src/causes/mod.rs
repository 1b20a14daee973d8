//! Why two systems differ: recomputing one of them under the conventions that the other may have.
//!
//! A convention is a switch: another formula, other rows, another snapshot, another way of writing the same value. Each
//! switch is thrown alone, and each pair of switches that go together; whatever gives every value of the baseline's, at
//! the baseline's own places, is a hypothesis that survives. The formulas of all hypotheses are folded together in one pass
//! over the tape, and a tape that has rows twice is read once more for each way of reading those.
//!
//! A finding is a hypothesis with its evidence, never more. Only keys at which a hypothesis gives another value than no
//! switch speak for it: `>` and `>=` agree wherever no loan is exactly 30 days late.
//!
//! # What is taken for the same
//! A value without declared places has as many as the KPI's longest one. Values are held against each other as printed:
//! ties go where the candidate sends them, unless a switch says otherwise. Where a formula needs a snapshot before the
//! tape's first, the tape cannot tell, and the key speaks neither for nor against.

mod context;
mod findings;
mod formula;
mod hypothesis;
mod keys;
mod printing;
mod settings;
mod switch;
mod switches;
mod trial;
mod values;
mod variants;
mod verdict;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use abaco_pipeline::run::{Duplicates, Measuring};
use abaco_pipeline::{Pipeline, PipelineError};

use self::context::Context;
pub use self::findings::{Explanation, Finding, Findings, NotCompared, NotTried, Verdict};
use self::keys::Keys;
pub use self::settings::CauseSettings;
use self::trial::Trial;
use self::values::Values;
use self::variants::Variants;
use self::verdict::{Scope, finding};
use crate::RolloutError;
use crate::figures::{Figures, Key};

/// The side whose conventions are switched: what it computes, over which tape.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its name for people.
    pub name: &'a str,
    /// Its KPIs and its contract.
    pub pipeline: &'a Pipeline,
    /// Partitions of one tape: that from which the baseline was made.
    pub inputs: &'a [PathBuf],
}

/// Finds the conventions under which the subject gives the baseline's values at these keys.
///
/// All keys that were compared belong here, those that match among them: a hypothesis must give them too.
///
/// ```
/// # use std::collections::{BTreeMap, BTreeSet};
/// use abaco_pipeline::{Catalogue, Pipeline, PipelineConfig};
/// use abaco_rollout::causes::{CauseSettings, Subject, Verdict, find};
/// use abaco_rollout::figures::{Figure, Figures, Key};
///
/// # let folder = tempfile::tempdir()?;
/// let write = |name: &str, text: &str| -> std::io::Result<_> {
///     let path = folder.path().join(name);
///     std::fs::write(&path, text).map(|()| path)
/// };
/// write("contract.yml", "
/// contract: loans
/// version: 1
/// currency: USD
/// columns:
///   as_of: { type: date, roles: [snapshot] }
///   dpd: { type: int }
///   outstanding_balance: { type: 'decimal(18, 2)' }
/// ")?;
/// write("kpis.yml", "{version: 1, kpis: []}")?;
/// let settings = "{version: 1, portfolio: p, contract: contract.yml, definitions: kpis.yml}";
/// let config = PipelineConfig::load(write("pipeline.yml", settings)?)?;
/// let kpis = [abaco_calculators::par_ge(30)];
/// let pipeline = Pipeline::new(config, &Catalogue::new().profile("standard", kpis))?;
/// let tape = write("tape.csv", "as_of,dpd,outstanding_balance
/// 2025-01-31,30,10
/// 2025-01-31,31,90
/// 2025-02-28,30,20
/// 2025-02-28,31,80
/// 2025-03-31,30,30
/// 2025-03-31,31,70
/// ")?;
///
/// let mut baseline = Figures { name: "v1".to_owned(), ..Figures::default() };
/// for (as_of, par) in [("2025-01-31", "90.0"), ("2025-02-28", "80.0"), ("2025-03-31", "70.0")] {
///     let key = Key { kpi: "par_ge_30".to_owned(), as_of: Some(as_of.parse()?), segment: BTreeMap::new() };
///     let value = Ok(par.parse()?);
///     let figure =
///         Figure { value, scale: Some(1), exact: None, components: BTreeMap::new(), numerator: None };
///     baseline.values.insert(key, figure);
/// }
/// let keys: BTreeSet<Key> = baseline.values.keys().cloned().collect();
/// let subject = Subject { name: "v2", pipeline: &pipeline, inputs: &[tape] };
/// let findings = find(&baseline, &subject, &keys, &CauseSettings::default())?;
/// assert_eq!(findings.together.verdict, Verdict::Confirmed);
/// assert_eq!(findings.together.survivors[0].switches, ["more_than"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// What stops the tape from being read; a configuration with tables beside the tape, whose KPIs the tape alone does not
/// give; more formulas or values than `settings` allows.
pub fn find(
    baseline: &Figures,
    subject: &Subject<'_>,
    keys: &BTreeSet<Key>,
    settings: &CauseSettings,
) -> Result<Findings, RolloutError> {
    let pipeline = subject.pipeline;
    let schema = pipeline.tape_schema(subject.inputs)?;
    let mut keys = Keys::new(baseline, keys, pipeline, &schema);
    let switches = switch::all();
    let hypotheses = hypothesis::all(&switches);
    limit("max_values", hypotheses.len().saturating_mul(keys.held.len()), settings.max_values)?;
    let mut context = Context::new(pipeline, schema);
    let variants = Variants::new(&keys.compared, &switches, &hypotheses, &mut context);
    limit("max_formulas", variants.kpis.len(), settings.max_formulas)?;
    let passes = passes(subject, &mut keys, &variants)?;
    let snapshots = passes.get(&Duplicates::Collapsed).map_or(0, |values| values.snapshots.len()).max(1);
    let trial = Trial {
        switches: &switches,
        hypotheses: &hypotheses,
        keys: &keys,
        variants: &variants,
        passes: &passes,
        snapshots,
    };
    let said = trial.all();
    let of = |kpi: Option<usize>| {
        let is_of = |key: &usize| kpi.is_none_or(|kpi| keys.held[*key].kpi == kpi);
        let scope = Scope {
            kpi: kpi.map(|kpi| keys.compared[kpi].spec.id.to_string()),
            keys: (0..keys.held.len()).filter(is_of).collect(),
            baseline: &baseline.name,
            candidate: subject.name,
        };
        finding(&trial, &said, scope, settings)
    };
    let with_keys: BTreeSet<usize> = keys.held.iter().map(|held| held.kpi).collect();
    Ok(Findings {
        baseline: baseline.name.clone(),
        candidate: subject.name.to_owned(),
        snapshots,
        together: of(None),
        kpis: with_keys.into_iter().map(|kpi| of(Some(kpi))).collect(),
        not_compared: keys.not_compared,
    })
}

/// All switches, by id, each with what a system does that has it.
///
/// ```
/// let mut switches = abaco_rollout::causes::switches();
/// let (_, says) = switches.find(|(id, _)| *id == "prior_tape").unwrap();
/// assert_eq!(says, "publishes the figures of the snapshot before under this label");
/// ```
pub fn switches() -> impl Iterator<Item = (&'static str, &'static str)> {
    switch::all().into_iter().map(|switch| (switch.id, switch.says))
}

/// The values of all formulas, by what becomes of rows that are there twice.
fn passes(
    subject: &Subject<'_>,
    keys: &mut Keys,
    variants: &Variants,
) -> Result<BTreeMap<Duplicates, Values>, RolloutError> {
    let first = subject.inputs.first().cloned().unwrap_or_default();
    let of_tape = |source| PipelineError::Engine { path: first.clone(), source };
    let (groups, segments) = (keys.groups(), keys.segments());
    let kpis = variants.kpis();
    let fold = |duplicates: Duplicates| {
        let asked = Measuring { inputs: subject.inputs, groups: &groups, duplicates };
        subject.pipeline.measure(&kpis, &asked)
    };
    let folded = fold(Duplicates::Collapsed)?;
    keys.place(&folded.plan.snapshots(&folded.state));
    let sources = keys.sources();
    let values = |folded| Values::new(&folded, &sources, &segments).map_err(of_tape);
    let collapsed = values(folded)?;
    let kept = values(fold(Duplicates::Kept)?)?;
    let has_duplicates = collapsed.rows != kept.rows;
    let mut passes = BTreeMap::from([(Duplicates::Collapsed, collapsed)]);
    if has_duplicates {
        passes.insert(Duplicates::Kept, kept);
        for duplicates in [Duplicates::First, Duplicates::Last] {
            passes.insert(duplicates, values(fold(duplicates)?)?);
        }
    }
    Ok(passes)
}

fn limit(name: &'static str, found: usize, most: usize) -> Result<(), RolloutError> {
    if found <= most {
        return Ok(());
    }
    let expected = format!("at most {most} of them: fewer keys, or a higher limit under `causes`");
    Err(PipelineError::Option { name, expected, found: found.to_string() }.into())
}
