//! "did you mean": the nearest of a few known names.

/// Longer names are not compared: the distance costs the product of the lengths.
const MAX_LENGTH: usize = 64;

/// The known name that `name` most likely means, if one is close.
///
/// Case and punctuation do not count, so that `PAR30` means `par_30`; beyond that, one edit in three letters.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = letters(name);
    known
        .into_iter()
        .filter_map(|candidate| {
            let letters = letters(candidate);
            let longest = wanted.len().max(letters.len());
            if wanted.is_empty() || longest > MAX_LENGTH {
                return None;
            }
            let distance = distance(&wanted, &letters);
            (distance <= longest / 3).then_some((distance, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

fn letters(name: &str) -> Vec<char> {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Edits (insert, delete, replace, swap neighbours) that turn one into the other.
fn distance(from: &[char], to: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let mut least = (above[j] + usize::from(a != b)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_names_are_suggested_and_far_ones_are_not() {
        let known = ["par_30", "par_90", "collection_rate", "portfolio_health"];
        let cases = [
            ("PAR30", Some("par_30")),
            ("par-90", Some("par_90")),
            ("par_3", Some("par_30")),
            ("colection_rate", Some("collection_rate")),
            ("CollectionRate", Some("collection_rate")),
            ("portfolio_haelth", Some("portfolio_health")),
            ("write_off_rate", None),
            ("x", None),
            ("", None),
            ("___", None),
        ];
        for (name, expected) in cases {
            assert_eq!(nearest(name, known), expected, "{name}");
        }
        assert_eq!(nearest(&"p".repeat(10_000), known), None);
    }

    #[test]
    fn distances() {
        let distance = |a: &str, b: &str| distance(&letters(a), &letters(b));
        let cases =
            [("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3)];
        for (a, b, expected) in cases {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }
}
