//! The parser against a table, and against big integers that know nothing of its tricks.

use num_bigint::BigInt;
use proptest::prelude::*;
use rstest::rstest;

use super::super::rescale::rescale;
use super::*;

const RULES: [ExcessDigits; 3] = [ExcessDigits::Refuse, ExcessDigits::HalfAway, ExcessDigits::HalfEven];

fn rule(precision: u8, scale: u8, excess: ExcessDigits) -> DecimalRule {
    DecimalRule::new(precision, scale, excess).unwrap()
}

#[rstest]
#[case("0", 0, 0)]
#[case("-0.00", 0, 2)]
#[case("2535.0", 253_500, 1)]
#[case("+12.34", 1_234, 2)]
#[case("-12.34", -1_234, 2)]
#[case("  7\t", 700, 0)]
#[case(".5", 50, 1)]
#[case("5.", 500, 0)]
#[case("1e3", 100_000, 0)]
#[case("1.5E+1", 1_500, 0)]
#[case("15e-1", 150, 1)]
#[case("1.50e-0", 150, 2)]
#[case("100e-4", 1, 2)]
#[case("1.500000000000000000000000000000000000000000000000000", 150, 2)]
#[case("000000000000000000000000000000000000000000000000001", 100, 0)]
#[case("9999999999999999.99", 999_999_999_999_999_999, 2)]
#[case("-9999999999999999.99", -999_999_999_999_999_999, 2)]
#[case("0e1000", 0, 0)]
#[case("0e-1000", 0, 2)]
fn exact(#[case] text: &str, #[case] mantissa: i128, #[case] written_scale: u8) {
    for excess in RULES {
        let parsed = parse_decimal(text.as_bytes(), &rule(18, 2, excess));
        assert_eq!(parsed, Ok(ParsedDecimal { mantissa, written_scale, rounded: false }), "{text}");
    }
}

#[rstest]
#[case("1.015", 102, 102)]
#[case("1.025", 103, 102)]
#[case("-1.025", -103, -102)]
#[case("1.0250000000000000000000000000000000000000000000000001", 103, 103)]
#[case("1.0249999999999999999999999999999999999999999999999999", 102, 102)]
#[case("5.6843418860808015E-14", 0, 0)]
#[case("-5.68E-14", 0, 0)]
#[case("0.005", 1, 0)]
#[case("0.0050001", 1, 1)]
#[case("0.015", 2, 2)]
#[case("5e-3", 1, 0)]
#[case("9e-4", 0, 0)]
#[case("1e-1000", 0, 0)]
#[case("0.995", 100, 100)]
fn rounded(#[case] text: &str, #[case] away: i128, #[case] even: i128) {
    let parse = |excess| parse_decimal(text.as_bytes(), &rule(18, 2, excess));
    assert_eq!(parse(ExcessDigits::Refuse), Err(DecimalFault::ExcessDigits), "{text}");
    let expected = |mantissa| Ok(ParsedDecimal { mantissa, written_scale: 2, rounded: true });
    assert_eq!(parse(ExcessDigits::HalfAway), expected(away), "{text}");
    assert_eq!(parse(ExcessDigits::HalfEven), expected(even), "{text}");
}

#[rstest]
#[case("10000000000000000")]
#[case("-10000000000000000.00")]
#[case("1e16")]
#[case("1e1000")]
#[case("99999999999999999999999999999999999999999999999999999999")]
fn overflow(#[case] text: &str) {
    for excess in RULES {
        let parsed = parse_decimal(text.as_bytes(), &rule(18, 2, excess));
        assert_eq!(parsed, Err(DecimalFault::Overflow), "{text}");
    }
}

#[test]
fn rounding_can_overflow() {
    let parsed = parse_decimal(b"9999999999999999.995", &rule(18, 2, ExcessDigits::HalfAway));
    assert_eq!(parsed, Err(DecimalFault::Overflow));
    let nines = format!("{}.5", "9".repeat(38));
    assert_eq!(
        parse_decimal(nines.as_bytes(), &rule(38, 0, ExcessDigits::HalfEven)),
        Err(DecimalFault::Overflow)
    );
    let parsed = parse_decimal(&nines.as_bytes()[..38], &rule(38, 0, ExcessDigits::Refuse));
    assert_eq!(parsed.unwrap().mantissa, 10i128.pow(38) - 1);
}

#[rstest]
fn not_numbers(
    #[values(
        "",
        " ",
        "+",
        "-",
        ".",
        "-.",
        "e5",
        ".e5",
        "1e",
        "1e+",
        "1e1.0",
        "NaN",
        "nan",
        "inf",
        "-Infinity",
        "1,000",
        "1_000",
        "0x10",
        "1 000",
        "--1",
        "+-1",
        "1-",
        "1.2.3",
        "1..2",
        "1e1001",
        "1e-1001",
        "1e99999999999999999999",
        "$5",
        "5%",
        "(5)",
        "\u{661}",
        "1f",
        "abc",
        "1\u{a0}"
    )]
    text: &str,
) {
    for excess in RULES {
        let parsed = parse_decimal(text.as_bytes(), &rule(18, 2, excess));
        assert_eq!(parsed, Err(DecimalFault::NotANumber), "{text}");
    }
}

#[test]
fn length_is_limited() {
    let fits = "0".repeat(MAX_NUMBER_BYTES);
    let cents = rule(18, 2, ExcessDigits::Refuse);
    assert_eq!(parse_decimal(fits.as_bytes(), &cents).map(|parsed| parsed.mantissa), Ok(0));
    assert_eq!(parse_decimal(format!("{fits}0").as_bytes(), &cents), Err(DecimalFault::NotANumber));
}

#[test]
fn rules_have_limits() {
    assert_eq!(DecimalRule::new(0, 0, ExcessDigits::Refuse), None);
    assert_eq!(DecimalRule::new(39, 0, ExcessDigits::Refuse), None);
    assert_eq!(DecimalRule::new(5, 6, ExcessDigits::Refuse), None);
}

/// The same rules, slowly: everything is a big integer over a power of ten.
fn oracle(
    digits: &BigInt,
    exponent: i64,
    written: i64,
    rule: &DecimalRule,
) -> Result<ParsedDecimal, DecimalFault> {
    let power = |n: i64| BigInt::from(10).pow(n as u32);
    let shift = exponent + i64::from(rule.scale);
    let (floor, rest, unit) = if shift >= 0 {
        (digits * power(shift), BigInt::from(0), BigInt::from(1))
    } else {
        let unit = power(-shift);
        (digits / &unit, digits % &unit, unit)
    };
    let limit = power(i64::from(rule.precision));
    let too_large = |n: &BigInt| *n >= limit || -n.clone() >= limit;
    let zero = BigInt::from(0);
    let sign = if *digits < zero { BigInt::from(-1) } else { BigInt::from(1) };
    if too_large(&floor) {
        return Err(DecimalFault::Overflow);
    }
    let lost = rest != zero;
    if lost && rule.excess == ExcessDigits::Refuse {
        return Err(DecimalFault::ExcessDigits);
    }
    let twice = (rest * &sign) * BigInt::from(2);
    let odd = &floor % BigInt::from(2) != zero;
    let up = lost && (twice > unit || (twice == unit && (rule.excess == ExcessDigits::HalfAway || odd)));
    let result = if up { floor + sign } else { floor };
    if too_large(&result) {
        return Err(DecimalFault::Overflow);
    }
    Ok(ParsedDecimal {
        mantissa: result.to_string().parse().unwrap(),
        written_scale: written.clamp(0, i64::from(rule.scale)) as u8,
        rounded: lost,
    })
}

fn any_rule() -> impl Strategy<Value = DecimalRule> {
    (1u8..=38, 0u8..=28, 0usize..3).prop_map(|(p, s, excess)| rule(p, s.min(p), RULES[excess]))
}

/// Digits that like 0, 5 and 9, where ties and carries are.
fn digits(max: usize) -> impl Strategy<Value = String> {
    let digit = prop_oneof![Just('0'), Just('5'), Just('9'), proptest::char::range('0', '9')];
    proptest::collection::vec(digit, 0..=max).prop_map(|digits| digits.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn text_agrees_with_big_integers(
        rule in any_rule(),
        sign in prop_oneof![Just(""), Just("-"), Just("+")],
        whole in digits(24),
        fraction in digits(48),
        point in any::<bool>(),
        exponent in proptest::option::of(-60i64..60),
    ) {
        let fraction = if point { fraction } else { String::new() };
        prop_assume!(!whole.is_empty() || !fraction.is_empty());
        let mut text = format!("{sign}{whole}{}{fraction}", if point { "." } else { "" });
        if let Some(exponent) = exponent {
            text.push_str(&format!("e{exponent}"));
        }
        let minus = if sign == "-" { "-" } else { "" };
        let all: BigInt = format!("{minus}{whole}{fraction}").parse().unwrap();
        let written = fraction.len() as i64 - exponent.unwrap_or(0);
        let expected = oracle(&all, -written, written, &rule);
        prop_assert_eq!(parse_decimal(text.as_bytes(), &rule), expected, "{}", text);
    }

    #[test]
    fn short_text_agrees_with_any_text(rule in any_rule(), text in "[-+]?[0-9]{0,19}(\\.[0-9]{0,19})?") {
        if let Some(parsed) = parse_short(text.as_bytes(), &rule) {
            prop_assert_eq!(parse_any(text.as_bytes(), &rule), Ok(parsed), "{}", text);
        }
    }

    #[test]
    fn fixed_point_agrees_with_big_integers(
        rule in any_rule(),
        mantissa in prop_oneof![any::<i128>(), any::<i64>().prop_map(i128::from), -1_000i128..1_000,
            (0u32..38, -5i128..=5).prop_map(|(n, k)| k * 10i128.pow(n))],
        scale in -40i8..=60,
    ) {
        let written = i64::from(scale);
        let expected = oracle(&BigInt::from(mantissa), -written, written, &rule);
        prop_assert_eq!(rescale(mantissa, scale, &rule), expected);
    }

    #[test]
    fn any_bytes_are_an_answer_and_no_panic(rule in any_rule(), bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let _ = parse_decimal(&bytes, &rule);
    }
}
