//! The compliance report says what was masked and what was not, and the raw archive is its owner's alone.

use std::collections::BTreeSet;

use abaco_pipeline::artefacts::{ArchivedInput, ComplianceReport, RawArchive, RetentionSettings};
use abaco_pipeline::contract::Contract;
use abaco_pipeline::mask::{Masker, MaskingKey, MaskingSettings};
use serde_json::json;

/// SHA-256 of `abc`, from FIPS 180-4's examples.
const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn report() -> ComplianceReport {
    let contract = "contract: c\nversion: 1\ncurrency: USD\ncolumns:\n  id: { type: text, roles: [pii] }\n  \
                    tax: { type: int, roles: [pii] }\n  born: { type: date, roles: [pii] }\n  city: { type: text }\n  \
                    name: { type: text, roles: [pii] }\n";
    let contract = Contract::from_yaml_str(contract, "c.yml").unwrap();
    let key = MaskingKey::parse("2026-01", "sixteen bytes ok").unwrap();
    let masker = Masker::new(&key, &contract, &BTreeSet::from(["name".to_owned()])).unwrap();
    let retention = RetentionSettings { keep_days: Some(2_555), raw_archive: RawArchive::On };
    let mut report = ComplianceReport::new("0192", "2025-12-01T03:00:04Z", retention);
    report.masked("tape", &masker);
    report.accessed("2025-12-01T03:00:00Z", "ana", "read", "s3://u:pw@bucket/tape.csv?X-Amz-Signature=abc");
    report.accessed("2025-12-01T03:00:04Z", "ana", "write", "kpis\n.parquet");
    report.raw_archive.push(ArchivedInput {
        file: "1-tape.csv".to_owned(),
        sha256: ABC.to_owned(),
        bytes: 3,
    });
    report.quarantine.rows = 2;
    report.quarantine.reasons = vec![("balance: below zero".to_owned(), 2)];
    report
}

#[test]
fn the_json_says_what_was_masked_and_by_which_key() {
    let text = report().to_json().unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        value["masking"],
        json!({"method": "hmac-sha-256", "key_id": "2026-01", "tables": [{"table": "tape", "columns": [
            {"column": "id", "type": "text", "how": "text"},
            {"column": "tax", "type": "int", "how": "int"},
            {"column": "born", "type": "date", "how": "null"},
            {"column": "name", "type": "text", "how": "plain"},
        ]}]})
    );
    assert_eq!(value["access"][0]["path"], "s3://bucket/tape.csv");
    assert_eq!(value["retention"], json!({"keep_days": 2555, "raw_archive": "on"}));
    assert_eq!(value["raw_archive"], json!([{"file": "1-tape.csv", "sha256": ABC, "bytes": 3}]));
    assert_eq!(value["quarantine"], json!({"rows": 2, "reasons": [["balance: below zero", 2]]}));
    assert_eq!(serde_json::from_str::<ComplianceReport>(&text).unwrap(), report());
}

#[test]
fn the_text_is_for_reading() {
    let expected = format!(
        "Compliance report of run 0192
written 2025-12-01T03:00:04Z

Personal data
  masked by hmac-sha-256 with the key 2026-01
  tape.id (text): a text of 32 hexadecimal digits stands for each value
  tape.tax (int): an int stands for each value
  tape.born (date): null
  tape.name (text): NOT MASKED, as declared

Retention
  declared: to be kept for 2555 days; nothing is deleted by abaco
  raw archive: on; inputs are copied unmasked, readable by the owner alone
  1-tape.csv: 3 bytes, sha256 {ABC}

Quarantine
  rows set aside: 2
  balance: below zero: 2

Access
  2025-12-01T03:00:00Z  ana  read  s3://bucket/tape.csv
  2025-12-01T03:00:04Z  ana  write  kpis\\n.parquet
"
    );
    assert_eq!(report().to_text(), expected);
}

#[test]
fn a_contract_without_personal_data_is_not_called_masked() {
    let contract = "contract: c\nversion: 1\ncurrency: USD\ncolumns: { city: { type: text } }\n";
    let contract = Contract::from_yaml_str(contract, "c.yml").unwrap();
    let key = MaskingKey::parse("2026-01", "sixteen bytes ok").unwrap();
    let mut report = ComplianceReport::new("0192", "t", RetentionSettings::default());
    report.masked("tape", &Masker::new(&key, &contract, &BTreeSet::new()).unwrap());
    assert_eq!((report.masking.method, report.masking.tables.len()), (None, 0));
}

#[test]
fn settings_are_read_from_yaml() {
    let retention = |text| serde_yaml::from_str::<RetentionSettings>(text);
    let on = RetentionSettings { keep_days: None, raw_archive: RawArchive::On };
    assert_eq!(retention("raw_archive: on").unwrap(), on);
    assert_eq!(retention("{keep_days: 30, raw_archive: off}").unwrap().raw_archive, RawArchive::Off);
    for refused in ["raw_archive: yes", "keep_days: -1", "keep_days: \"x\"", "keep: 1"] {
        assert!(retention(refused).is_err(), "{refused}");
    }
    let masking = |text| serde_yaml::from_str::<MaskingSettings>(text);
    let settings = masking("{key_env: MY_KEY, key_id: \"2026-01\"}").unwrap();
    assert_eq!((settings.key_env.as_str(), settings.check()), ("MY_KEY", Ok(())));
    assert_eq!(
        masking("key_id: ' '").unwrap().check().unwrap_err(),
        "`masking.key_id`: expected a name, found nothing"
    );
    assert!(masking("key_env: MY_KEY").is_err());
    assert!(masking("key_env: A=B\nkey_id: k").unwrap().check().is_err());
}
