//! The exact form: which formulas show their own numerator and denominator, and which their lowest terms.

use abaco_kpi::{ExactForm, Formula, Fraction, Scaled, exact_form};
use num_bigint::BigInt;
use rstest::rstest;

use crate::terms::{Named, number, term};

/// `paid` 350.00, `due` 2000.00, `fees` 1.250, and `missing` without a total.
fn total(name: &&'static str) -> Option<Scaled> {
    match *name {
        "paid" => Some(Scaled::new(35_000, 2)),
        "due" => Some(Scaled::new(200_000, 2)),
        "fees" => Some(Scaled::new(1_250, 3)),
        _ => None,
    }
}

fn shown(formula: &Named, value: &Fraction) -> Option<(String, String, String)> {
    let ExactForm { numerator, denominator, multiplier } = exact_form(formula, value, &total)?;
    Some((multiplier.to_string(), numerator.to_string(), denominator.to_string()))
}

fn half() -> Formula<&'static str> {
    Formula::Constant("0.5".parse().unwrap())
}

#[rstest]
#[case::a_plain_quotient(term("paid") / term("due"), "1", "350.00", "2000.00")]
#[case::a_percentage(100 * term("paid") / term("due"), "100", "350.00", "2000.00")]
#[case::a_constant_before_the_quotient(number(100) * (term("paid") / term("due")), "100", "350.00", "2000.00")]
#[case::a_constant_with_places(half() * term("paid") / term("due"), "0.5", "350.00", "2000.00")]
#[case::sums_above(100 * (term("paid") + term("fees")) / term("due"), "100", "351.250", "2000.00")]
#[case::differences_below(term("paid") / (term("due") - term("paid") - term("fees")), "1", "350.00", "1648.750")]
fn a_quotient_of_totals_is_shown_as_it_stands(
    #[case] formula: Named,
    #[case] multiplier: &str,
    #[case] numerator: &str,
    #[case] denominator: &str,
) {
    let form = shown(&formula, &Fraction::from(-1)).unwrap();
    assert_eq!(
        (form.0.as_str(), form.1.as_str(), form.2.as_str()),
        (multiplier, numerator, denominator),
        "{formula}"
    );
}

#[rstest]
#[case::a_term_alone(term("paid"))]
#[case::a_sum(term("paid") + term("due"))]
#[case::a_product_above(term("paid") * term("due") / term("due"))]
#[case::two_constants(number(2) * (number(3) * term("paid")) / term("due"))]
#[case::a_constant_in_a_sum((term("paid") + 1) / term("due"))]
#[case::a_quotient_below(term("paid") / (term("paid") / term("due")))]
#[case::rounded((100 * term("paid") / term("due")).round(2))]
#[case::caught((term("paid") / term("due")).or_else(0))]
#[case::a_term_without_a_total(term("missing") / term("due"))]
fn any_other_shape_is_its_value_in_lowest_terms(#[case] formula: Named) {
    let value = Fraction::ratio(350, -2_000).unwrap();
    let expected = ("1".to_owned(), "-7".to_owned(), "40".to_owned());
    assert_eq!(shown(&formula, &value), Some(expected), "{formula}");
}

#[rstest]
#[case::a_thousand_digits(1_000, true)]
#[case::one_more(1_001, false)]
fn nobody_reads_more_than_a_thousand_digits(#[case] digits: u32, #[case] shown: bool) {
    let long = || Some(Scaled::new(BigInt::from(10).pow(digits - 1), 0));
    let one = || Some(Scaled::new(1, 0));
    let above: Named = term("long") / term("one");
    let below: Named = term("one") / term("long");
    for formula in [above, below] {
        let pick = |name: &&'static str| if *name == "long" { long() } else { one() };
        assert_eq!(exact_form(&formula, &Fraction::from(1), &pick).is_some(), shown, "{formula}");
    }
    let value = Fraction::from(10).power(digits - 1).unwrap();
    assert_eq!(exact_form(&term("long"), &value, &|_| None).is_some(), shown);
}
