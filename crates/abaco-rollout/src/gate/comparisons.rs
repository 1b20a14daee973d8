//! What replay and live comparisons show.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc, Weekday};
use rust_decimal::Decimal;

use super::GateSettings;
use super::criterion::Criterion;
use super::weigh::Piece;
use crate::evidence::ComparisonRecord;

/// What a comparison proves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// That both agree.
    Clean,
    /// That they do not.
    Dirty,
    /// Nothing: too few keys, too little on them, a known difference whose time is over, or a day that is still to come.
    Nothing,
}

/// Enough different snapshots of the past, none of which disagrees, and a quarter's end among them.
pub(super) fn replay(
    gate: &GateSettings,
    pieces: &[Piece<'_, ComparisonRecord>],
    now: DateTime<Utc>,
) -> Vec<Criterion> {
    let target = gate.replay.snapshots;
    // What was found last about a date is what counts of it. Without a date a comparison can speak against the candidate only.
    let latest: BTreeMap<Option<NaiveDate>, Piece<'_, ComparisonRecord>> =
        pieces.iter().map(|piece| (piece.2.as_of, *piece)).collect();
    let of = |proof: Proof| {
        latest.iter().filter(move |(date, piece)| match proves(gate, piece, now) {
            Proof::Clean if date.is_none() => proof == Proof::Nothing,
            found => found == proof,
        })
    };
    let clean: Vec<NaiveDate> = of(Proof::Clean).filter_map(|(date, _)| *date).collect();
    let dirty: Vec<_> = of(Proof::Dirty).collect();
    let digests = |dates: &[NaiveDate]| -> Vec<String> {
        let found = dates.iter().filter_map(|date| latest.get(&Some(*date)));
        found.map(|(_, digest, _)| (*digest).to_owned()).collect()
    };
    let count = clean.len() as u64;
    let achieved =
        format!("{} ({} not clean, {} prove nothing)", count, dirty.len(), of(Proof::Nothing).count());
    let why = || {
        let undated = || "has no date".to_owned();
        let clean = latest.iter().filter(|(_, (_, _, record))| record.clean);
        because(clean.map(|(date, piece)| why_not(gate, piece, now).or_else(|| date.is_none().then(undated))))
    };
    let criterion = Criterion::new("replay", format!("{target} snapshots"));
    let criterion = if let Some((first, _)) = dirty.first() {
        let first = first.map_or_else(|| "without a date".to_owned(), |date| date.to_string());
        let message = format!("replay: {} snapshots are not clean, the first {first}", dirty.len());
        criterion.by(dirty.iter().map(|(_, (_, digest, _))| (*digest).to_owned())).unmet(achieved, message)
    } else if count == 0 {
        let more = target.max(1);
        criterion.inconclusive(achieved, format!("replay: {more} more snapshots must be compared{}", why()))
    } else if count < target {
        let more = target - count;
        let message = format!("replay: {more} more snapshots must be compared{}", why());
        criterion.by(digests(&clean)).unmet(achieved, message)
    } else {
        criterion.by(digests(&clean)).met(achieved)
    };
    let mut criteria = vec![criterion];
    if gate.replay.quarter_end {
        let ends: Vec<NaiveDate> =
            clean.iter().copied().filter(|date| is_month_end(*date) && date.month() % 3 == 0).collect();
        criteria.push(among("quarter end in the replay", "quarter", &ends, digests(&ends)));
    }
    criteria
}

/// Enough different snapshots since the last one that disagreed, and a month's end among them.
pub(super) fn live(
    gate: &GateSettings,
    pieces: &[Piece<'_, ComparisonRecord>],
    now: DateTime<Utc>,
) -> Vec<Criterion> {
    let target = gate.live.consecutive;
    let dirty = pieces.iter().rposition(|(_, _, record)| !record.clean);
    let since = dirty.map_or(pieces, |at| &pieces[at + 1..]);
    let clean: Vec<_> = since.iter().filter(|piece| proves(gate, piece, now) == Proof::Clean).collect();
    // A snapshot that was compared twice is one; without a snapshot the day of the comparison stands for it.
    let mut snapshots: BTreeMap<(Option<NaiveDate>, Option<NaiveDate>), NaiveDate> = BTreeMap::new();
    for (at, _, record) in &clean {
        let day = at.date_naive();
        snapshots.entry((record.as_of, record.as_of.is_none().then_some(day))).or_insert(day);
    }
    // Old tapes that are compared on one day are a replay, also where they are compared again on other days.
    let days: BTreeSet<&NaiveDate> = snapshots.values().collect();
    let count = if gate.live.one_a_day { days.len() } else { snapshots.len() } as u64;
    let nothing = since.len() - clean.len();
    let digests = || clean.iter().map(|(_, digest, _)| (*digest).to_owned());
    let achieved = format!("{count} ({nothing} prove nothing)");
    let on = if gate.live.one_a_day { ", each on another day" } else { "" };
    let criterion = Criterion::new("live comparisons", format!("{target} in a row{on}")).by(digests());
    let more = |count: u64| {
        let why = because(since.iter().map(|piece| why_not(gate, piece, now)));
        format!("live comparisons: {} more in a row must be clean{on}{why}", target.max(1) - count)
    };
    let criterion = match dirty.map(|at| pieces[at]) {
        _ if count > 0 && count >= target => criterion.met(achieved),
        Some((at, digest, _)) => {
            let last = format!("{}; the last that was not: {}, {digest}", more(count), at.date_naive());
            criterion.unmet(achieved, last)
        }
        None if count > 0 => criterion.unmet(achieved, more(count)),
        None => criterion.inconclusive(achieved, more(0)),
    };
    let mut criteria = vec![criterion];
    if gate.live.month_end {
        let of_end = |record: &ComparisonRecord| record.as_of.filter(|date| is_month_end(*date));
        let ends: Vec<NaiveDate> = clean.iter().filter_map(|(_, _, record)| of_end(record)).collect();
        let by = clean.iter().filter(|(_, _, record)| of_end(record).is_some());
        let by = by.map(|(_, digest, _)| (*digest).to_owned()).collect();
        criteria.push(among("month end among the live comparisons", "month", &ends, by));
    }
    criteria
}

fn among(name: &str, period: &str, ends: &[NaiveDate], by: Vec<String>) -> Criterion {
    let criterion = Criterion::new(name, "1").by(by);
    match ends.last() {
        Some(last) => criterion.met(format!("{} (the last {last})", ends.len())),
        None => criterion.inconclusive("0", format!("{name}: the end of a {period} must be compared")),
    }
}

fn proves(gate: &GateSettings, piece: &Piece<'_, ComparisonRecord>, now: DateTime<Utc>) -> Proof {
    match (piece.2.clean, why_not(gate, piece, now)) {
        (false, _) => Proof::Dirty,
        (true, None) => Proof::Clean,
        (true, Some(_)) => Proof::Nothing,
    }
}

/// Why a comparison in which nothing differs proves nothing all the same.
fn why_not(
    gate: &GateSettings,
    (at, _, record): &Piece<'_, ComparisonRecord>,
    now: DateTime<Utc>,
) -> Option<String> {
    if *at > now {
        return Some(format!("is dated in the future: {at}"));
    }
    let ComparisonRecord { compared, expected, informative, .. } = record;
    // Counts that contradict each other are no comparison.
    let sum = record.outcomes.values().try_fold(0_u64, |sum, count| sum.checked_add(*count));
    if sum != Some(*compared) || informative > compared {
        return Some("has counts that contradict each other".to_owned());
    }
    let covered = Decimal::from(*expected)
        .checked_mul(gate.coverage)
        .is_some_and(|least| *expected > 0 && Decimal::from(*compared) >= least);
    if !covered {
        return Some(format!("compared {compared} of {expected} keys"));
    }
    let least = gate.informative.max(1);
    if *informative < least {
        return Some(format!(
            "has {informative} informative keys of {least}: a zero is none, nor is what a side has that does not say what it read"
        ));
    }
    let ended = record.until.filter(|until| now.date_naive() > *until);
    ended.map(|until| format!("rests on a known difference that ended on {until}"))
}

/// The reason of the last one that proves nothing, behind what is missing.
fn because(mut reasons: impl DoubleEndedIterator<Item = Option<String>>) -> String {
    match reasons.rfind(Option::is_some).flatten() {
        Some(why) => format!(" (the last that proves nothing {why})"),
        None => String::new(),
    }
}

/// The last day of a month, or its last weekday.
fn is_month_end(date: NaiveDate) -> bool {
    let after = |days: u64| date.checked_add_days(Days::new(days));
    let ends = |next: Option<NaiveDate>| next.is_none_or(|next| next.month() != date.month());
    // Behind a Friday only the weekend is left.
    ends(after(1)) || (date.weekday() == Weekday::Fri && ends(after(3)))
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use rstest::rstest;

    use super::is_month_end;

    #[rstest]
    #[case("2026-01-31", true)] // a Saturday
    #[case("2026-01-30", true)]
    #[case("2026-01-29", false)]
    #[case("2026-03-31", true)] // a Tuesday
    #[case("2026-03-30", false)]
    #[case("2026-03-27", false)] // a Friday with days of the month behind the weekend
    #[case("2026-05-29", true)] // the month ends on Sunday
    #[case("2026-05-30", false)] // the Saturday between both
    #[case("2024-02-29", true)]
    #[case("2024-02-28", false)]
    #[case("2025-02-28", true)]
    fn the_end_of_a_month(#[case] date: NaiveDate, #[case] expected: bool) {
        assert_eq!(is_month_end(date), expected, "{date}");
    }
}
