//! From what the hypotheses say of some keys to a finding.

use std::collections::BTreeSet;

use super::findings::{Explanation, Finding, NotTried, Verdict};
use super::settings::CauseSettings;
use super::trial::{Said, Trial};

/// So many keys must tell a hypothesis apart before it is confirmed.
pub(super) const MIN_INFORMATIVE: usize = 3;

/// The keys that a finding is about.
pub(super) struct Scope<'a> {
    pub(super) kpi: Option<String>,
    /// Their places.
    pub(super) keys: Vec<usize>,
    pub(super) baseline: &'a str,
    pub(super) candidate: &'a str,
}

/// How a hypothesis does in a scope.
#[derive(Clone, Copy)]
struct Score {
    hypothesis: usize,
    explained: usize,
    informative: usize,
    contradicted: usize,
}

pub(super) fn finding(
    trial: &Trial<'_>,
    said: &[Vec<Said>],
    scope: Scope<'_>,
    settings: &CauseSettings,
) -> Finding {
    let kpis: BTreeSet<usize> = scope.keys.iter().map(|key| trial.keys.held[*key].kpi).collect();
    let tried: Vec<usize> =
        (0..trial.hypotheses.len()).filter(|hypothesis| is_tried(trial, *hypothesis, &kpis)).collect();
    let scores: Vec<Score> =
        tried.iter().map(|hypothesis| score(*hypothesis, &said[*hypothesis], &scope)).collect();
    let is_explained = |score: &&Score| score.contradicted == 0 && score.explained > 0;
    let none_needed = scores.first().filter(is_explained).is_some();
    let survives = |score: &&Score| is_explained(score) && (none_needed || score.informative > 0);
    let survivors: Vec<usize> = scores.iter().filter(survives).map(|score| score.hypothesis).collect();
    let explain = |hypothesis: usize| explanation(trial, hypothesis, &said[hypothesis], &scope);
    let mut kept: Vec<(usize, Explanation)> = Vec::new();
    for survivor in survivors {
        let own = &trial.hypotheses[survivor];
        let simpler =
            kept.iter_mut().find(|(kept, _)| own.adds_nothing_to(&trial.hypotheses[*kept], trial.switches));
        match simpler {
            Some((_, simpler)) => simpler.equivalent_on_these_keys.push(own.ids(trial.switches)),
            None => kept.push((survivor, explain(survivor))),
        }
    }
    let kept: Vec<Explanation> = kept.into_iter().map(|(_, explanation)| explanation).collect();
    let nearest = match kept.is_empty() {
        true => nearest(&scores, settings.nearest).into_iter().map(explain).collect(),
        false => Vec::new(),
    };
    let verdict = match &kept[..] {
        [] => Verdict::Unexplained,
        _ if none_needed => Verdict::NothingToExplain,
        [one] if one.informative.len() >= MIN_INFORMATIVE => Verdict::Confirmed,
        _ => Verdict::Indistinguishable,
    };
    let mut finding = Finding {
        verdict,
        sentence: String::new(),
        keys: scope.keys.len(),
        tried: tried.len(),
        survivors: kept,
        nearest,
        not_tried: not_tried(trial, &kpis),
        kpi: scope.kpi,
    };
    finding.sentence = finding.in_words(scope.baseline, scope.candidate);
    finding
}

/// Whether a hypothesis can differ from all simpler ones at any of these KPIs.
fn is_tried(trial: &Trial<'_>, hypothesis: usize, kpis: &BTreeSet<usize>) -> bool {
    let switches = &trial.hypotheses[hypothesis].switches;
    let acts = |switch: &usize| kpis.iter().any(|kpi| trial.idle(*switch, *kpi).is_none());
    if !switches.iter().all(acts) {
        return false;
    }
    let [one, other] = switches[..] else { return true };
    // Singles follow no switch, in the switches' order.
    let same = |single: usize| {
        let rest = if single == one { other } else { one };
        let rewrites = matches!(trial.switches[rest].effect, super::switch::Effect::Formula(_));
        let place = |hypothesis, kpi: &usize| trial.variants.place(hypothesis, *kpi);
        rewrites && kpis.iter().all(|kpi| place(hypothesis, kpi) == place(single + 1, kpi))
    };
    !same(one) && !same(other)
}

fn score(hypothesis: usize, said: &[Said], scope: &Scope<'_>) -> Score {
    let mut score = Score { hypothesis, explained: 0, informative: 0, contradicted: 0 };
    for said in scope.keys.iter().map(|key| said[*key]).filter(|said| !said.undecided) {
        score.explained += usize::from(said.explained);
        score.informative += usize::from(said.explained && said.differs);
        score.contradicted += usize::from(!said.explained);
    }
    score
}

fn explanation(trial: &Trial<'_>, hypothesis: usize, said: &[Said], scope: &Scope<'_>) -> Explanation {
    let own = &trial.hypotheses[hypothesis];
    let held = |key: &usize| &trial.keys.held[*key].key;
    let explained: Vec<&usize> = scope.keys.iter().filter(|key| said[**key].explained).collect();
    let informative: Vec<&usize> = explained.iter().filter(|key| said[***key].differs).copied().collect();
    let dates = |keys: &[&usize]| keys.iter().map(|key| held(key).as_of).collect::<BTreeSet<_>>().len();
    let sentence = match own.switches.is_empty() {
        true => format!("{} says what {} says", scope.baseline, scope.candidate),
        false => own.says(trial.switches, scope.baseline, trial.snapshots),
    };
    Explanation {
        switches: own.ids(trial.switches),
        sentence,
        explained: explained.len(),
        undecided: scope.keys.iter().filter(|key| said[**key].undecided).count(),
        dates: dates(&explained),
        dates_that_differ: dates(&informative),
        informative: informative.into_iter().map(|key| held(key).clone()).collect(),
        equivalent_on_these_keys: Vec::new(),
    }
}

/// Those that explain most of what the candidate itself does not, without giving up much of what it does.
fn nearest(scores: &[Score], most: usize) -> Vec<usize> {
    let mut scores: Vec<&Score> = scores.iter().filter(|score| score.informative > 0).collect();
    scores.sort_by_key(|score| {
        (std::cmp::Reverse(score.explained), std::cmp::Reverse(score.informative), score.hypothesis)
    });
    scores.into_iter().take(most).map(|score| score.hypothesis).collect()
}

fn not_tried(trial: &Trial<'_>, kpis: &BTreeSet<usize>) -> Vec<NotTried> {
    let why = |switch: usize| {
        let reasons: Option<Vec<String>> = kpis.iter().map(|kpi| trial.idle(switch, *kpi)).collect();
        let mut reasons = reasons?;
        reasons.sort();
        reasons.dedup();
        Some(NotTried { switch: trial.switches[switch].id.to_owned(), reason: reasons.join("; ") })
    };
    (0..trial.switches.len()).filter_map(why).collect()
}
