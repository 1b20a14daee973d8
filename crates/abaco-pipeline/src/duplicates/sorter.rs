//! Sorting more records than memory should hold.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::record::Record;
use super::verdicts::Judge;
use super::{Print, Verdicts};
use crate::PipelineError;
use crate::ingest::RowId;

/// Runs that are merged at once: each has an open file and a buffer.
const MAX_RUNS: usize = 64;
const FILE_BUFFER: usize = 1 << 16;

/// Collects the prints of rows and tells which rows are there twice.
///
/// Beyond so many records they go sorted to temporary files of the owner alone, which have no name where the system
/// allows that, hold digests and never values, and are gone with the sorter. Which rows are found depends neither on the
/// order in which they are pushed nor on the capacity.
///
/// ```
/// use abaco_pipeline::duplicates::{Print, Sorter};
/// use abaco_pipeline::ingest::RowId;
///
/// let row = |row| RowId { file: 0, part: 0, row };
/// let print = |key, content| Print { key: [key; 16], content: [content; 16] };
/// let mut sorter = Sorter::new(std::env::temp_dir());
/// sorter.push(row(0), print(1, 1))?;
/// sorter.push(row(1), print(1, 1))?;
/// sorter.push(row(2), print(2, 1))?;
/// let verdicts = sorter.finish()?;
/// assert!(verdicts.duplicates.contains(&row(1)) && verdicts.conflicts.is_empty());
/// # Ok::<(), abaco_pipeline::PipelineError>(())
/// ```
#[derive(Debug)]
pub struct Sorter {
    folder: PathBuf,
    capacity: usize,
    buffer: Vec<Record>,
    runs: Vec<Run>,
    pushed: u64,
}

/// A sorted file.
#[derive(Debug)]
struct Run {
    file: File,
    records: u64,
}

impl Sorter {
    /// Records held in memory: about 100 MB.
    pub const CAPACITY: usize = 2_000_000;

    /// A sorter whose temporary files go into this folder, which must be there once they are needed.
    pub fn new(folder: impl AsRef<Path>) -> Self {
        Self::with_capacity(folder, Self::CAPACITY)
    }

    /// The same with another number of records in memory, at least 1.
    pub fn with_capacity(folder: impl AsRef<Path>, capacity: usize) -> Self {
        let folder = folder.as_ref().to_path_buf();
        Self { folder, capacity: capacity.max(1), buffer: Vec::new(), runs: Vec::new(), pushed: 0 }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`PipelineError::Output`] if a temporary file cannot be written.
    pub fn push(&mut self, row: RowId, print: Print) -> Result<(), PipelineError> {
        self.push_record(Record::new(row, print, false))
    }

    /// Adds a row that is refused whatever others say: it repeats none, and yet another content of its key contradicts it.
    ///
    /// # Errors
    /// Those of [`push`](Self::push).
    pub fn push_refused(&mut self, row: RowId, print: Print) -> Result<(), PipelineError> {
        self.push_record(Record::new(row, print, true))
    }

    fn push_record(&mut self, record: Record) -> Result<(), PipelineError> {
        if self.buffer.len() == self.capacity {
            self.spill().map_err(|source| self.failed(source))?;
        }
        self.buffer.push(record);
        self.pushed += 1;
        Ok(())
    }

    /// Compares all rows.
    ///
    /// # Errors
    /// [`PipelineError::Output`] if a temporary file cannot be read again.
    pub fn finish(mut self) -> Result<Verdicts, PipelineError> {
        let mut judge = Judge::default();
        self.buffer.sort_unstable();
        let rest = std::mem::take(&mut self.buffer);
        let runs = std::mem::take(&mut self.runs);
        let merged = if runs.is_empty() {
            rest.into_iter().for_each(|record| judge.add(record));
            Ok(())
        } else {
            merge(runs, rest, |record| {
                judge.add(record);
                Ok(())
            })
        };
        merged.map_err(|source| self.failed(source))?;
        Ok(judge.verdicts(self.pushed))
    }

    fn spill(&mut self) -> io::Result<()> {
        self.buffer.sort_unstable();
        if self.runs.len() == MAX_RUNS {
            let runs = std::mem::take(&mut self.runs);
            let mut writer = self.run()?;
            let mut records = 0;
            merge(runs, Vec::new(), |record| {
                records += 1;
                record.write(&mut writer)
            })?;
            self.keep(writer, records)?;
        }
        let mut writer = self.run()?;
        for record in &self.buffer {
            record.write(&mut writer)?;
        }
        self.keep(writer, self.buffer.len() as u64)?;
        self.buffer.clear();
        Ok(())
    }

    /// Only the owner may read it, and it is gone when it is closed.
    fn run(&self) -> io::Result<BufWriter<File>> {
        Ok(BufWriter::with_capacity(FILE_BUFFER, tempfile::tempfile_in(&self.folder)?))
    }

    fn keep(&mut self, mut writer: BufWriter<File>, records: u64) -> io::Result<()> {
        writer.flush()?;
        let mut file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        self.runs.push(Run { file, records });
        Ok(())
    }

    fn failed(&self, source: io::Error) -> PipelineError {
        PipelineError::Output { path: self.folder.clone(), source }
    }
}

/// Hands out the records of sorted runs and of sorted memory in order.
fn merge(
    runs: Vec<Run>,
    memory: Vec<Record>,
    mut take: impl FnMut(Record) -> io::Result<()>,
) -> io::Result<()> {
    let mut sources: Vec<Source> = Vec::with_capacity(runs.len() + 1);
    for run in runs {
        sources.push(Source::File(BufReader::with_capacity(FILE_BUFFER, run.file), run.records));
    }
    sources.push(Source::Memory(memory.into_iter()));
    let mut heads = BinaryHeap::with_capacity(sources.len());
    for (index, source) in sources.iter_mut().enumerate() {
        if let Some(record) = source.next()? {
            heads.push(Reverse((record, index)));
        }
    }
    while let Some(Reverse((record, index))) = heads.pop() {
        take(record)?;
        if let Some(record) = sources[index].next()? {
            heads.push(Reverse((record, index)));
        }
    }
    Ok(())
}

enum Source {
    /// With the records that it still has: an end before them is an error.
    File(BufReader<File>, u64),
    Memory(std::vec::IntoIter<Record>),
}

impl Source {
    fn next(&mut self) -> io::Result<Option<Record>> {
        match self {
            Self::Memory(records) => Ok(records.next()),
            Self::File(_, 0) => Ok(None),
            Self::File(reader, records) => {
                *records -= 1;
                Record::read(reader).map(Some)
            }
        }
    }
}
