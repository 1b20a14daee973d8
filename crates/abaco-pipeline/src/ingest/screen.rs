//! Reading on all threads with refused rows beside the others, and an output of each batch in the order of the file.

use super::order::InOrder;
use super::threads::Reading;
use super::{Before, FoldError, IngestReport, Screened, TapeReader};
use crate::Watch;

/// How many outputs per thread may wait for earlier ones.
const HELD_PER_THREAD: usize = 2;

impl TapeReader {
    /// Reads the rest of the tape as [`fold`](Self::fold) does, but keeps refused rows, and gives what comes of each batch
    /// to one closure in the order of the file.
    ///
    /// A row that does not fit the contract (a cell that cannot be read, a null where none may be, too few or too many
    /// cells, too many bytes, other bytes than UTF-8) keeps its place in its batch: see [`Screened`]. A file that is
    /// damaged, cut off or changed while it is read is an error as before.
    ///
    /// `add` runs on the thread that decoded the batch. `in_order` gets the outputs of one part after those of all
    /// earlier parts, and those of a part in the order of its batches; it never runs twice at once. A thread whose outputs
    /// must wait goes on until there are two of them for each thread of the pool; then it waits itself, so that memory is
    /// bounded however slow the first part is. The thread that reads the earliest part never waits. Since threads wait,
    /// neither closure may use the same rayon pool.
    ///
    /// The watch is told the rows of each batch, and between batches is asked whether to go on.
    ///
    /// The report counts every cell that was read into a batch once, in refused rows too, and the nulls that the contract
    /// refused; not the cells that could not be read.
    ///
    /// # Errors
    /// The earliest error, whatever the number of threads: that of the file, or what `add` or `in_order` returned, as
    /// [`FoldError::Batch`]; [`PipelineError::Cancelled`](crate::PipelineError::Cancelled); what `merge` returned. What
    /// `in_order` was given until then is to be thrown away.
    ///
    /// ```
    /// use abaco_pipeline::Watch;
    /// use abaco_pipeline::contract::Contract;
    /// use abaco_pipeline::ingest::{self, IngestOptions, Needed};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let text = "contract: c\nversion: 1\ncurrency: USD\ncolumns: { x: { type: int } }";
    /// let contract = Contract::from_yaml_str(text, "c.yml")?;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("tape.csv");
    /// std::fs::write(&path, "x\n1\nmany\n3\n")?;
    /// let tape = ingest::open(&path, &contract, &Needed::all(), &IngestOptions::default())?;
    /// let (mut refused, watch) = (Vec::new(), Watch::default());
    /// let (admitted, report) = tape.screen(
    ///     || 0,
    ///     |admitted, screened| {
    ///         *admitted += screened.batch.num_rows() - screened.refused.len();
    ///         Ok::<_, std::convert::Infallible>(screened.refused)
    ///     },
    ///     |admitted, others| Ok(*admitted += others),
    ///     |before, rows| {
    ///         refused.extend(rows.into_iter().map(|row| (row.cells, before.locate(row.error).to_string())));
    ///         Ok(())
    ///     },
    ///     &watch,
    /// )?;
    /// assert_eq!((admitted, report.rows, watch.rows()), (2, 3, 3));
    /// assert_eq!(refused[0].0, [Some("many".to_owned())]);
    /// assert!(refused[0].1.ends_with("tape.csv: row 2 (line 3), column `x`: expected int, found `many`"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn screen<S: Send, O: Send, E: Send>(
        self,
        empty: impl Fn() -> S + Sync,
        add: impl Fn(&mut S, Screened) -> Result<O, E> + Sync,
        merge: impl Fn(&mut S, S) -> Result<(), E>,
        in_order: impl FnMut(Before, O) -> Result<(), E> + Send,
        watch: &Watch,
    ) -> Result<(S, IngestReport), FoldError<E>> {
        let most_held = HELD_PER_THREAD * rayon::current_num_threads();
        let order = InOrder::new(in_order, self.before, self.parts_passed, most_held);
        self.on_all_threads(&Reading { screened: true, watch }, empty, add, merge, &order)
    }
}
