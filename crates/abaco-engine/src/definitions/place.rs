//! From a place in a formula to the place in the file that the formula stands in.

use crate::yaml::{self, Step};

/// Line and column, both from 1.
pub(super) type Place = (usize, usize);

/// Where the formula of the entry number `index` begins.
pub(super) fn formula_begins(file: &str, index: usize) -> Option<Place> {
    yaml::place_of(file, &[Step::Key("kpis"), Step::Index(index), Step::Key("formula")])
}

/// Where the place `at` of `formula` is in `file`, if the formula begins at `begins` there.
///
/// YAML folds lines, cuts indentation and doubles quotes, but it keeps the order of all other characters: so the n-th
/// of them in the formula is the n-th in the file.
pub(super) fn in_file(file: &str, begins: Place, formula: &str, at: Place) -> Option<Place> {
    let mut here = (1, 1);
    let mut before = Vec::new();
    for letter in formula.chars() {
        if here >= at {
            break;
        }
        if !letter.is_whitespace() {
            before.push(letter);
        }
        here = if letter == '\n' { (here.0 + 1, 1) } else { (here.0, here.1 + 1) };
    }
    let at_end = before.len() == formula.chars().filter(|letter| !letter.is_whitespace()).count();
    let mut wanted = before.into_iter().peekable();
    let mut behind = begins;
    for (place, letter) in letters(file, begins) {
        match wanted.peek() {
            None if at_end => return Some(behind),
            None => return Some(place),
            // An escape has a character more than what it means.
            Some(next) if *next == letter => {
                wanted.next();
                behind = (place.0, place.1 + 1);
            }
            Some(_) => {}
        }
    }
    wanted.peek().is_none().then_some(behind)
}

/// The characters of the value that begins there, without white space, and what follows it.
fn letters(file: &str, begins: Place) -> impl Iterator<Item = (Place, char)> {
    let lines = file.lines().enumerate().skip(begins.0 - 1);
    lines
        .flat_map(move |(index, line)| {
            let first = index + 1 == begins.0;
            let skipped = if first { begins.1 - 1 } else { 0 };
            // The head of a block, such as `>-`, is no part of it; nor is an opening quote.
            let head = line.chars().nth(skipped).filter(|_| first);
            let block = matches!(head, Some('|' | '>'));
            let quoted = usize::from(matches!(head, Some('"' | '\'')));
            let taken = if block { 0 } else { usize::MAX };
            let letters = line.chars().enumerate().skip(skipped + quoted).take(taken);
            letters.map(move |(column, letter)| ((index + 1, column + 1), letter))
        })
        .filter(|(_, letter)| !letter.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(file: &str, formula: &str, at: Place) -> Option<Place> {
        in_file(file, formula_begins(file, 0)?, formula, at)
    }

    #[test]
    fn every_style_of_yaml() {
        let cases = [
            ("kpis:\n- formula: SUM(a) / b", "SUM(a) / b", (1, 10), (2, 21)),
            ("kpis:\n- formula: \"SUM(a) / b\"", "SUM(a) / b", (1, 10), (2, 22)),
            ("kpis:\n- formula: 'SUM(''a'') / b'", "SUM('a') / b", (1, 12), (2, 26)),
            ("kpis:\n- {id: x, formula: SUM(a) / b}", "SUM(a) / b", (1, 10), (2, 29)),
            ("kpis:\n- id: x\n  formula: |\n    SUM(a)\n      / b\n", "SUM(a)\n  / b\n", (2, 5), (5, 9)),
            ("kpis:\n- formula: >-\n    SUM(a)\n    / b\n  id: x", "SUM(a) / b", (1, 10), (4, 7)),
            ("kpis:\n- formula: >- # why\n\n    SUM(a)\n\n    / b\n", "SUM(a)\n/ b", (2, 3), (6, 7)),
            ("kpis:\n- formula: SUM(a)\n    / b\n  id: x", "SUM(a) / b", (1, 10), (3, 7)),
            ("kpis:\n- id: é\n  formula: 'é' + b", "é", (1, 1), (3, 13)),
            // The end of the formula.
            ("kpis:\n- formula: SUM(a) /\n  id: x", "SUM(a) /", (1, 9), (2, 20)),
            ("kpis:\n- formula: |\n    SUM(a) /\n  id: x", "SUM(a) /\n", (2, 1), (3, 13)),
        ];
        for (file, formula, at, expected) in cases {
            assert_eq!(place(file, formula, at), Some(expected), "{file}");
        }
    }

    #[test]
    fn what_is_not_there_has_no_place() {
        for file in ["", "kpis: []", "kpis:\n- id: x", "kpis: {formula: x}", "kpis:\n- [formula]", "["] {
            assert_eq!(formula_begins(file, 0), None, "{file}");
        }
        assert_eq!(in_file("SUM(a)", (1, 1), "SUM(b) / c", (1, 8)), None);
        assert_eq!(in_file("x", (9, 9), "SUM(b) / c", (1, 8)), None);
    }
}
