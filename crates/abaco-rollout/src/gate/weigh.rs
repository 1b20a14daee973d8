//! The weighing.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::criterion::{Criterion, State, Verdict};
use super::{ChecklistSettings, GateSettings, approvals, comparisons, operation};
use crate::approval::{ApprovalSettings, Signed};
use crate::evidence::{ComparisonRecord, Evidence, Occasion, Provenance};

macro_rules! pick {
    ($evidence:expr, $kind:ident) => {
        match $evidence {
            Evidence::$kind(record) => Some(record),
            _ => None,
        }
    };
}

/// What `rollout.yml` asks for.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'p> {
    /// `gate`
    pub gate: &'p GateSettings,
    /// `approvals`
    pub approvals: &'p ApprovalSettings,
    /// `checklists`
    pub checklists: &'p ChecklistSettings,
}

/// What there is.
#[derive(Clone, Copy, Debug)]
pub struct Case<'c> {
    /// The candidate's identity.
    pub candidate: &'c str,
    /// The baseline's identity, or why there is none.
    pub baseline: Result<&'c str, &'c str>,
    /// The digest of the rules of comparison.
    pub rules: &'c str,
    /// The digest of the [configuration](crate::approval::configuration).
    pub configuration: &'c str,
    /// The evidence by its digests, in the order in which it was recorded: a clock may go back, the journal does not.
    pub evidence: &'c [(String, Provenance)],
    /// The digests of evidence that was recorded and cannot be read, with the reason.
    pub lost: &'c [(String, String)],
    /// The approvals.
    pub approvals: &'c [Signed],
    /// Who carried out a cutover, or is about to: nobody approves what he carries out.
    pub operators: &'c [String],
    /// What time it is.
    pub now: DateTime<Utc>,
    /// Whether this is a demonstration, in which unsigned approvals count.
    pub demo: bool,
}

/// A piece of evidence about the candidate, with its instant and its digest.
pub(super) type Piece<'c, T> = (DateTime<Utc>, &'c str, &'c T);

/// Weighs what there is against what is asked for. The same case always gives the same verdict.
///
/// ```
/// use abaco_rollout::approval::ApprovalSettings;
/// use abaco_rollout::gate::{Case, GateSettings, Policy, State, weigh};
///
/// let (gate, approvals, checklists) = (GateSettings::default(), ApprovalSettings::default(), Default::default());
/// let policy = Policy { gate: &gate, approvals: &approvals, checklists: &checklists };
/// let now = "2026-03-02T08:00:00Z".parse()?;
/// let case = Case {
///     candidate: "c",
///     baseline: Ok("b"),
///     rules: "r",
///     configuration: "d",
///     evidence: &[],
///     lost: &[],
///     approvals: &[],
///     operators: &[],
///     now,
///     demo: false,
/// };
/// let verdict = weigh(policy, case);
/// assert!(!verdict.open);
/// assert_eq!(verdict.criteria[1].name, "replay");
/// assert_eq!(verdict.criteria[1].state, State::Inconclusive);
/// assert_eq!(verdict.missing()[0], "replay: 12 more snapshots must be compared");
/// # Ok::<(), chrono::ParseError>(())
/// ```
pub fn weigh(policy: Policy<'_>, case: Case<'_>) -> Verdict {
    let gate = policy.gate;
    let pieces = Pieces(case);
    let evidence = weighed(case.candidate, gate, case.evidence);
    let mut criteria = vec![whole(case.lost)];
    criteria.extend(case.baseline.err().map(unknown));
    criteria.extend(comparisons::replay(gate, &pieces.comparisons(Occasion::Replay), case.now));
    criteria.extend(comparisons::live(gate, &pieces.comparisons(Occasion::Live), case.now));
    criteria.push(operation::tie_outs(gate, &pieces.of(|e| pick!(e, TieOut))));
    criteria.push(operation::performance(&gate.performance, &pieces.of(|e| pick!(e, Performance))));
    criteria.push(operation::concurrency(&gate.concurrency, &pieces.of(|e| pick!(e, Concurrency))));
    criteria.push(operation::soak(&gate.soak, &pieces.of(|e| pick!(e, Soak))));
    let rehearsals =
        pieces.of(|e| pick!(e, Rehearsal).filter(|record| pieces.is_of_baseline(&record.baseline)));
    criteria.push(operation::rehearsal(&gate.rehearsal, &rehearsals, case.now));
    let checked = pieces.of(|e| pick!(e, Checklist));
    criteria
        .extend(gate.checklists.iter().map(|list| operation::checklist(list, policy.checklists, &checked)));
    criteria.extend(approvals::approvals(policy.approvals, case, &evidence));
    let open = criteria.iter().all(|criterion| criterion.state == State::Met);
    Verdict { criteria, evidence, open }
}

/// The digests of the evidence that the gate weighs, sorted: all about the candidate up to the cutover. What the reverse
/// shadow and the daily reconciliations find concerns the monitor, and a list that the gate does not name, such as that of
/// the decommissioning, concerns nobody's approval.
pub fn weighed(candidate: &str, gate: &GateSettings, evidence: &[(String, Provenance)]) -> Vec<String> {
    let counts = |provenance: &Provenance| {
        let of_no_weight = match &provenance.evidence {
            Evidence::Comparison(record) => record.occasion == Occasion::Reverse,
            Evidence::Reconciliation(_) => true,
            Evidence::Checklist(record) => !gate.checklists.contains(&record.list),
            _ => false,
        };
        provenance.candidate == candidate && !of_no_weight
    };
    let mut digests: Vec<String> =
        evidence.iter().filter(|(_, piece)| counts(piece)).map(|(digest, _)| digest.clone()).collect();
    digests.sort();
    digests.dedup();
    digests
}

fn whole(lost: &[(String, String)]) -> Criterion {
    let criterion = Criterion::new("evidence", "all that was recorded can be read");
    match lost {
        [] => criterion.met("all of it"),
        [(_, reason), ..] => {
            let message = format!("evidence: {} pieces cannot be read, the first: {reason}", lost.len());
            criterion.by(lost.iter().map(|(digest, _)| digest.clone())).unmet("not all of it", message)
        }
    }
}

/// Nothing that was held against the baseline can be said to be about it.
fn unknown(reason: &str) -> Criterion {
    Criterion::new("baseline", "it can be identified").unmet("it cannot", format!("baseline: {reason}"))
}

struct Pieces<'c>(Case<'c>);

impl<'c> Pieces<'c> {
    /// The evidence of one kind about the candidate, in the order in which it was recorded.
    fn of<T>(&self, pick: impl Fn(&'c Evidence) -> Option<&'c T>) -> Vec<Piece<'c, T>> {
        let Case { evidence, candidate, .. } = self.0;
        let mut seen = BTreeSet::new();
        evidence
            .iter()
            .filter(|(digest, piece)| piece.candidate == candidate && seen.insert(digest))
            .filter_map(|(digest, piece)| Some((piece.at, digest.as_str(), pick(&piece.evidence)?)))
            .collect()
    }

    fn is_of_baseline(&self, identity: &str) -> bool {
        self.0.baseline == Ok(identity)
    }

    fn comparisons(&self, occasion: Occasion) -> Vec<Piece<'c, ComparisonRecord>> {
        self.of(|e| {
            pick!(e, Comparison).filter(|record| {
                record.occasion == occasion
                    && record.rules == self.0.rules
                    && self.is_of_baseline(&record.baseline)
            })
        })
    }
}
