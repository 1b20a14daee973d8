//! What is read of a file, and what is refused with its place.

use std::path::Path;

use abaco_rollout::figures::{Figures, ReadOptions, parse, read};
use rstest::rstest;

fn read_text(text: &str) -> Result<Figures, String> {
    let options = ReadOptions { segment_column: "company".to_owned(), ..ReadOptions::default() };
    parse(text.as_bytes(), Path::new("v1"), &options).map_err(|error| error.to_string())
}

/// Each key with its value or its reason.
fn lines(figures: &Figures) -> Vec<String> {
    let value = |figure: &abaco_rollout::figures::Figure| match &figure.value {
        Ok(value) => value.to_string(),
        Err(reason) => format!("no value: {reason}"),
    };
    figures.values.iter().map(|(key, figure)| format!("{key}: {}", value(figure))).collect()
}

#[test]
fn csv() {
    let text = "\u{feff}value,as_of,KPI,segment\r\n\
        3.50,2025-12-31,par_30,\r\n\
        NaN,2025-12-31,par_30,Acme\r\n\
        0.1,2025-11-30,par_30,\"company=A, B; term_band=31-60\"\r\n\
        ,,par_90,total\r\n";
    let figures = read_text(text).unwrap();
    assert_eq!(
        lines(&figures),
        [
            "par_30 at 2025-11-30, company = A, B, term_band = 31-60: 0.1",
            "par_30 at 2025-12-31: 3.50",
            "par_30 at 2025-12-31, company = Acme: no value: not a number",
            "par_90: no value: empty",
        ]
    );
    assert_eq!((figures.inputs, figures.run_id), (None, None));
}

/// A number of JSON is taken by its text: the nearest float of this one ends in ...801.
#[test]
fn json() {
    let list = r#"[{"kpi":"par_30","value":0.1234567890123456789},
        {"kpi":"par_90","segment":{"company":"A;B=C"},"as_of":"2025-12-31","value":"1e-2"},
        {"kpi":"par_60","segment":"Acme","as_of":null,"value":null}]"#;
    let figures = read_text(list).unwrap();
    assert_eq!(
        lines(&figures),
        [
            "par_30: 0.1234567890123456789",
            "par_60, company = Acme: no value: null",
            "par_90 at 2025-12-31, company = A;B=C: 0.01",
        ]
    );
    let digest = "AA".repeat(32);
    let named =
        format!(r#"{{"inputs":["sha256:{digest}"],"scale":2,"values":[{{"kpi":"par_30","value":2.2}}]}}"#);
    let figures = read_text(&named).unwrap();
    assert_eq!(figures.inputs, Some(vec!["aa".repeat(32)]));
    assert_eq!(figures.values.values().next().unwrap().scale, Some(2));
}

#[rstest]
#[case("", "v1: expected the header `kpi,segment,as_of,value`, found nothing")]
#[case("kpi,valu\n", "v1: row 1: expected kpi, segment, as_of, value, found column `valu`")]
#[case("kpi,segment\n", "v1: row 1: expected column `value`, found no such header")]
#[case("kpi,value,KPI\n", "v1: row 1: expected column `kpi` once, found it twice")]
#[case("kpi,value\npar_30\n", "v1: row 2: expected 2 cells, found 1")]
#[case("kpi,value\n ,1\n", "v1: row 2: column `kpi`: expected a name, found nothing")]
#[case(
    "kpi,value\na,1\nb,\"2,21\"\n",
    "v1: row 3: column `value`: expected a decimal such as 2.21, found `2,21`"
)]
#[case(
    "kpi,as_of,value\na,31.12.2025,1\n",
    "v1: row 2: column `as_of`: expected a date such as 2025-12-31, found `31.12.2025`"
)]
#[case(
    "kpi,segment,value\na,x=1;y,1\n",
    "v1: row 2: column `segment`: expected `column=value` pairs joined by `;`, found `x=1;y`"
)]
#[case(
    "kpi,segment,value\na,,1\nb,,1\na,total,1\n",
    "v1: row 4: expected each value once, found a in row 2 already"
)]
#[case(
    r#"[{"kpi":"a","value":true}]"#,
    "v1: value 1: column `value`: expected a decimal, text or null, found `true`"
)]
#[case(
    r#"[{"kpi":"a","value":1},{"kpi":"a","value":1}]"#,
    "v1: value 2: expected each value once, found a in value 1 already"
)]
#[case(r#"{"inputs":["x"],"values":[]}"#, "v1: `inputs`: expected SHA-256 in hexadecimal, found `x`")]
fn what_is_wrong_is_named_with_its_place(#[case] text: &str, #[case] message: &str) {
    assert_eq!(read_text(text).unwrap_err(), message);
}

/// Half a unit of four thousand million places would take for ever.
#[test]
fn places_that_no_decimal_has() {
    let message = "v1: `scale`: expected at most 28 places, found 29";
    assert_eq!(read_text(r#"{"scale":29,"values":[]}"#).unwrap_err(), message);
    let options = ReadOptions { scale: Some(29), ..ReadOptions::default() };
    for text in ["kpi,value\n", "[]", r#"{"schema_version":1,"run_id":"r","as_of":null,"kpis":[]}"#] {
        let error = parse(text.as_bytes(), Path::new("v1"), &options).unwrap_err().to_string();
        assert_eq!(error, message, "{text}");
    }
}

proptest::proptest! {
    /// Whatever is in a file is read or refused.
    #[test]
    fn no_file_stops_the_process(
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
        text in r#"(kpi,value,as_of,segment\n)?([a-c,;="{}\[\]:0-9.eE+\n -]|null|"kpi"|"value"){0,60}"#,
    ) {
        for bytes in [&bytes[..], text.as_bytes()] {
            let _either = parse(bytes, Path::new("v1"), &ReadOptions::default());
        }
    }
}

#[rstest]
#[case(r#"[{"kpi":"a","value":1,"unit":"x"}]"#, "unknown field `unit`")]
#[case(r#"[{"kpi":"a","value":NaN}]"#, "expected value at line 1")]
#[case(r#"[{"kpi":"a","kpi":"b","value":1}]"#, "duplicate field `kpi`")]
#[case(
    r#"{"schema_version":2,"run_id":"r","as_of":null,"kpis":[]}"#,
    "`schema_version`: expected 1, found 2"
)]
fn what_json_refuses(#[case] text: &str, #[case] part: &str) {
    let message = read_text(text).unwrap_err();
    assert!(message.contains(part), "{message}");
}

#[test]
fn names_and_the_snapshot_that_is_asked_for() {
    let text = "kpi,as_of,value\nPAR30,,1\nPAR30,2025-11-30,2\npar_90,2025-12-31,3\n";
    let options = ReadOptions {
        names: [("PAR30".to_owned(), "par_30".to_owned())].into(),
        as_of: Some("2025-12-31".parse().unwrap()),
        ..ReadOptions::default()
    };
    let figures = parse(text.as_bytes(), Path::new("v1"), &options).unwrap();
    assert_eq!(lines(&figures), ["par_30 at 2025-12-31: 1", "par_90 at 2025-12-31: 3"]);
    // Two names of one KPI are one key.
    let twice = "kpi,value\nPAR30,1\npar_30,1\n";
    let error = parse(twice.as_bytes(), Path::new("v1"), &options).unwrap_err().to_string();
    assert_eq!(error, "v1: row 3: expected each value once, found par_30 at 2025-12-31 in row 2 already");
}

#[test]
fn a_file_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.csv");
    let error = read(&path, &ReadOptions::default()).unwrap_err();
    assert_eq!(error.kind(), abaco_rollout::ErrorKind::Failed);
    assert!(error.to_string().starts_with(&path.display().to_string()), "{error}");
}
