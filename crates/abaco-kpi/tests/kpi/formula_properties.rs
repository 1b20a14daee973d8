//! Whole formulas against a second evaluator, and what holds for each of them.

use std::collections::HashMap;

use abaco_kpi::{Absent, Formula, Fraction, KpiError, RoundingMode, Terms, Undefined};
use num_rational::BigRational;
use num_traits::Zero;
use proptest::prelude::*;

use crate::rational::{rational, same};
use crate::terms::{Named, failure, term};

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// What a term gives.
#[derive(Clone, Debug, PartialEq)]
enum Leaf {
    Number(i64),
    Undefined(Undefined),
    Failed,
}

#[derive(Debug)]
struct Leaves(HashMap<&'static str, Leaf>);

impl Terms<&'static str> for Leaves {
    fn value(&self, term: &&'static str, _: u32) -> Result<Fraction, Absent> {
        match &self.0[term] {
            Leaf::Number(value) => Ok(Fraction::from(i128::from(*value))),
            Leaf::Undefined(reason) => Err(Absent::Undefined(*reason)),
            Leaf::Failed => Err(Absent::Failed(failure())),
        }
    }
}

fn leaves(failing: bool) -> impl Strategy<Value = Leaves> {
    let leaf = prop_oneof![
        6 => (-5i64..6).prop_map(Leaf::Number),
        2 => any::<i64>().prop_map(Leaf::Number),
        2 => prop::sample::select(vec![Undefined::NoRows, Undefined::AllNull, Undefined::NoMatch])
            .prop_map(Leaf::Undefined),
        u32::from(failing) => Just(Leaf::Failed),
    ];
    prop::collection::vec(leaf, 4).prop_map(|leaves| Leaves(NAMES.into_iter().zip(leaves).collect()))
}

fn formulas(coalesce: bool) -> impl Strategy<Value = Named> {
    let leaf = prop_oneof![
        3 => prop::sample::select(NAMES.to_vec()).prop_map(term),
        1 => (-3i64..4).prop_map(Formula::from),
    ];
    leaf.prop_recursive(4, 24, 3, move |inner| {
        let pair = (inner.clone(), inner.clone());
        let several = prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            2 => pair.clone().prop_map(|(x, y)| x + y),
            2 => pair.clone().prop_map(|(x, y)| x - y),
            2 => pair.clone().prop_map(|(x, y)| x * y),
            2 => pair.prop_map(|(x, y)| x / y),
            1 => several.clone().prop_map(Formula::Least),
            1 => several.clone().prop_map(Formula::Greatest),
            1 => (inner.clone(), 0u32..3).prop_map(|(x, scale)| x.round(scale)),
            1 => (inner.clone(), 0u32..3).prop_map(|(x, scale)| x.round_even(scale)),
            1 => (inner, 1u32..4).prop_map(|(x, exponent)| x.power(exponent)),
            2 * u32::from(coalesce) => several.prop_map(Formula::Coalesce),
        ]
    })
}

/// The rules once more, over reduced rationals.
fn reference(formula: &Named, leaves: &Leaves) -> Result<BigRational, Absent> {
    let number = |x: i128| rational(&x.to_string(), "1");
    let two = |x: &Named, y: &Named| match (reference(x, leaves), reference(y, leaves)) {
        (Ok(x), Ok(y)) => Ok((x, y)),
        (Err(Absent::Failed(e)), _) | (_, Err(Absent::Failed(e))) => Err(Absent::Failed(e)),
        (Err(e), _) | (_, Err(e)) => Err(e),
    };
    let several = |all: &[Named]| -> Result<Vec<BigRational>, Absent> {
        let all: Vec<_> = all.iter().map(|x| reference(x, leaves)).collect();
        let failed = all.iter().find(|x| matches!(x, Err(Absent::Failed(_))));
        match failed {
            Some(failed) => failed.clone().map(|x| vec![x]),
            None => all.into_iter().collect(),
        }
    };
    match formula {
        Formula::Term(name) => match &leaves.0[name] {
            Leaf::Number(x) => Ok(number((*x).into())),
            Leaf::Undefined(reason) => Err(Absent::Undefined(*reason)),
            Leaf::Failed => Err(Absent::Failed(failure())),
        },
        Formula::Constant(x) => Ok(number(x.mantissa()) / number(10i128.pow(x.scale()))),
        Formula::Add(x, y) => two(x, y).map(|(x, y)| x + y),
        Formula::Subtract(x, y) => two(x, y).map(|(x, y)| x - y),
        Formula::Multiply(x, y) => two(x, y).map(|(x, y)| x * y),
        Formula::Divide(x, y) => two(x, y).and_then(|(x, y)| {
            if y.is_zero() { Err(Absent::Undefined(Undefined::ZeroDenominator)) } else { Ok(x / y) }
        }),
        Formula::Least(all) => several(all).map(|all| all.into_iter().min().unwrap()),
        Formula::Greatest(all) => several(all).map(|all| all.into_iter().max().unwrap()),
        Formula::Round { value, scale, mode } => reference(value, leaves).map(|x| {
            let shift = number(10i128.pow(*scale));
            let shifted = x * &shift;
            let away = shifted.round();
            let tie = (&shifted - shifted.floor()) == rational("1", "2");
            let even = |x: &BigRational| (x / number(2)).is_integer();
            let units = match mode {
                RoundingMode::HalfEven if tie && even(&shifted.floor()) => shifted.floor(),
                RoundingMode::HalfEven if tie => shifted.ceil(),
                _ => away,
            };
            units / shift
        }),
        Formula::Power(x, exponent) => reference(x, leaves).map(|x| num_traits::pow(x, *exponent as usize)),
        Formula::Coalesce(all) => {
            let mut first = None;
            for x in all {
                match reference(x, leaves) {
                    Err(Absent::Undefined(reason)) => first = first.or(Some(reason)),
                    other => return other,
                }
            }
            Err(Absent::Undefined(first.unwrap()))
        }
        other => panic!("not generated: {other}"),
    }
}

fn uses(formula: &Named, wanted: &dyn Fn(&str) -> bool) -> bool {
    let mut found = false;
    formula.for_each_term(&mut |name| found |= wanted(name));
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_formula_has_the_value_of_the_reference(formula in formulas(true), leaves in leaves(true)) {
        match (formula.evaluate(&leaves), reference(&formula, &leaves)) {
            (Ok(ours), Ok(expected)) => prop_assert!(same(&ours.value, &expected), "{}", formula),
            (Err(ours), Err(expected)) => prop_assert_eq!(ours, expected, "{}", formula),
            (ours, expected) => prop_assert!(false, "{}: {:?} instead of {:?}", formula, ours, expected),
        }
    }

    #[test]
    fn without_coalesce_nothing_is_hidden(formula in formulas(false), leaves in leaves(true)) {
        let failed = uses(&formula, &|name| leaves.0[name] == Leaf::Failed);
        let undefined = uses(&formula, &|name| matches!(leaves.0[name], Leaf::Undefined(_)));
        match formula.evaluate(&leaves) {
            Err(Absent::Failed(error)) => prop_assert!(failed, "{}: {}", formula, error),
            Err(Absent::Undefined(_)) => prop_assert!(!failed, "{}", formula),
            Ok(evaluation) => {
                prop_assert!(!failed && !undefined, "{}", formula);
                prop_assert_eq!(evaluation.caught, None);
            }
        }
    }

    #[test]
    fn a_fallback_changes_only_what_is_undefined(formula in formulas(true), leaves in leaves(true)) {
        let plain = formula.evaluate(&leaves);
        let caught = formula.or_else(42).evaluate(&leaves);
        match plain {
            Ok(evaluation) => prop_assert_eq!(caught, Ok(evaluation)),
            Err(Absent::Failed(error)) => prop_assert_eq!(caught, Err(Absent::Failed(error))),
            Err(Absent::Undefined(_)) => {
                let caught = caught.unwrap();
                prop_assert_eq!(caught.value, Fraction::from(42));
                prop_assert!(caught.caught.is_some());
            }
        }
    }

    #[test]
    fn mapping_the_terms_keeps_the_formula(formula in formulas(true)) {
        let longer = formula.try_map::<String, KpiError>(&mut |name| Ok(format!("{name}{name}"))).unwrap();
        let back = longer.try_map::<&'static str, KpiError>(&mut |name| {
            Ok(NAMES.into_iter().find(|known| name.starts_with(known)).unwrap())
        });
        prop_assert_eq!(back, Ok(formula));
    }

    #[test]
    fn the_first_error_of_a_mapping_ends_it(formula in formulas(true)) {
        let mut seen = Vec::new();
        let mapped: Result<Named, &str> = formula.try_map(&mut |name: &&'static str| {
            seen.push(*name);
            if *name == "c" { Err("c") } else { Ok(*name) }
        });
        prop_assert_eq!(mapped.is_err(), uses(&formula, &|name| name == "c"));
        prop_assert!(!seen.iter().rev().skip(1).any(|name| *name == "c"), "{:?}", seen);
    }
}
