//! Findings in words.

use super::findings::{Explanation, Finding, Verdict};
use super::verdict::MIN_INFORMATIVE;

impl Finding {
    pub(super) fn in_words(&self, baseline: &str, candidate: &str) -> String {
        let Self { keys, tried, .. } = self;
        if *keys == 0 {
            return format!("no value of {baseline} could be held against {candidate}");
        }
        match (self.verdict, &self.survivors[..]) {
            (Verdict::NothingToExplain, [none, ..]) => {
                let mut singles = none.equivalent_on_these_keys.iter().filter(|other| other.len() == 1);
                let names: Vec<&str> = singles.by_ref().flatten().map(String::as_str).collect();
                let also = match names.is_empty() {
                    true => String::new(),
                    false => format!("; on them it cannot be told from {}", names.join(", ")),
                };
                format!("{candidate} gives {} of {baseline} without any switch{also}", values(*keys))
            }
            (Verdict::Confirmed, [one, ..]) => {
                format!(
                    "{}: of {tried} hypotheses this one alone gives {}; {}",
                    one.sentence,
                    values(*keys),
                    one.apart()
                )
            }
            (Verdict::Indistinguishable, [one]) => {
                let found = one.informative.len();
                format!(
                    "perhaps {}: of {tried} hypotheses this one alone gives {}, but only {} {} it apart, and {MIN_INFORMATIVE} are needed; {}",
                    one.sentence,
                    values(*keys),
                    plural(found, "key"),
                    if found == 1 { "tells" } else { "tell" },
                    one.apart()
                )
            }
            (Verdict::Indistinguishable, all) => {
                let each: Vec<String> =
                    all.iter().map(|one| format!("{} ({})", one.sentence, one.apart())).collect();
                format!(
                    "of {tried} hypotheses {} give {} and cannot be told apart: {}",
                    all.len(),
                    values(*keys),
                    each.join("; or ")
                )
            }
            _ => {
                let nearest = match self.nearest.first() {
                    Some(one) => {
                        format!("; the nearest, {}, gives {} of them", one.sentence, one.explained)
                    }
                    None => String::new(),
                };
                format!("none of {tried} hypotheses gives {} of {baseline}{nearest}", values(*keys))
            }
        }
    }
}

impl Explanation {
    /// Where it shows.
    fn apart(&self) -> String {
        let agree = self.dates - self.dates_that_differ;
        let mut words = match agree {
            0 => format!("it differs from no switch in {}", of_snapshots(self.dates, self.dates)),
            _ => format!(
                "it differs from no switch in {} and agrees in the other {agree}",
                of_snapshots(self.dates_that_differ, self.dates)
            ),
        };
        if self.undecided > 0 {
            let keys = plural(self.undecided, "key");
            words.push_str(&format!("; at {keys} the tape cannot tell"));
        }
        words
    }
}

fn of_snapshots(some: usize, all: usize) -> String {
    match (some == all, all) {
        (true, 1) => "the only snapshot".to_owned(),
        (true, all) => format!("all {all} snapshots"),
        (false, all) => format!("{some} of {}", plural(all, "snapshot")),
    }
}

fn values(keys: usize) -> String {
    match keys {
        1 => "the only value".to_owned(),
        keys => format!("all {keys} values"),
    }
}

fn plural(number: usize, of: &str) -> String {
    if number == 1 { format!("1 {of}") } else { format!("{number} {of}s") }
}
