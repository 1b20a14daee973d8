//! `state.bin`: what a run has folded, so that its KPIs can be computed again without the tape.
//!
//! A magic text, the length of a header, the header in JSON, and the blocks that it numbers: schemas as Arrow IPC
//! streams without batches, states in the engine's own form. A state stands once, however many series it serves.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::sync::Arc;

use abaco_engine::{AsOf, State};
use abaco_kpi::Column;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Pipeline;
use super::cohort::FoldedCohorts;
use super::folded::Folded;
use super::part::{Part, Parts};
use super::planned::Rows;
use crate::calendar::{Point, Rollup};

const MAGIC: &[u8; 16] = b"abaco run state\n";
const VERSION: u32 = 1;

/// Why a saved state is not one.
#[derive(Debug, thiserror::Error)]
pub(super) enum SavedError {
    #[error("expected a saved state, found other bytes")]
    NoState,
    #[error("expected version {VERSION}, found {0}")]
    Version(u32),
    #[error("expected {0}, found less")]
    Truncated(&'static str),
    #[error("expected a configuration with tables, found one without")]
    NoTables,
    #[error("header: {0}")]
    Header(#[from] serde_json::Error),
    #[error("schema: {0}")]
    Schema(#[from] ArrowError),
    #[error("{0}")]
    Engine(#[from] abaco_engine::EngineError),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    version: u32,
    /// `null` pools, or has no dates at all.
    as_of: Option<NaiveDate>,
    pooled: bool,
    snapshots: Vec<NaiveDate>,
    /// The decimal places that the cells of each column use.
    observed_scales: BTreeMap<String, u32>,
    sums_flows: bool,
    parts: Vec<SavedPart>,
    /// Numbers of the parts that give the totals.
    totals: Vec<usize>,
    series: Vec<SavedSeries>,
    cohorts: Option<SavedCohorts>,
    /// Lengths of the blocks.
    blocks: Vec<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedPart {
    rows: Rows,
    schema: usize,
    state: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedSeries {
    rollup: Rollup,
    points: Vec<Point>,
    parts: Vec<usize>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedCohorts {
    part: usize,
    originated: BTreeMap<String, BTreeSet<i64>>,
    observed: BTreeSet<i64>,
}

/// Parts and blocks as they are collected.
#[derive(Default)]
struct Writer {
    parts: Vec<SavedPart>,
    /// The states of the parts, to find one again.
    states: Vec<Arc<State>>,
    blocks: Vec<Vec<u8>>,
}

impl Writer {
    fn part(&mut self, part: &Part<'_>) -> Result<usize, SavedError> {
        let same = |state: &Arc<State>| Arc::ptr_eq(state, &part.state);
        if let Some(known) = self.states.iter().position(same) {
            return Ok(known);
        }
        let schema = self.block(schema_bytes(&part.schema)?);
        let state = self.block(part.state.to_bytes());
        self.parts.push(SavedPart { rows: part.rows, schema, state });
        self.states.push(Arc::clone(&part.state));
        Ok(self.parts.len() - 1)
    }

    fn parts(&mut self, parts: &Parts<'_>) -> Result<Vec<usize>, SavedError> {
        parts.parts.iter().map(|part| self.part(part)).collect()
    }

    fn block(&mut self, bytes: Vec<u8>) -> usize {
        let known = self.blocks.iter().position(|block| *block == bytes);
        known.unwrap_or_else(|| {
            self.blocks.push(bytes);
            self.blocks.len() - 1
        })
    }
}

/// The bytes of `state.bin`; equal folds give equal bytes.
pub(super) fn to_bytes(folded: &Folded<'_>) -> Result<Vec<u8>, SavedError> {
    let mut writer = Writer::default();
    let totals = writer.parts(&folded.parts)?;
    let mut series = Vec::new();
    for (rollup, points, parts) in &folded.series {
        series.push(SavedSeries { rollup: *rollup, points: points.clone(), parts: writer.parts(parts)? });
    }
    let cohorts = match &folded.cohorts {
        None => None,
        Some(cohorts) => Some(SavedCohorts {
            part: writer.part(&cohorts.part)?,
            originated: cohorts.originated.clone(),
            observed: cohorts.observed.clone(),
        }),
    };
    let (as_of, pooled) = match folded.as_of {
        AsOf::Date(date) => (Some(date), false),
        as_of => (None, as_of == AsOf::Pooled),
    };
    let scales = folded.parts.observed.iter();
    let header = Header {
        version: VERSION,
        as_of,
        pooled,
        snapshots: folded.snapshots.clone(),
        observed_scales: scales.map(|(column, scale)| (column.name().to_owned(), *scale)).collect(),
        sums_flows: folded.parts.sums_flows,
        parts: writer.parts,
        totals,
        series,
        cohorts,
        blocks: writer.blocks.iter().map(|block| block.len() as u64).collect(),
    };
    let header = serde_json::to_vec(&header)?;
    let mut bytes = MAGIC.to_vec();
    bytes.extend((header.len() as u64).to_le_bytes());
    bytes.extend(header);
    writer.blocks.iter().for_each(|block| bytes.extend(block));
    Ok(bytes)
}

impl Pipeline {
    /// What `state.bin` holds, planned anew; a state of other KPIs or of another plan is refused.
    pub(super) fn folded_of(&self, bytes: &[u8]) -> Result<Folded<'_>, SavedError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(SavedError::NoState)?;
        let (length, rest) = rest.split_first_chunk::<8>().ok_or(SavedError::Truncated("a header"))?;
        let (header, mut rest) = split(rest, u64::from_le_bytes(*length), "a header")?;
        let header: Header = serde_json::from_slice(header)?;
        if header.version != VERSION {
            return Err(SavedError::Version(header.version));
        }
        let mut blocks = Vec::new();
        for length in &header.blocks {
            let (block, behind) = split(rest, *length, "a block")?;
            blocks.push(block);
            rest = behind;
        }
        if !rest.is_empty() {
            return Err(SavedError::NoState);
        }
        let block = |number: usize| blocks.get(number).copied().ok_or(SavedError::Truncated("a block"));
        let mut parts = Vec::new();
        for saved in &header.parts {
            let schema = schema_of(block(saved.schema)?)?;
            let calculator = self.calculator(saved.rows).ok_or(SavedError::NoTables)?;
            let planned = self.planned(calculator, saved.rows, schema)?;
            let state = State::from_bytes(block(saved.state)?)?;
            // A state of another plan is noticed here, not when it is finished.
            planned.plan.merge(&mut planned.plan.empty(), &state)?;
            parts.push(Part::new(saved.rows, calculator, &planned, state));
        }
        let part = |number: &usize| parts.get(*number).cloned().ok_or(SavedError::Truncated("a part"));
        let scales = header.observed_scales.into_iter();
        let totals = Parts {
            parts: header.totals.iter().map(part).collect::<Result<_, _>>()?,
            observed: scales.map(|(column, scale)| (Column::from(column), scale)).collect(),
            sums_flows: header.sums_flows,
        };
        let mut series = Vec::new();
        for saved in header.series {
            let of = saved.parts.iter().map(part).collect::<Result<_, _>>()?;
            series.push((saved.rollup, saved.points, Parts { parts: of, ..totals.clone() }));
        }
        let cohorts = match header.cohorts {
            None => None,
            Some(saved) => Some(FoldedCohorts {
                part: part(&saved.part)?,
                originated: saved.originated,
                observed: saved.observed,
            }),
        };
        let as_of = match (header.as_of, header.pooled) {
            (Some(date), _) => AsOf::Date(date),
            (None, true) => AsOf::Pooled,
            (None, false) => AsOf::Single,
        };
        Ok(Folded { parts: totals, as_of, snapshots: header.snapshots, series, cohorts })
    }
}

fn split<'b>(bytes: &'b [u8], length: u64, what: &'static str) -> Result<(&'b [u8], &'b [u8]), SavedError> {
    let length = usize::try_from(length).map_err(|_| SavedError::Truncated(what))?;
    bytes.split_at_checked(length).ok_or(SavedError::Truncated(what))
}

fn schema_bytes(schema: &Schema) -> Result<Vec<u8>, ArrowError> {
    let mut bytes = Vec::new();
    StreamWriter::try_new(&mut bytes, schema)?.finish()?;
    Ok(bytes)
}

fn schema_of(bytes: &[u8]) -> Result<SchemaRef, SavedError> {
    let reader = crate::source::guarded(|| StreamReader::try_new(Cursor::new(bytes), None))
        .map_err(ArrowError::ParseError)??;
    Ok(reader.schema())
}
