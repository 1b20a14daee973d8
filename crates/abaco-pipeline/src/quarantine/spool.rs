//! Refused rows on their way to their file: in memory while they are few, on disk when they are many.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;

use crate::PipelineError;

/// Rows as they come, of which memory holds one batch.
pub(crate) struct Spool {
    folder: PathBuf,
    first: Option<RecordBatch>,
    file: Option<StreamWriter<BufWriter<File>>>,
}

/// Rows that are all there, to be read as often as one likes, one reader at a time.
#[derive(Debug, Default)]
pub(crate) struct Spooled {
    first: Option<RecordBatch>,
    rest: Option<(PathBuf, Arc<File>)>,
}

impl Spool {
    /// Rows whose file lies in this folder. It has no name, so that it is gone with its process.
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf(), first: None, file: None }
    }

    pub(crate) fn push(&mut self, batch: RecordBatch) -> Result<(), PipelineError> {
        if self.first.is_none() {
            self.first = Some(batch);
            return Ok(());
        }
        let failed = |source| PipelineError::Output { path: self.folder.clone(), source };
        let writer = match &mut self.file {
            Some(writer) => writer,
            none => {
                let file = tempfile::tempfile_in(&self.folder).map_err(failed)?;
                let writer = StreamWriter::try_new(BufWriter::new(file), &batch.schema());
                none.insert(writer.map_err(|error| failed(of_disk(error)))?)
            }
        };
        writer.write(&batch).map_err(|error| failed(of_disk(error)))
    }

    pub(crate) fn finish(self) -> Result<Spooled, PipelineError> {
        let Self { folder, first, file } = self;
        let failed = |source| PipelineError::Output { path: folder.clone(), source };
        let rest = match file {
            None => None,
            Some(mut writer) => {
                writer.finish().map_err(|error| failed(of_disk(error)))?;
                let file = writer.into_inner().map_err(|error| failed(of_disk(error)))?;
                let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
                Some((folder, Arc::new(file)))
            }
        };
        Ok(Spooled { first, rest })
    }
}

impl Spooled {
    /// Hands out the batches.
    pub(crate) fn for_each(
        &self,
        mut take: impl FnMut(&RecordBatch) -> Result<(), PipelineError>,
    ) -> Result<(), PipelineError> {
        self.first.iter().try_for_each(&mut take)?;
        let Some((folder, file)) = &self.rest else { return Ok(()) };
        let failed = |source| PipelineError::Output { path: folder.clone(), source };
        let mut file: &File = file;
        file.rewind().map_err(failed)?;
        let reader = StreamReader::try_new(BufReader::new(file), None);
        for batch in reader.map_err(|error| failed(of_disk(error)))? {
            take(&batch.map_err(|error| failed(of_disk(error)))?)?;
        }
        Ok(())
    }
}

fn of_disk(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, source) => source,
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, RecordBatch};

    use super::Spool;

    fn batch(from: i64) -> RecordBatch {
        RecordBatch::try_from_iter([("n", Arc::new(Int64Array::from(vec![from, from + 1])) as _)]).unwrap()
    }

    #[test]
    fn what_comes_out_is_what_went_in_each_time() {
        for batches in 0..4 {
            let folder = tempfile::tempdir().unwrap();
            let pushed: Vec<RecordBatch> = (0..batches).map(|index| batch(index * 10)).collect();
            let mut spool = Spool::new(folder.path());
            pushed.iter().for_each(|batch| spool.push(batch.clone()).unwrap());
            let spooled = spool.finish().unwrap();
            for _ in 0..2 {
                let mut read = Vec::new();
                spooled
                    .for_each(|batch| {
                        read.push(batch.clone());
                        Ok(())
                    })
                    .unwrap();
                assert_eq!(read, pushed);
            }
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }

    #[test]
    fn a_folder_that_is_gone_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(&folder.path().join("gone"));
        spool.push(batch(0)).unwrap();
        let error = spool.push(batch(1)).unwrap_err().to_string();
        assert!(error.contains("gone: "), "{error}");
    }
}
