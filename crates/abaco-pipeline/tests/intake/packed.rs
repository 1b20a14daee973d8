//! Packed texts: the same rows as unpacked, the digest of what is in the file, and an error for anything damaged.

use std::io::Write;

use abaco_pipeline::ErrorKind;
use abaco_pipeline::ingest::{self, IngestOptions, Needed};
use abaco_pipeline::source::Format;
use flate2::Compression;
use flate2::write::GzEncoder;
use rstest::rstest;
use sha2::{Digest, Sha256};

use crate::common::{Tape, contract, options};

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn pack(packing: &str, text: &[u8]) -> Vec<u8> {
    match packing {
        "gz" => gzip(text),
        // With a checksum, as the command writes it.
        _ => {
            let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
            encoder.include_checksum(true).unwrap();
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        }
    }
}

fn csv() -> String {
    let rows =
        (0..5_000).map(|row| if row % 900 == 7 { "no,\n".to_owned() } else { format!("{row},\"a{row}\"\n") });
    "x,y\n".to_owned() + &rows.collect::<String>()
}

fn json() -> String {
    (0..5_000).map(|row| format!("{{\"x\":{row},\"y\":\"{}\"}}\n", row * 7)).collect()
}

fn columns() -> abaco_pipeline::contract::Contract {
    contract(&["x: { type: int }", "y: { type: text }"])
}

#[rstest]
fn the_same_rows(
    #[values("csv", "jsonl", "ndjson")] format: &str,
    #[values("gz", "zst", "GZ")] packing: &str,
    #[values(1, 2)] members: usize,
) {
    let text = if format == "csv" { csv() } else { json() };
    let plain = Tape::new(&format!("tape.{format}"), &text);
    let middle = text.len() / members;
    let bytes: Vec<u8> =
        text.as_bytes().chunks(middle + 1).flat_map(|part| pack(&packing.to_lowercase(), part)).collect();
    let packed = Tape::new(&format!("tape.{format}.{packing}"), &bytes);
    let screen = |tape: &Tape| tape.screen(&columns(), &Needed::all(), &options(1_000, 100), 3).unwrap();
    let (plain, packed) = (screen(&plain), screen(&packed));
    assert_eq!(packed.admitted, plain.admitted);
    assert_eq!(packed.refused.len(), plain.refused.len());
    for (packed, plain) in packed.refused.iter().zip(&plain.refused) {
        assert_eq!(
            packed.message.replace(".gz:", ":").replace(".GZ:", ":").replace(".zst:", ":"),
            plain.message
        );
        assert_eq!((packed.row, &packed.cells), (plain.row, &plain.cells));
    }
    assert_eq!(packed.report.bytes, bytes.len() as u64);
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(packed.report.sha256, Some(digest));
    assert_eq!(packed.report.columns, plain.report.columns);
}

/// Wherever the file is cut off, the tape is refused: never fewer rows than there were.
#[rstest]
fn cut_off(#[values("csv", "jsonl")] format: &str, #[values("gz", "zst")] packing: &str) {
    let bytes = pack(packing, if format == "csv" { csv() } else { json() }.as_bytes());
    let name = format!("tape.{format}.{packing}");
    let packing = if packing == "gz" { "gzip" } else { "zstd" };
    let parsed = if format == "csv" { "csv" } else { "json_lines" };
    for length in [1, 3, 9, 11, 30, bytes.len() / 2, bytes.len() - 9, bytes.len() - 4, bytes.len() - 1] {
        let tape = Tape::new(&name, &bytes[..length]);
        assert_eq!(
            tape.screen(&columns(), &Needed::all(), &options(1_000, 100), 2).unwrap_err(),
            format!("{name}: expected a readable {parsed} file, found: {packing} data that ends too early"),
            "{length} bytes"
        );
    }
}

#[rstest]
fn damaged(#[values("csv", "jsonl")] format: &str, #[values("gz", "zst")] packing: &str) {
    let text = if format == "csv" { csv() } else { json() };
    let bytes = pack(packing, text.as_bytes());
    let name = format!("tape.{format}.{packing}");
    let refusal = |bytes: &[u8]| {
        Tape::new(&name, bytes).screen(&columns(), &Needed::all(), &options(1_000, 100), 2).unwrap_err()
    };
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 0x55;
    for (case, bytes) in [
        ("a byte in the middle", flipped),
        ("rubbish behind", [bytes.as_slice(), b"rubbish behind it"].concat()),
        ("a text behind", [bytes.as_slice(), b"1,2\n"].concat()),
        ("zeros behind", [bytes.as_slice(), &[0; 512]].concat()),
        ("one byte behind", [bytes.as_slice(), b"\n"].concat()),
        ("no packed text", text.clone().into_bytes()),
    ] {
        let message = refusal(&bytes);
        let found = message.split_once(" file, found: ").map(|(_, found)| found).unwrap_or(&message);
        let packing = if packing == "gz" { "gzip" } else { "zstd" };
        assert!(
            found.starts_with(&format!("damaged {packing} data ("))
                || found == format!("{packing} data that ends too early"),
            "{case}: {message}"
        );
    }
}

#[rstest]
fn nothing_in_it(#[values("csv", "jsonl")] format: &str, #[values("gz", "zst")] packing: &str) {
    let name = format!("tape.{format}.{packing}");
    let tape = Tape::new(&name, pack(packing, b""));
    let refused = tape.screen(&columns(), &Needed::all(), &IngestOptions::default(), 2).unwrap_err();
    assert_eq!(refused, format!("{name}: expected a header, found an empty file"));
}

/// A few kilobytes that unpack to a line without an end are refused before they fill the memory.
#[rstest]
fn a_bomb(#[values("csv", "jsonl")] format: &str, #[values(b"a", b"\"", b"\n")] byte: &[u8; 1]) {
    let start = if format == "csv" { "x,y\n" } else { "{\"x\":1,\"y\":\"b\"}\n" };
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.write_all(start.as_bytes()).unwrap();
    (0..65).for_each(|_| encoder.write_all(&[byte[0]; 1 << 20]).unwrap());
    let name = format!("tape.{format}.zst");
    let tape = Tape::new(&name, encoder.finish().unwrap());
    let screened = tape.screen(&columns(), &Needed::all(), &IngestOptions::default(), 2);
    if byte == b"\n" {
        assert_eq!(screened.unwrap().report.rows, u64::from(format == "jsonl"));
        return;
    }
    let (row, line) = if format == "csv" { (1, 2) } else { (2, 2) };
    assert_eq!(
        screened.unwrap_err(),
        format!(
            "{name}: row {row} (line {line}): expected at most 16777216 bytes, found more; is a quote left open?"
        )
    );
}

#[rstest]
#[case("tape.parquet.gz", "`.parquet.gz`")]
#[case("tape.arrow.zst", "`.arrow.zst`")]
#[case("tape.Feather.GZ", "`.feather.gz`")]
fn formats_that_pack_themselves(#[case] name: &str, #[case] found: &str) {
    let tape = Tape::new(name, "");
    let error = ingest::open(&tape.path, &columns(), &Needed::all(), &IngestOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert_eq!(
        tape.message(&error),
        format!(
            "{name}: expected a file that is not packed, because its format packs its own contents, found {found}; unpack it first"
        )
    );
}

#[test]
fn names() {
    let of = |name: &str| Format::of(name.as_ref()).map_err(|error| error.to_string());
    assert_eq!(of("a.CSV.gz"), Ok(Format::Csv));
    assert_eq!(of("a.b/c.jsonl.ZST"), Ok(Format::JsonLines));
    let expected = "expected a file ending in .csv, .jsonl, .ndjson, .parquet, .arrow, .ipc or .feather";
    assert_eq!(of("a.gz"), Err(format!("a.gz: {expected}, found `.gz`")));
    assert_eq!(of("a.xls.gz"), Err(format!("a.xls.gz: {expected}, found `.xls.gz`")));
    assert_eq!(of("a.csv.bz2"), Err(format!("a.csv.bz2: {expected}, found `.bz2`")));
}
