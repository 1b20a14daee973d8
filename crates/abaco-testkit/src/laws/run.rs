//! All laws on many tapes.

use abaco_kpi::{Column, Kpi, RowExpr};
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

use super::case::Case;
use super::subject::{Subject, refusal};
use super::{
    Violation, agrees_with_the_oracle, any_batch_size, any_layout, any_length, any_order, any_split,
    any_thread_count, columns_are_canonical, description_is_stable, evaluate_is_a_plan_of_one,
    fused_equals_alone, kinds_do_not_mix, merge_is_a_commutative_monoid, missing_columns_are_named,
    state_round_trips,
};
use crate::strategy::{TapeShape, columns_of};
use crate::{CellType, Layout, Tape, TextLayout, Width};

const SNAPSHOT: &str = "as_of";
const SEGMENT: &str = "segment";
const PRODUCT: &str = "product_type";
const CASES: u32 = 64;
const CASES_VARIABLE: &str = "PROPTEST_CASES";
/// Tapes so wide that the engine refuses them count as rejected; this many per case are too many.
const REJECTS_PER_CASE: u32 = 32;
/// Past one block of any engine, and past one segment.
const BLOCK_ROWS: usize = 1_100;
const SEGMENT_ROWS: usize = 70_000;
/// Of so many tapes one is also folded past a segment.
const CASES_PER_SEGMENT: u32 = 32;
/// Steps towards a smaller tape.
const SHRINKS_MAX: u32 = 1_024;
const SHRINKS_VARIABLE: &str = "PROPTEST_MAX_SHRINK_ITERS";

/// Asserts every law for `kpi` on tapes made for it.
///
/// ```
/// use abaco_kpi::{FormulaKpi, KpiSpec, Unit, sum};
///
/// let balance = FormulaKpi::new(KpiSpec::new("balance", "Balance", Unit::Currency), sum("outstanding_balance"));
/// abaco_testkit::assert_kpi_laws(&balance);
/// ```
///
/// # Panics
/// If a law does not hold; the message names the law and shows the smallest tape that was found.
pub fn assert_kpi_laws(kpi: &dyn Kpi) {
    Laws::new(kpi).assert();
}

/// The laws for one KPI, with more to say about its tapes than [`assert_kpi_laws`] needs.
///
/// ```
/// use abaco_kpi::{FormulaKpi, KpiSpec, Unit, case, col, sum};
/// use abaco_testkit::{CellType, Laws};
///
/// let par = FormulaKpi::new(
///     KpiSpec::new("par", "Portfolio at risk", Unit::Percent),
///     100 * sum("dpd_90_plus_usd") / sum("total_receivable_usd"),
/// );
/// Laws::new(&par)
///     .bind("dpd_90_plus_usd", case(col("days").ge(90), "balance").otherwise(0))
///     .bind("total_receivable_usd", col("balance"))
///     .column("days", CellType::Integer)
///     .column("balance", CellType::MONEY)
///     .cases(16)
///     .check()?;
/// # Ok::<(), abaco_testkit::Violation>(())
/// ```
#[derive(Clone)]
pub struct Laws<'k> {
    kpi: &'k dyn Kpi,
    others: Vec<&'k dyn Kpi>,
    bindings: Vec<(Column, RowExpr)>,
    columns: Vec<(Column, CellType)>,
    cases: u32,
    long: bool,
}

impl<'k> Laws<'k> {
    /// The laws for `kpi`, on 64 tapes.
    pub fn new(kpi: &'k dyn Kpi) -> Self {
        Self { kpi, others: Vec::new(), bindings: Vec::new(), columns: Vec::new(), cases: CASES, long: true }
    }

    /// Plans the KPI also together with these.
    #[must_use]
    pub fn beside(mut self, others: impl IntoIterator<Item = &'k dyn Kpi>) -> Self {
        self.others.extend(others);
        self
    }

    /// Reads a canonical column by an expression over the tape's columns.
    #[must_use]
    pub fn bind(mut self, column: impl Into<Column>, expr: RowExpr) -> Self {
        self.bindings.push((column.into(), expr));
        self
    }

    /// Gives the tapes this column too, which is then allowed in formulas.
    #[must_use]
    pub fn column(mut self, name: impl Into<Column>, cell_type: CellType) -> Self {
        self.columns.push((name.into(), cell_type));
        self
    }

    /// Checks the laws on so many tapes; the environment variable `PROPTEST_CASES` overrides it.
    #[must_use]
    pub fn cases(mut self, cases: u32) -> Self {
        self.cases = cases;
        self
    }

    /// Leaves out the tapes past a segment, which take most of the time: for one of many KPIs whose measures are
    /// of kinds that others are already checked on.
    #[must_use]
    pub fn without_long_tapes(mut self) -> Self {
        self.long = false;
        self
    }

    /// Checks every law.
    ///
    /// # Panics
    /// If a law does not hold.
    #[allow(clippy::panic, reason = "an assertion for tests")]
    pub fn assert(&self) {
        if let Err(violation) = self.check() {
            panic!("{violation}");
        }
    }

    /// Checks every law.
    ///
    /// # Errors
    /// The first [`Violation`], on the smallest tape that was found.
    pub fn check(&self) -> Result<(), Violation> {
        description_is_stable(self.kpi)?;
        columns_are_canonical(self.kpi, &|name| self.columns.iter().any(|(known, _)| known.name() == name))?;
        kinds_do_not_mix(self.kpi)?;
        self.is_planned()?;
        let cases = wanted(CASES_VARIABLE).unwrap_or(self.cases);
        self.run(cases, |subject, case| self.check_case(subject, case))?;
        if !self.long {
            return Ok(());
        }
        self.run(cases.div_ceil(CASES_PER_SEGMENT), |subject, case| {
            any_length(subject, &case.tape, case.layout, SEGMENT_ROWS)
        })
    }

    /// Runs `law` on so many tapes, and on smaller ones once it breaks.
    fn run(
        &self,
        cases: u32,
        law: impl Fn(&Subject<'_>, &Case) -> Result<(), Violation>,
    ) -> Result<(), Violation> {
        let config = Config {
            cases,
            max_global_rejects: cases.saturating_mul(REJECTS_PER_CASE),
            max_shrink_iters: wanted(SHRINKS_VARIABLE).unwrap_or(SHRINKS_MAX),
            failure_persistence: None,
            ..Config::default()
        };
        let fail = |violation: Violation| TestCaseError::fail(violation.to_string());
        let run = TestRunner::new(config).run(&super::case::cases(|width| self.shape(width)), |case| {
            let subject = self.subject(case.dated, case.grouped);
            if let Some(reason) = refusal(&subject, &case.tape, case.layout).map_err(fail)? {
                return Err(TestCaseError::reject(reason));
            }
            law(&subject, &case).map_err(fail)
        });
        run.map_err(|error| match error {
            TestError::Fail(reason, _) => Violation::new(reason.message()),
            TestError::Abort(reason) => Violation::new(format!(
                "the laws of {} could not be checked: {}",
                self.kpi.spec().id,
                reason.message()
            )),
        })
    }

    /// Checks every law on one tape, as a regression test does: also by snapshot if it has `as_of`, and by
    /// group if it has `segment` and `product_type`.
    ///
    /// # Errors
    /// The first [`Violation`].
    pub fn check_on(&self, tape: &Tape, layout: impl Into<Layout>) -> Result<(), Violation> {
        let layout = layout.into();
        let has = |name: &str| tape.position(name).is_some();
        for dated in [false, true].into_iter().filter(|dated| !dated || has(SNAPSHOT)) {
            for grouped in
                [false, true].into_iter().filter(|grouped| !grouped || has(SEGMENT) && has(PRODUCT))
            {
                let case = Case {
                    tape: tape.clone(),
                    layout,
                    other: Layout { width: Width::Decimal128, text: TextLayout::Dictionary },
                    dated,
                    grouped,
                    shuffle: vec![5, 1, 3, 0, 2, 4, 7],
                    batch_rows_max: 2,
                    leave_out: vec![true, false],
                };
                self.check_case(&self.subject(dated, grouped), &case)?;
            }
        }
        Ok(())
    }

    /// The description is one that the engine computes, at the usual width and scales.
    fn is_planned(&self) -> Result<(), Violation> {
        let subject = self.subject(false, false);
        let columns = self.shape(Width::Decimal64).columns().to_vec();
        let empty = Tape::from_rows(columns, []).unwrap_or_default();
        match refusal(&subject, &empty, Width::Decimal64.into())? {
            Some(reason) => Err(Violation::new(format!(
                "law broken: a description is planned\n{subject}\nthe engine refuses it: {reason}"
            ))),
            None => Ok(()),
        }
    }

    fn subject(&self, dated: bool, grouped: bool) -> Subject<'k> {
        let mut subject = Subject::new(self.kpi);
        subject.bindings.clone_from(&self.bindings);
        if dated {
            subject = subject.snapshot(SNAPSHOT);
        }
        if grouped {
            subject = subject.group_by([SEGMENT]).group_by([SEGMENT, PRODUCT]);
        }
        subject
    }

    /// The tapes for the KPI, its company, snapshots and groups.
    fn shape(&self, width: Width) -> TapeShape {
        let mut shape = TapeShape::new(width).beyond_declared(true).dense(SNAPSHOT);
        for (column, cell_type) in &self.columns {
            shape = shape.column(column.clone(), *cell_type);
        }
        let read = std::iter::once(&self.kpi).chain(&self.others).flat_map(|kpi| columns_of(*kpi));
        for column in read.filter(|column| self.bindings.iter().all(|(bound, _)| bound != column)) {
            shape = shape.canonical(column);
        }
        for (_, expr) in &self.bindings {
            expr.for_each_column(&mut |column| shape = shape.clone().canonical(column.clone()));
        }
        shape.canonical(SNAPSHOT).canonical(SEGMENT).canonical(PRODUCT)
    }

    fn check_case(&self, subject: &Subject<'_>, case: &Case) -> Result<(), Violation> {
        let Case { tape, layout, .. } = case;
        let layout = *layout;
        agrees_with_the_oracle(subject, tape, layout)?;
        any_order(subject, tape, layout, &case.shuffle)?;
        any_split(subject, tape, layout, &case.shuffle)?;
        any_batch_size(subject, tape, layout, case.batch_rows_max)?;
        any_thread_count(subject, tape, layout, case.batch_rows_max)?;
        merge_is_a_commutative_monoid(subject, tape, layout, &case.shuffle)?;
        state_round_trips(subject, tape, layout)?;
        any_layout(subject, tape, layout, case.other)?;
        any_length(subject, tape, layout, BLOCK_ROWS)?;
        fused_equals_alone(subject, tape, layout, &self.others)?;
        if self.bindings.is_empty() {
            missing_columns_are_named(subject, tape, layout, &case.leave_out)?;
            evaluate_is_a_plan_of_one(subject, tape, layout)?;
        }
        Ok(())
    }
}

/// What the environment says, as everywhere in proptest.
fn wanted(variable: &str) -> Option<u32> {
    std::env::var(variable).ok()?.parse().ok()
}
