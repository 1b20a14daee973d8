//! What a fraud, a clumsy supplier and an unlucky comma may not achieve.

use std::sync::Arc;

use abaco_pipeline::mask::MaskingKey;
use abaco_pipeline::run::{Recomputed, recompute};
use abaco_pipeline::seal::Runs;
use abaco_pipeline::signature::Signer;
use abaco_pipeline::storage::Disk;
use abaco_pipeline::{Pipeline, PipelineConfig, PipelineError, Run};
use serde_json::Value;

use crate::common::{CONTRACT, Desk, SETTINGS, TAPE, catalogue, runs};

#[path = "../artefacts/grep.rs"]
mod grep;

/// A tape with names, and a configuration that masks them.
fn private(mode: &str) -> Desk {
    let desk = Desk::new();
    desk.write(
        "cfg/contract.yml",
        CONTRACT.replace("  segment:", "  name: { type: text, roles: [pii] }\n  segment:"),
    );
    desk.write(
        "cfg/pipeline.yml",
        format!("{SETTINGS}quality: {{ mode: {mode} }}\nmasking: {{ key_id: test }}\n"),
    );
    // The comma in the second name moves every cell behind it into the next column.
    desk.write(
        "tape.csv",
        "month,segment,name,dpd_90_plus_usd,total_receivable_usd\n2025-01-31,a,Zoraida,1.00,100.00\n\
         2025-01-31,a,Quispe, Aurelio,2.00\n2025-01-31,a,Quispe,Aurelio,2.00\n2025-01-31,b,Wenceslao,x,5.00\n",
    );
    desk
}

fn run(desk: &Desk) -> Result<Run, PipelineError> {
    let key = MaskingKey::parse("test", "no secret, a test's").unwrap();
    let config = PipelineConfig::load(desk.path("cfg/pipeline.yml")).unwrap().with_masking_key(key);
    Pipeline::new(config, &catalogue()).unwrap().run(&desk.request())
}

const NAMES: [&str; 4] = ["Zoraida", "Quispe", "Aurelio", "Wenceslao"];

/// A name that stands in another column than its own is a name all the same.
#[test]
fn a_shifted_row_gives_nobody_away() {
    let desk = private("quarantine");
    let run = run(&desk).unwrap();
    assert_eq!((run.document.rows.read, run.document.rows.quarantined), (4, 3));
    let folder = desk.path("runs");
    assert!(grep::files(&folder).len() > 10);
    assert_eq!(grep::plain_values(&folder, &NAMES), []);

    let desk = private("strict");
    let error = self::run(&desk).unwrap_err();
    let said = format!("{error} {error:?}");
    assert!(said.contains("row 2 (line 3)"), "{said}");
    assert!(NAMES.iter().all(|name| !said.contains(name)), "{said}");
    assert_eq!(grep::plain_values(&desk.path("runs"), &NAMES), []);
}

/// Where nothing is personal, what was found is said.
#[test]
fn without_personal_data_a_cell_is_shown() {
    let desk = Desk::new();
    desk.write("tape.csv", TAPE.replace("2.00", "two"));
    assert!(desk.run(&desk.request()).unwrap_err().to_string().ends_with("found `two`"));
}

/// The tables are what people open: a changed one is found though its digest was changed with it.
#[test]
fn the_tables_must_say_what_the_document_says() {
    let desk = Desk::new();
    let folder = desk.run(&desk.request()).unwrap().folder.unwrap();
    let path = folder.join("kpis.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(",1.33,"), "{text}");
    std::fs::write(&path, text.replacen(",1.33,", ",0.33,", 1)).unwrap();
    let Recomputed::Differ(differences) = recompute(&folder, &catalogue()).unwrap() else {
        panic!("they agree")
    };
    assert_eq!(
        differences,
        ["kpis.csv: par_90, `value`: the document says Some(\"1.33\"), the table Some(\"0.33\")"]
    );
}

/// Whoever can make files can make a folder that looks like a run of a killed process; with a key they cannot sign it.
#[test]
fn a_run_that_was_left_behind_must_be_signed() {
    let desk = Desk::new();
    let run = desk.run(&desk.request()).unwrap();
    let out = desk.path("runs");
    let forge = |name: &str| {
        let folder = out.join(name);
        std::fs::create_dir(&folder).unwrap();
        for file in std::fs::read_dir(run.folder.as_ref().unwrap()).unwrap() {
            let file = file.unwrap().path();
            std::fs::copy(&file, folder.join(file.file_name().unwrap())).unwrap();
        }
        let path = folder.join("manifest.json");
        let mut manifest: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        manifest["run_id"] = name.into();
        std::fs::write(&path, serde_json::to_vec(&manifest).unwrap()).unwrap();
        std::fs::write(out.join(format!(".staging-{name}.lock")), "").unwrap();
    };
    forge("forged");
    let key = Signer::parse(&"07".repeat(32), "test").unwrap().public_key();
    let signed = Runs::open(&out, Arc::new(Disk)).signed(Some(key));
    let found = signed.recover().unwrap();
    assert_eq!(found.adopted, [] as [String; 0]);
    assert!(found.damaged[0].1.starts_with("manifest.sig: "), "{found:?}");
    assert_eq!(signed.entries().unwrap().len(), 1);
    // Without keys only accidents are told from runs.
    std::fs::remove_dir_all(out.join("forged")).unwrap();
    forge("careless");
    assert_eq!(Runs::open(&out, Arc::new(Disk)).recover().unwrap().adopted, ["careless"]);
    assert_eq!(runs(&out).len(), 2);
}
