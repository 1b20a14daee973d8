//! Tables have the same bytes however their rows come, and what is read back is what was written.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use abaco_pipeline::PipelineError;
use abaco_pipeline::arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal64Array, Decimal128Array, DictionaryArray, Int64Array,
    RecordBatch, StringArray,
};
use abaco_pipeline::arrow::compute::concat_batches;
use abaco_pipeline::arrow::datatypes::{DataType, Field, Int32Type, Schema};
use abaco_pipeline::artefacts::{
    CREATED_BY, ROWS_PER_GROUP, TableFormat, TableWriter, flat_batch, flat_schema,
};
use abaco_pipeline::storage::{Access, Disk, Sink, Storage};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::{FileReader, SerializedFileReader};
use proptest::prelude::*;

const FORMATS: [TableFormat; 3] = [TableFormat::Parquet, TableFormat::Csv, TableFormat::Ipc];

/// Every type of a tape, with nulls, over so many rows.
fn tape(rows: usize) -> RecordBatch {
    let of = |row: usize| i64::try_from(row).unwrap();
    let some = |row: usize, nth: usize| !row.is_multiple_of(nth);
    let segment: DictionaryArray<Int32Type> =
        (0..rows).map(|row| some(row, 7).then(|| ["sme", "corporate", "retail"][row % 3])).collect();
    let text: StringArray =
        (0..rows).map(|row| some(row, 11).then(|| format!("loan {}", row * 7_919 % 10_007))).collect();
    let money: Decimal64Array = (0..rows).map(|row| some(row, 5).then(|| of(row) * 1_237 % 99_991)).collect();
    let wide: Decimal128Array = (0..rows).map(|row| Some(i128::from(of(row)) * 10_i128.pow(20))).collect();
    let date: Date32Array = (0..rows).map(|row| Some(i32::try_from(row % 900).unwrap())).collect();
    let int: Int64Array = (0..rows).map(|row| some(row, 3).then(|| of(row) - 50)).collect();
    let flag: BooleanArray = (0..rows).map(|row| some(row, 4).then_some(row % 2 == 0)).collect();
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(segment),
        Arc::new(text),
        Arc::new(money.with_precision_and_scale(18, 2).unwrap()),
        Arc::new(wide.with_precision_and_scale(38, 17).unwrap()),
        Arc::new(date),
        Arc::new(int),
        Arc::new(flag),
    ];
    let names = ["segment", "loan_id", "balance", "wide", "month", "dpd", "active"];
    let fields: Vec<Field> = names
        .iter()
        .zip(&arrays)
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), !["wide", "month"].contains(name)))
        .collect();
    // Metadata has no fixed order, so it must not reach the file.
    let metadata =
        [("a", "1"), ("b", "2"), ("c", "3")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    RecordBatch::try_new(Arc::new(Schema::new_with_metadata(fields, metadata.into())), arrays).unwrap()
}

fn written(format: TableFormat, schema: &Schema, batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = TableWriter::new(format, "t", Vec::new(), schema).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.finish().unwrap()
}

fn split(batch: &RecordBatch, at: &[usize]) -> Vec<RecordBatch> {
    let mut cuts: Vec<usize> = at.iter().map(|cut| cut % (batch.num_rows() + 1)).collect();
    cuts.extend([0, batch.num_rows()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|pair| batch.slice(pair[0], pair[1] - pair[0])).collect()
}

fn parquet_batches(bytes: Vec<u8>) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).unwrap().build().unwrap();
    reader.map(Result::unwrap).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn how_rows_are_divided_changes_no_byte(
        rows in 0_usize..20_000, cuts in proptest::collection::vec(any::<usize>(), 0..12)
    ) {
        let tape = tape(rows);
        for format in FORMATS {
            let whole = written(format, &tape.schema(), std::slice::from_ref(&tape));
            let parts = written(format, &tape.schema(), &split(&tape, &cuts));
            prop_assert!(whole == parts, "{format:?}");
        }
    }
}

/// What a batch holds, and not how: other dictionaries, bitmaps that say nothing, flat batches.
#[test]
fn how_rows_are_held_changes_no_byte() {
    let tape = tape(9_000);
    let of_its_own = |part: &RecordBatch| {
        let segments = part.column(0).as_any().downcast_ref::<DictionaryArray<Int32Type>>().unwrap();
        let texts = segments.downcast_dict::<StringArray>().unwrap();
        let segments: DictionaryArray<Int32Type> = texts.into_iter().collect();
        let mut columns = part.columns().to_vec();
        columns[0] = Arc::new(segments);
        RecordBatch::try_new(part.schema(), columns).unwrap()
    };
    let others: Vec<RecordBatch> = split(&tape, &[1, 4_000, 8_999]).iter().map(of_its_own).collect();
    for format in FORMATS {
        let whole = written(format, &tape.schema(), std::slice::from_ref(&tape));
        assert!(whole == written(format, &tape.schema(), &others), "{format:?}");
        assert!(whole == written(format, &tape.schema(), &[flat_batch(&tape).unwrap()]), "{format:?}");
    }
}

#[test]
fn parquet_reads_back_the_same_over_several_row_groups() {
    let tape = tape(ROWS_PER_GROUP + 10_000);
    let bytes = written(TableFormat::Parquet, &tape.schema(), &split(&tape, &[5, 70_000]));
    let reader = SerializedFileReader::new(Bytes::from(bytes.clone())).unwrap();
    let groups: Vec<i64> = reader.metadata().row_groups().iter().map(|group| group.num_rows()).collect();
    assert_eq!(groups, [i64::try_from(ROWS_PER_GROUP).unwrap(), 10_000]);
    assert_eq!(reader.metadata().file_metadata().created_by(), Some(CREATED_BY));
    assert!(reader.metadata().file_metadata().key_value_metadata().is_none());
    let read = parquet_batches(bytes);
    let flat = flat_batch(&tape).unwrap();
    assert_eq!(concat_batches(&flat.schema(), &read).unwrap(), flat);
    assert_eq!(flat.schema().field(0).data_type(), &DataType::Utf8);
    assert_eq!(flat.schema().field(2).data_type(), &DataType::Decimal128(18, 2));
}

#[test]
fn ipc_reads_back_the_same() {
    let tape = tape(20_000);
    let bytes = written(TableFormat::Ipc, &tape.schema(), &split(&tape, &[3, 9_999]));
    let reader =
        abaco_pipeline::arrow::ipc::reader::FileReader::try_new(io::Cursor::new(bytes), None).unwrap();
    let read: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
    let flat = flat_batch(&tape).unwrap();
    assert_eq!(concat_batches(&flat.schema(), &read).unwrap(), flat);
}

#[test]
fn an_empty_table_has_its_columns() {
    let schema = tape(0).schema();
    let parquet = written(TableFormat::Parquet, &schema, &[]);
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(parquet)).unwrap();
    assert_eq!(reader.schema().fields(), flat_schema(&schema).fields());
    assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
    let csv = written(TableFormat::Csv, &schema, &[]);
    assert_eq!(csv, b"segment,loan_id,balance,wide,month,dpd,active\r\n");
    let ipc = written(TableFormat::Ipc, &schema, &[]);
    let reader = abaco_pipeline::arrow::ipc::reader::FileReader::try_new(io::Cursor::new(ipc), None).unwrap();
    assert_eq!(reader.schema().fields(), flat_schema(&schema).fields());
}

/// Counts what reaches it.
struct Counting(Arc<AtomicUsize>);

impl Write for Counting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.fetch_add(bytes.len(), Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What has left the writer is no longer in memory: nothing is held beyond a row group.
#[test]
fn a_row_group_is_written_as_soon_as_it_is_full() {
    let reached = Arc::new(AtomicUsize::new(0));
    let group = tape(ROWS_PER_GROUP);
    let whole = written(TableFormat::Parquet, &group.schema(), std::slice::from_ref(&group)).len();
    let mut writer =
        TableWriter::new(TableFormat::Parquet, "t", Counting(Arc::clone(&reached)), &group.schema()).unwrap();
    for groups in 1..=3 {
        writer.write(&group).unwrap();
        // All but the footer, and what a buffer of the system's size holds back.
        let least = groups * (whole - whole / 10) - 16_384;
        assert!(reached.load(Ordering::Relaxed) > least, "group {groups}");
    }
}

struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::from_raw_os_error(28))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_what_the_error_says() {
    for format in FORMATS {
        let tape = tape(10);
        let result = TableWriter::new(format, "tape.out", Full, &tape.schema()).and_then(|mut writer| {
            writer.write(&tape)?;
            writer.finish().map(|_| ())
        });
        match result.unwrap_err() {
            PipelineError::Output { path, source } => {
                assert_eq!(
                    (path.as_path(), source.raw_os_error()),
                    (Path::new("tape.out"), Some(28)),
                    "{format:?}"
                );
            }
            other => panic!("{format:?}: {other}"),
        }
    }
}

#[test]
fn other_columns_are_refused() {
    let tape = tape(3);
    let mut writer =
        TableWriter::new(TableFormat::Parquet, "tape.parquet", Vec::new(), &tape.schema()).unwrap();
    let fewer = tape.project(&[0, 1]).unwrap();
    assert_eq!(
        writer.write(&fewer).unwrap_err().to_string(),
        "tape.parquet: expected the columns `segment`, `loan_id`, `balance`, `wide`, `month`, `dpd`, `active`, \
         found `segment`, `loan_id`"
    );
}

#[test]
fn a_sink_of_the_storage_is_given_back_to_be_synced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tape.parquet");
    let tape = tape(100);
    let sink: Box<dyn Sink> = Disk.create(&path, Access::Shared).unwrap();
    let mut writer = TableWriter::new(TableFormat::Parquet, &path, sink, &tape.schema()).unwrap();
    writer.write(&tape).unwrap();
    writer.finish().unwrap().sync().unwrap();
    let expected = written(TableFormat::Parquet, &tape.schema(), &[tape]);
    assert_eq!(std::fs::read(&path).unwrap(), expected);
}
