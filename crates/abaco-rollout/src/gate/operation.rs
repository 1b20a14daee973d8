//! What is asked for besides comparisons.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;

use super::criterion::Criterion;
use super::weigh::Piece;
use super::{
    ChecklistSettings, ConcurrencySettings, GateSettings, PerformanceSettings, RehearsalSettings,
    SoakSettings,
};
use crate::evidence::{
    ChecklistRecord, ConcurrencyRecord, PerformanceRecord, RehearsalRecord, SoakRecord, TieOutRecord,
};

pub(super) fn tie_outs(gate: &GateSettings, pieces: &[Piece<'_, TieOutRecord>]) -> Criterion {
    let target = gate.tie_outs;
    // What was found last about a figure is what counts of it.
    let latest: BTreeMap<_, _> = pieces
        .iter()
        .map(|(_, digest, record)| ((record.as_of, &record.figure, &record.source), (*digest, *record)))
        .collect();
    let loose = latest.values().find(|(_, record)| !record.ties);
    let idle = latest.values().filter(|(_, record)| record.ties).find_map(|(_, record)| idle(gate, record));
    let count = latest.values().filter(|(_, r)| r.ties && self::idle(gate, r).is_none()).count() as u64;
    let achieved = format!("{count} of {}", latest.len());
    let criterion = Criterion::new("tie-outs", format!("{target} figures from another source"))
        .by(latest.values().map(|(digest, _)| (*digest).to_owned()));
    match loose {
        Some((_, record)) => {
            let TieOutRecord { figure, source, found, expected, .. } = record;
            let message = format!("tie-outs: `{figure}` by {source}: expected {expected}, found {found}");
            criterion.unmet(achieved, message)
        }
        None if count < target => {
            let why = idle.map_or_else(String::new, |why| format!(" ({why})"));
            let message =
                format!("tie-outs: {} more figures must tie to another source{why}", target - count);
            if count == 0 {
                criterion.inconclusive(achieved, message)
            } else {
                criterion.unmet(achieved, message)
            }
        }
        None => criterion.met(achieved),
    }
}

/// Why a figure that ties proves nothing all the same.
fn idle(gate: &GateSettings, record: &TieOutRecord) -> Option<String> {
    let TieOutRecord { figure, found, expected, tolerance, .. } = record;
    let decimal = |text: &str| text.parse::<Decimal>().ok();
    let (Some(value), Some(other), Some(accepted)) = (decimal(found), decimal(expected), decimal(tolerance))
    else {
        return Some(format!(
            "`{figure}`: expected decimals, found `{found}`, `{expected}` and `{tolerance}`"
        ));
    };
    if value.is_zero() {
        return Some(format!("`{figure}` is 0, which proves nothing"));
    }
    let most = other.abs().checked_mul(gate.tie_out_tolerance);
    let is_wide = most.is_none_or(|most| accepted > most);
    let share = gate.tie_out_tolerance;
    is_wide.then(|| format!("`{figure}` accepts {accepted}, more than {share} of {expected}"))
}

pub(super) fn performance(asked: &PerformanceSettings, pieces: &[Piece<'_, PerformanceRecord>]) -> Criterion {
    let PerformanceSettings { rows, seconds } = asked;
    let criterion = Criterion::new("performance", format!("{rows} rows in less than {seconds} s"));
    let limit = seconds.saturating_mul(1000);
    // A short tape proves nothing, unless even that took too long.
    let tells = |record: &PerformanceRecord| record.rows >= *rows || record.milliseconds >= limit;
    let Some((_, digest, found)) = pieces.iter().rfind(|(_, _, record)| tells(record)) else {
        let message = format!("performance: a tape of {rows} rows must be timed");
        return criterion.inconclusive("nothing", message);
    };
    let achieved = format!("{} rows in {} ms", found.rows, found.milliseconds);
    let criterion = criterion.by([(*digest).to_owned()]);
    if found.milliseconds < limit {
        criterion.met(achieved)
    } else {
        let message = format!("performance: expected less than {seconds} s, found {} ms", found.milliseconds);
        criterion.unmet(achieved, message)
    }
}

pub(super) fn concurrency(asked: &ConcurrencySettings, pieces: &[Piece<'_, ConcurrencyRecord>]) -> Criterion {
    let runs = asked.runs.max(1);
    let criterion = Criterion::new("concurrency", format!("{runs} runs at once, all whole"));
    // Few runs prove nothing, unless one of them failed.
    let tells = |record: &ConcurrencyRecord| record.runs >= runs || record.failed > 0 || record.damaged > 0;
    let Some((_, digest, found)) = pieces.iter().rfind(|(_, _, record)| tells(record)) else {
        return criterion.inconclusive("nothing", format!("concurrency: {runs} runs must be begun at once"));
    };
    let ConcurrencyRecord { runs, failed, damaged } = found;
    let achieved = format!("{runs} runs, {failed} failed, {damaged} damaged");
    let criterion = criterion.by([(*digest).to_owned()]);
    if *failed == 0 && *damaged == 0 {
        criterion.met(achieved)
    } else {
        let message =
            format!("concurrency: of {runs} runs at once {failed} failed and {damaged} were damaged");
        criterion.unmet(achieved, message)
    }
}

pub(super) fn soak(asked: &SoakSettings, pieces: &[Piece<'_, SoakRecord>]) -> Criterion {
    let (runs, growth) = (asked.runs.max(1), asked.memory_growth);
    let target = format!("{runs} runs in a row, memory grows by at most {growth} of what it was");
    let criterion = Criterion::new("soak", target);
    let tells = |record: &SoakRecord| record.runs >= runs || record.failed > 0;
    let Some((_, digest, found)) = pieces.iter().rfind(|(_, _, record)| tells(record)) else {
        return criterion.inconclusive("nothing", format!("soak: {runs} runs must be made in a row"));
    };
    let criterion = criterion.by([(*digest).to_owned()]);
    let (runs, failed) = (found.runs, found.failed);
    if failed > 0 {
        let message = format!("soak: {failed} of {runs} runs failed or gave other numbers");
        return criterion.unmet(format!("{runs} runs, {failed} failed"), message);
    }
    let (Some(early), Some(late)) = (found.memory_early_kib, found.memory_late_kib) else {
        let message = "soak: the memory must be measured";
        return criterion.inconclusive(format!("{runs} runs, memory not measured"), message);
    };
    let achieved = format!("{runs} runs, from {early} KiB to {late} KiB");
    let most = Decimal::ONE.checked_add(growth).and_then(|share| share.checked_mul(Decimal::from(early)));
    if early > 0 && most.is_some_and(|most| Decimal::from(late) <= most) {
        criterion.met(achieved)
    } else {
        let message =
            format!("soak: memory grew from {early} KiB to {late} KiB, expected at most {growth} more");
        criterion.unmet(achieved, message)
    }
}

pub(super) fn rehearsal(
    asked: &RehearsalSettings,
    pieces: &[Piece<'_, RehearsalRecord>],
    now: DateTime<Utc>,
) -> Criterion {
    let RehearsalSettings { not_older_than_days: days, rollback_seconds: seconds } = asked;
    let target = format!("rolled back within {seconds} s, not older than {days} days");
    let criterion = Criterion::new("rehearsal", target);
    let Some((at, digest, found)) = pieces.last() else {
        return criterion.inconclusive("nothing", "rehearsal: a cutover and its rollback must be rehearsed");
    };
    let criterion = criterion.by([(*digest).to_owned()]);
    let age = now.signed_duration_since(*at);
    let achieved = match found.proven {
        true => format!("{}: rolled back in {} ms", at.date_naive(), found.rollback_milliseconds),
        false => format!("{}: not proven", at.date_naive()),
    };
    let problem = if !found.proven {
        Some("the rollback was not proven".to_owned())
    } else if !found.forward {
        Some("going forward again did not work".to_owned())
    } else if found.rollback_milliseconds > seconds.saturating_mul(1000) {
        Some(format!("expected at most {seconds} s, found {} ms", found.rollback_milliseconds))
    } else if age < TimeDelta::zero() {
        Some(format!("it is dated in the future: {at}"))
    } else if age > TimeDelta::days(i64::from(*days)) {
        Some(format!("it is {} days old, and may be {days}", age.num_days()))
    } else {
        None
    };
    match problem {
        Some(problem) => criterion.unmet(achieved, format!("rehearsal: {problem}")),
        None => criterion.met(achieved),
    }
}

pub(super) fn checklist(
    list: &str,
    lists: &ChecklistSettings,
    pieces: &[Piece<'_, ChecklistRecord>],
) -> Criterion {
    let items = lists.get(list).map_or(&[][..], Vec::as_slice);
    let criterion = Criterion::new(&format!("checklist {list}"), format!("{} items", items.len()));
    if items.is_empty() {
        let message = format!("checklist `{list}`: `checklists` in rollout.yml names no item of it");
        return criterion.inconclusive("0", message);
    }
    let done = |item: &String| pieces.iter().rfind(|(_, _, r)| r.list == list && r.item == *item);
    let open: Vec<&String> = items.iter().filter(|item| done(item).is_none()).collect();
    let achieved = (items.len() - open.len()).to_string();
    let criterion = criterion.by(items.iter().filter_map(done).map(|(_, digest, _)| (*digest).to_owned()));
    match open.first() {
        Some(first) => {
            let message = format!("checklist `{list}`: {} items are open, the first `{first}`", open.len());
            criterion.unmet(achieved, message)
        }
        None => criterion.met(achieved),
    }
}
