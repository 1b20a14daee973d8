//! The files of a run, but for those that seal it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch};
use chrono::SecondsFormat;
use serde::Serialize;

use super::folded::Folded;
use super::manifest::Manifest;
use super::session::Session;
use super::taken::TakenIn;
use super::{Pipeline, RunDocument, saved};
use crate::PipelineError;
use crate::artefacts::{
    ArchivedInput, ComplianceReport, Dataset, MaskedTable, MaskingEntry, QuarantineEntry, RawArchive,
    RunLineage, TableFormat, TableWriter, kpis_batch, segments_batch, series_batch,
};
use crate::config::FurtherFormat;
use crate::ingest::IngestReport;
use crate::quality::{QualityDocument, Reason};
use crate::quarantine::QuarantineTable;
use crate::seal::Staging;
use crate::storage::Access;

const QUARANTINE: &str = "quarantine.parquet";

/// What a run has come to.
pub(super) struct Results<'r> {
    pub(super) folded: &'r Folded<'r>,
    pub(super) quality: &'r QualityDocument,
    pub(super) taken: &'r TakenIn,
}

impl Pipeline {
    /// Writes the files; `tape.parquet` is there already.
    pub(super) fn write_files(
        &self,
        staging: &Staging,
        session: &Session<'_>,
        manifest: &Manifest<'_>,
        results: &Results<'_>,
    ) -> Result<(), PipelineError> {
        let document = manifest.document;
        staging.write("kpis.json", &json_text(document)?)?;
        self.write_results(staging, document)?;
        let state =
            saved::to_bytes(results.folded).map_err(|error| PipelineError::State(error.to_string()))?;
        staging.write("state.bin", &state)?;
        staging.write("configuration.json", &json_text(&self.config.stored()?)?)?;
        staging.write("quality.json", results.quality.to_json()?.as_bytes())?;
        write_quarantine(staging, results.taken)?;
        let archived = self.archive(staging, session, manifest)?;
        self.write_compliance(staging, manifest, results.taken, archived)?;
        self.write_lineage(staging, session, manifest)
    }

    /// The results as tables: all as Parquet, the KPIs as CSV too, and what the configuration asks for beside.
    fn write_results(&self, staging: &Staging, document: &RunDocument) -> Result<(), PipelineError> {
        let further = &self.config.settings.further_formats;
        let tables = [
            ("kpis", kpis_batch(document)?, true),
            ("segments", segments_batch(document)?, further.contains(&FurtherFormat::Csv)),
            ("series", series_batch(document)?, further.contains(&FurtherFormat::Csv)),
        ];
        for (name, batch, as_csv) in &tables {
            let formats = [
                (TableFormat::Parquet, true),
                (TableFormat::Csv, *as_csv),
                (TableFormat::Ipc, further.contains(&FurtherFormat::ArrowIpc)),
            ];
            for (format, _) in formats.into_iter().filter(|(_, asked)| *asked) {
                write_table(staging, &format!("{name}.{}", format.extension()), format, batch)?;
            }
        }
        Ok(())
    }

    /// Copies of the inputs as they are, for their owner alone, where the configuration asks for them.
    fn archive(
        &self,
        staging: &Staging,
        session: &Session<'_>,
        manifest: &Manifest<'_>,
    ) -> Result<Vec<ArchivedInput>, PipelineError> {
        if self.config.settings.retention.raw_archive == RawArchive::Off {
            return Ok(Vec::new());
        }
        let mut archived = Vec::new();
        for (number, report) in read(manifest).map(|(_, report)| report).enumerate() {
            let path = session.inputs.file_of(&report.path);
            let name = format!("raw-{number}{}", extensions(&path));
            let unreadable = |error| PipelineError::input(&path, error);
            let mut input = File::open(&path).map_err(unreadable)?;
            let mut file = staging.create(&name, Access::OwnerOnly)?;
            copy(&mut input, &mut file, &path, &staging.folder().join(&name))?;
            let copied = file.finish()?;
            if Some(&copied.sha256) != report.sha256.as_ref() {
                return Err(PipelineError::ChangedWhileReading { path });
            }
            archived.push(ArchivedInput { file: name, sha256: copied.sha256, bytes: copied.bytes });
        }
        Ok(archived)
    }

    fn write_compliance(
        &self,
        staging: &Staging,
        manifest: &Manifest<'_>,
        taken: &TakenIn,
        archived: Vec<ArchivedInput>,
    ) -> Result<(), PipelineError> {
        let known_at = &manifest.document.known_at;
        let retention = self.config.settings.retention;
        let mut report = ComplianceReport::new(&manifest.document.run_id, known_at, retention);
        if let Some(key_id) = manifest.masks.key_id() {
            let table = |(table, columns): (&str, &[crate::mask::MaskedColumn])| MaskedTable {
                table: table.to_owned(),
                columns: columns.to_vec(),
            };
            report.masking = MaskingEntry {
                method: Some("hmac-sha-256".to_owned()),
                key_id: Some(key_id.to_owned()),
                tables: manifest.masks.tables().map(table).collect(),
            };
        }
        let began_at = manifest.began_at.to_rfc3339_opts(SecondsFormat::Secs, true);
        for (_, input) in read(manifest) {
            report.accessed(&began_at, manifest.actor, "read", &input.path);
        }
        for copy in &archived {
            report.accessed(known_at, manifest.actor, "archive", &copy.file);
        }
        for name in staging.names() {
            report.accessed(known_at, manifest.actor, "write", &name);
        }
        report.raw_archive = archived;
        report.quarantine = quarantined(taken)?;
        staging.write("compliance.json", report.to_json()?.as_bytes())?;
        staging.write("compliance.txt", report.to_text().as_bytes())?;
        Ok(())
    }

    fn write_lineage(
        &self,
        staging: &Staging,
        session: &Session<'_>,
        manifest: &Manifest<'_>,
    ) -> Result<(), PipelineError> {
        let of = |report: &IngestReport| {
            let columns = report.columns.iter().map(|column| (&column.name, &column.column_type));
            Dataset::new(&report.path).with_fields(columns)
        };
        let kpis = kpis_batch(manifest.document)?;
        let place = |name: &str| format!("runs/{}/{name}", manifest.document.run_id);
        let time = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(SecondsFormat::Micros, true);
        let lineage = RunLineage {
            run_id: manifest.document.run_id.clone(),
            portfolio: manifest.document.portfolio.clone(),
            started_at: time(manifest.began_at),
            completed_at: time((session.options.clock)()),
            inputs: read(manifest).map(|(_, report)| of(report)).collect(),
            outputs: vec![Dataset::new(place("kpis.parquet")).with_schema(&kpis.schema())],
        };
        staging.write("openlineage.ndjson", lineage.to_ndjson()?.as_bytes())?;
        Ok(())
    }
}

/// What was read, with the table that it is of.
fn read<'m>(manifest: &Manifest<'m>) -> impl Iterator<Item = (&'static str, &'m IngestReport)> {
    let beside = manifest.tables.iter().map(|table| (table.role.as_str(), &table.input));
    manifest.inputs.iter().map(|input| (super::taken::TAPE, input)).chain(beside)
}

/// `.csv.gz` of `tape.csv.gz`: a copy is read as its original was.
fn extensions(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let parts: Vec<&str> = name.rsplit('.').take(2).collect();
    match parts.as_slice() {
        [packed @ ("gz" | "zst"), format] => format!(".{format}.{packed}"),
        [format, _] if format.bytes().all(|byte| byte.is_ascii_alphanumeric()) => format!(".{format}"),
        _ => String::new(),
    }
}

/// Copies bytes, and tells a failure to read from one to write.
fn copy(from: &mut File, to: &mut impl Write, input: &Path, output: &Path) -> Result<(), PipelineError> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                to.write_all(&buffer[..count]).map_err(|error| PipelineError::output(output, error))?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(PipelineError::input(input, error)),
        }
    }
}

fn write_table(
    staging: &Staging,
    name: &str,
    format: TableFormat,
    batch: &RecordBatch,
) -> Result<(), PipelineError> {
    let sink = staging.create(name, Access::Shared)?;
    let mut writer = TableWriter::new(format, staging.folder().join(name), sink, &batch.schema())?;
    writer.write(batch)?;
    writer.finish()?.finish()?;
    Ok(())
}

/// The rows that were set aside; where there are none, a table without rows.
fn write_quarantine(staging: &Staging, taken: &TakenIn) -> Result<(), PipelineError> {
    let sink = staging.create(QUARANTINE, Access::Shared)?;
    let (path, schema) = (staging.folder().join(QUARANTINE), QuarantineTable::new().schema());
    let mut writer = TableWriter::new(TableFormat::Parquet, path, sink, &schema)?;
    for of_table in taken.quarantined() {
        of_table.for_each(|batch| writer.write(batch))?;
    }
    writer.finish()?.finish()?;
    Ok(())
}

/// How many rows were set aside for which rule.
fn quarantined(taken: &TakenIn) -> Result<QuarantineEntry, PipelineError> {
    let mut rows = 0;
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut count = |batch: &RecordBatch| {
        rows += batch.num_rows() as u64;
        let Some(reasons) = batch.column_by_name("reasons").map(|column| column.as_string::<i32>()) else {
            return Ok(());
        };
        for row in (0..reasons.len()).filter(|row| reasons.is_valid(*row)) {
            let of_row: Vec<Reason> =
                serde_json::from_str(reasons.value(row)).map_err(PipelineError::Json)?;
            for reason in of_row {
                *counts.entry(reason.rule).or_default() += 1;
            }
        }
        Ok(())
    };
    for of_table in taken.quarantined() {
        of_table.for_each(&mut count)?;
    }
    Ok(QuarantineEntry { rows, reasons: counts.into_iter().collect() })
}

/// JSON for people and programs, with a line's end.
fn json_text(document: &impl Serialize) -> Result<Vec<u8>, PipelineError> {
    let mut text = serde_json::to_vec_pretty(document).map_err(PipelineError::Json)?;
    text.push(b'\n');
    Ok(text)
}
