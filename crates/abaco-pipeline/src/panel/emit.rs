//! From loans to a record batch.

use std::sync::Arc;

use abaco_kpi::{ColumnKind, canonical_column};
use arrow::array::{
    ArrayRef, Date32Array, Int64Array, RecordBatch, RecordBatchOptions, UInt64Array, new_null_array,
};
use arrow::compute::take;
use arrow::datatypes::{Field, Schema};
use arrow::error::ArrowError;

use super::amounts;
use super::flows::FlowedSoFar;
use super::history::{Flow, Loan, Standing, Totals};
use super::side::KEY;
use super::snapshots::STANDING;
use super::walk::{Panel, Period, Rows};
use crate::PipelineError;

/// What the panel says of a loan's standing, whatever the tape's contract derives.
pub(crate) const MADE_OF_STANDING: [&str; 3] = ["outstanding_balance", "dpd", "written_off_balance"];

/// The canonical names of a snapshot's label and of the one before it.
const AS_OF: &str = "as_of";
const OPENING_AS_OF: &str = "opening_as_of";
const FIRST_DUE: &str = "first_due_date";

type TotalOf = fn(&Totals) -> i128;

/// Makes the batches of a panel.
pub(super) struct Emitter<'p> {
    panel: &'p Panel,
    /// When each loan's first instalment falls due, where there is a schedule.
    first_due: Option<Vec<Option<i32>>>,
}

/// The columns of a batch as they are put together.
#[derive(Default)]
struct Columns {
    fields: Vec<Field>,
    arrays: Vec<ArrayRef>,
}

impl Columns {
    fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.name() == name)
    }

    fn push(&mut self, name: &str, array: ArrayRef) {
        if !self.has(name) {
            self.fields.push(Field::new(name, array.data_type().clone(), true));
            self.arrays.push(array);
        }
    }
}

impl<'p> Emitter<'p> {
    pub(super) fn new(panel: &'p Panel) -> Self {
        let schedule = panel.side.schedule.as_ref();
        Self { panel, first_due: schedule.map(|schedule| schedule.first_days(panel.loans.len())) }
    }

    /// Rows of the tape, given with the numbers of their loans.
    pub(super) fn snapshot(&self, rows: &[(usize, usize)], period: Period) -> Result<Rows, PipelineError> {
        let tape_rows: Vec<Option<usize>> = rows.iter().map(|(row, _)| Some(*row)).collect();
        let numbers: Vec<usize> = rows.iter().map(|(_, loan)| *loan).collect();
        let mut columns = Columns::default();
        self.dates(&mut columns, rows.len(), period);
        self.tape(&mut columns, &tape_rows)?;
        self.statics(&mut columns, &numbers)?;
        self.first_due(&mut columns, &numbers);
        self.with_ledger(columns, rows.len(), period)
    }

    /// The columns that a panel makes, whatever the tape has.
    pub(super) fn made(&self) -> Result<Vec<String>, PipelineError> {
        let mut columns = Columns::default();
        let period = Period { opening: None, closing: 0 };
        columns.push(OPENING_AS_OF, Arc::new(Date32Array::from(Vec::<Option<i32>>::new())));
        self.standing(&mut columns, &[])?;
        self.flows(&mut columns, &[], period)?;
        self.totals(&mut columns, &[], period)?;
        let names = columns.fields.iter().map(|field| field.name().clone());
        Ok(names.filter(|name| !STANDING.contains(&name.as_str())).collect())
    }

    /// The loans that are known, as they stand.
    pub(super) fn panel(
        &self,
        loans: &[Loan],
        flowed: &FlowedSoFar,
        period: Period,
    ) -> Result<Rows, PipelineError> {
        let known: Vec<(usize, &Loan)> = loans.iter().enumerate().filter(|(_, loan)| loan.known).collect();
        let numbers: Vec<usize> = known.iter().map(|(number, _)| *number).collect();
        let loans: Vec<&Loan> = known.into_iter().map(|(_, loan)| loan).collect();
        let tape_rows: Vec<Option<usize>> = loans.iter().map(|loan| loan.row).collect();
        let mut columns = Columns::default();
        self.dates(&mut columns, loans.len(), period);
        columns.push(KEY, Arc::new(self.panel.loans.names(&numbers)));
        // What the panel itself says of a balance comes before what the tape has in its place.
        self.standing(&mut columns, &loans)?;
        self.flows(&mut columns, &loans, period)?;
        self.totals(&mut columns, &loans, period)?;
        for (index, flow) in self.panel.snapshots.flows.iter().enumerate() {
            self.push_amounts(&mut columns, &flow.name, flowed.of(index, &numbers), flow.scale)?;
        }
        let last_rows: Vec<Option<usize>> = loans.iter().map(|loan| loan.last_row).collect();
        self.never_changing(&mut columns, &last_rows)?;
        self.tape(&mut columns, &tape_rows)?;
        self.statics(&mut columns, &numbers)?;
        self.first_due(&mut columns, &numbers);
        self.with_ledger(columns, loans.len(), period)
    }

    fn dates(&self, columns: &mut Columns, rows: usize, period: Period) {
        let closing: ArrayRef = Arc::new(Date32Array::from(vec![period.closing; rows]));
        columns.push(&self.panel.snapshots.dated_by, Arc::clone(&closing));
        columns.push(AS_OF, closing);
        columns.push(OPENING_AS_OF, Arc::new(Date32Array::from(vec![period.opening; rows])));
    }

    fn tape(&self, columns: &mut Columns, rows: &[Option<usize>]) -> Result<(), PipelineError> {
        self.taken(columns, &self.panel.snapshots.batch, rows)
    }

    /// The tape's columns that hold for the life of a loan; a loan that is gone stays in its segment.
    fn never_changing(&self, columns: &mut Columns, rows: &[Option<usize>]) -> Result<(), PipelineError> {
        let batch = &self.panel.snapshots.batch;
        let is_static =
            |name: &str| canonical_column(name).is_some_and(|column| column.kind == ColumnKind::Static);
        let kept: Vec<usize> = batch
            .schema()
            .fields()
            .iter()
            .enumerate()
            .filter(|(_, field)| is_static(field.name()))
            .map(|(index, _)| index)
            .collect();
        let batch = batch.project(&kept).map_err(|error| self.arrow(error))?;
        self.taken(columns, &batch, rows)
    }

    fn statics(&self, columns: &mut Columns, loans: &[usize]) -> Result<(), PipelineError> {
        let Some(statics) = &self.panel.side.statics else { return Ok(()) };
        let rows: Vec<Option<usize>> = loans.iter().map(|loan| statics.row(*loan)).collect();
        self.taken(columns, &statics.batch, &rows)
    }

    /// What the schedule says of the loan, unless a table has a column of this name.
    fn first_due(&self, columns: &mut Columns, loans: &[usize]) {
        if let Some(first_due) = &self.first_due {
            let days: Date32Array = loans.iter().map(|loan| first_due[*loan]).collect();
            columns.push(FIRST_DUE, Arc::new(days));
        }
    }

    fn taken(
        &self,
        columns: &mut Columns,
        batch: &RecordBatch,
        rows: &[Option<usize>],
    ) -> Result<(), PipelineError> {
        let rows: UInt64Array = rows.iter().map(|row| row.map(|row| row as u64)).collect();
        for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
            if !columns.has(field.name()) {
                columns.push(field.name(), take(array, &rows, None).map_err(|error| self.arrow(error))?);
            }
        }
        Ok(())
    }

    fn standing(&self, columns: &mut Columns, loans: &[&Loan]) -> Result<(), PipelineError> {
        let has = |name: &str| self.panel.snapshots.has.contains(&name);
        let days = |standing: fn(&Loan) -> &Standing| -> ArrayRef {
            Arc::new(loans.iter().map(|loan| standing(loan).dpd).collect::<Int64Array>())
        };
        self.amounts(columns, "outstanding_balance", loans, |loan| loan.closing.balance)?;
        self.amounts(columns, "opening_balance", loans, |loan| loan.opening.balance)?;
        if has("written_off_balance") {
            self.amounts(columns, "written_off_balance", loans, |loan| loan.closing.written_off)?;
            self.amounts(columns, "opening_written_off_balance", loans, |loan| loan.opening.written_off)?;
        }
        if has("dpd") {
            columns.push("dpd", days(|loan| &loan.closing));
            columns.push("opening_dpd", days(|loan| &loan.opening));
        }
        Ok(())
    }

    /// The amounts of the period; before the first snapshot there is none.
    fn flows(&self, columns: &mut Columns, loans: &[&Loan], period: Period) -> Result<(), PipelineError> {
        for flow in Flow::ALL.into_iter().filter(|flow| self.offers(*flow)) {
            let amount = |loan: &Loan| period.opening.map(|_| loan.period[flow as usize]);
            self.amounts(columns, flow.name(), loans, amount)?;
        }
        Ok(())
    }

    /// Whether the tables tell of such amounts.
    fn offers(&self, flow: Flow) -> bool {
        let stated = |flow: Flow| {
            let side = &self.panel.side;
            [&side.events, &side.schedule]
                .into_iter()
                .flatten()
                .any(|timeline| timeline.flows.contains(&flow))
        };
        let writes_off = self.panel.snapshots.has.contains(&"written_off_balance");
        match flow {
            Flow::WrittenOff | Flow::Reinstated => writes_off,
            Flow::Recovered => writes_off && stated(Flow::PaidPrincipal),
            Flow::Defaulted => writes_off && self.panel.snapshots.has.contains(&"dpd"),
            Flow::PrepaidPrincipal => stated(Flow::PaidPrincipal) && stated(Flow::DuePrincipal),
            other => stated(other),
        }
    }

    /// The amounts since the beginning, and up to the opening, where there is one.
    fn totals(&self, columns: &mut Columns, loans: &[&Loan], period: Period) -> Result<(), PipelineError> {
        let side = &self.panel.side;
        let has_dpd = self.panel.snapshots.has.contains(&"dpd");
        let totals: [(&str, bool, TotalOf); 6] = [
            ("cum_paid", side.events.is_some(), |totals| totals.paid),
            ("cum_due", side.schedule.is_some(), |totals| totals.due),
            ("cum_written_off", self.offers(Flow::WrittenOff), |totals| totals.written_off),
            ("cum_recovered", self.offers(Flow::Recovered), |totals| totals.recovered),
            ("peak_30_balance", has_dpd, |totals| totals.peak_30),
            ("peak_90_balance", has_dpd, |totals| totals.peak_90),
        ];
        for (name, offered, total) in totals {
            if offered {
                self.amounts(columns, name, loans, |loan| Some(total(&loan.totals)))?;
            }
        }
        if has_dpd {
            let peak = |loan: &Loan| period.opening.map(|_| loan.opening_peak_90);
            self.amounts(columns, "opening_peak_90_balance", loans, peak)?;
        }
        Ok(())
    }

    fn amounts(
        &self,
        columns: &mut Columns,
        name: &str,
        loans: &[&Loan],
        amount: impl Fn(&Loan) -> Option<i128>,
    ) -> Result<(), PipelineError> {
        let values = loans.iter().map(|loan| amount(loan)).collect();
        self.push_amounts(columns, name, values, self.panel.scale)
    }

    fn push_amounts(
        &self,
        columns: &mut Columns,
        name: &str,
        values: Vec<Option<i128>>,
        scale: u8,
    ) -> Result<(), PipelineError> {
        let column = amounts::column(values, scale)
            .map_err(|problem| self.panel.refused(format!("column `{name}` of the panel: {problem}")))?;
        columns.push(name, column);
        Ok(())
    }

    /// The loans, and the rows of the ledger with the same columns.
    fn with_ledger(&self, mut columns: Columns, rows: usize, period: Period) -> Result<Rows, PipelineError> {
        let Some(ledger) = &self.panel.side.ledger else {
            return Ok(Rows { loans: self.batch(columns, rows)?, ledger: None });
        };
        let below = ledger.rows(period.opening, period.closing);
        let mut beneath = Columns::default();
        self.dates(&mut beneath, below.len(), period);
        let amounts: Vec<Option<usize>> = below.iter().map(|row| Some(row.index)).collect();
        let levels: Vec<Option<usize>> = below.iter().map(|row| row.is_last.then_some(row.index)).collect();
        for (column, field) in ledger.batch.schema().fields().iter().enumerate() {
            let one = ledger.batch.project(&[column]).map_err(|error| self.arrow(error))?;
            let rows = if is_level(field.name()) { &levels } else { &amounts };
            self.taken(&mut beneath, &one, rows)?;
        }
        for (field, array) in beneath.fields.iter().zip(&beneath.arrays) {
            if !columns.has(field.name()) {
                columns.push(field.name(), new_null_array(array.data_type(), rows));
            }
        }
        for (field, array) in columns.fields.iter().zip(&columns.arrays) {
            if !beneath.has(field.name()) {
                beneath.push(field.name(), new_null_array(array.data_type(), below.len()));
            }
        }
        let order = |name: &str| columns.fields.iter().position(|field| field.name() == name);
        let mut ordered: Vec<(Option<usize>, Field, ArrayRef)> = beneath
            .fields
            .into_iter()
            .zip(beneath.arrays)
            .map(|(field, array)| (order(field.name()), field, array))
            .collect();
        ordered.sort_by_key(|(position, ..)| *position);
        let mut beneath = Columns::default();
        for (_, field, array) in ordered {
            beneath.push(field.name(), array);
        }
        let (loans, ledger) = (self.batch(columns, rows)?, self.batch(beneath, below.len())?);
        Ok(Rows { loans, ledger: Some(ledger) })
    }

    fn batch(&self, columns: Columns, rows: usize) -> Result<RecordBatch, PipelineError> {
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(columns.fields)), columns.arrays, &options)
            .map_err(|error| self.arrow(error))
    }

    fn arrow(&self, source: ArrowError) -> PipelineError {
        PipelineError::arrow(self.panel.path(), source)
    }
}

/// Whether a ledger's column is a level, of which a period has the last, and not an amount, of which it has the sum.
fn is_level(name: &str) -> bool {
    const AMOUNTS: [&str; 5] = ["revenue", "funding_cost", "servicing_cost", "impairment", "opex"];
    canonical_column(name).is_some_and(|column| column.kind == ColumnKind::Ledger) && !AMOUNTS.contains(&name)
}
