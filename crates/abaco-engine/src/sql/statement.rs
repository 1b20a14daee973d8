//! The statement: every distinct measure once, and each KPI over them.

use std::borrow::Cow;
use std::collections::BTreeSet;

use abaco_kpi::{Column, Formula, Kpi, Measure, RowMeasure};

use super::columns::{Types, WIDE_LIMIT, exact_column};
use super::formula::{Amount, Products, formula};
use super::keyed::keys;
use super::measure::rows;
use super::number::Number;
use super::{Refusal, StatementOptions, bounded, identifier, label};
use crate::EngineError;

/// One SQL statement for a set of KPIs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statement {
    /// The text, with comments that map its columns to measures.
    pub text: String,
    /// The measures, in the order of their columns.
    pub measures: Vec<StatementMeasure>,
    /// The ids of the KPIs that have a column, in order.
    pub kpis: Vec<Cow<'static, str>>,
    /// The KPIs that have none.
    pub left_out: Vec<LeftOut>,
}

/// A measure and its column.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatementMeasure {
    /// The column: `m1`, `m2`, .. in the order in which the KPIs first use the measures.
    pub alias: String,
    /// The measure in our language: the key of a result's components.
    pub text: String,
    /// Whether the column is exact; only a division or a large power inside totals per key makes it approximate.
    pub exact: bool,
}

/// A KPI without a column.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftOut {
    /// Its id.
    pub id: Cow<'static, str>,
    /// Why.
    pub reason: String,
}

/// Writes one statement that DuckDB and PostgreSQL both run, over a table of one snapshot.
///
/// It returns one row: a column per distinct measure, called `m1`, `m2`, .. in the order of first use, and a column per
/// KPI, called by its id. A comment line `-- m1 = ..` stands before each exact measure and gives its text in our
/// language; `-- m1 ~ ..` stands before one that the engine computes approximately. KPI columns are approximate and not
/// rounded by the KPI's rule. NULL means that the value is undefined. A KPI that cannot be written over one row of one
/// snapshot, such as one with `LAG`, is left out and named in a comment.
///
/// ```
/// use abaco_engine::{StatementOptions, statement};
/// use abaco_kpi::{FormulaKpi, Kpi, KpiSpec, Unit, sum};
///
/// let late = FormulaKpi::new(
///     KpiSpec::new("late_share", "Share in arrears", Unit::Percent),
///     100 * sum("past_due_amount") / sum("outstanding_balance"),
/// );
/// let statement = statement(&[&late as &dyn Kpi], &StatementOptions::default())?;
/// assert!(statement.text.ends_with(
///     "  -- m1 = SUM(past_due_amount)\n  SUM(past_due_amount) AS m1,\n  \
///      -- m2 = SUM(outstanding_balance)\n  SUM(outstanding_balance) AS m2\n  FROM exact_rows\n)\n\
///      SELECT\n  m1,\n  m2,\n  ((100 * m1) / NULLIF(m2, 0)) AS late_share\nFROM measures;\n"
/// ));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`EngineError::DuplicateKpi`], and [`EngineError::NothingToSelect`] if no KPI is left.
pub fn statement(kpis: &[&dyn Kpi], options: &StatementOptions) -> Result<Statement, EngineError> {
    let mut types = Types::new(options);
    while narrow(kpis, &mut types) {}
    let mut build = Build::new(&types);
    let (mut written, mut left_out, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for kpi in kpis {
        let id = kpi.spec().id.clone();
        if !seen.insert(id.clone()) {
            return Err(EngineError::DuplicateKpi { id: id.into_owned() });
        }
        let known = build.measures.len();
        match build.kpi(&id, &kpi.formula()) {
            Ok(text) => written.push((id, text)),
            Err(refusal) => {
                build.measures.truncate(known);
                left_out.push(LeftOut { id, reason: refusal.to_string() });
            }
        }
    }
    if written.is_empty() {
        let reasons = left_out.iter().map(|left| format!("`{}`: {}", left.id, left.reason)).collect();
        return Err(EngineError::NothingToSelect { reasons });
    }
    Ok(build.finish(&options.table, &written, left_out))
}

/// A measure on its way into the statement.
struct Planned {
    measure: Measure,
    text: String,
    sql: String,
    /// `None` if it is approximate.
    scale: Option<u32>,
}

struct Build<'t> {
    types: &'t Types<'t>,
    measures: Vec<Planned>,
    columns: BTreeSet<Column>,
}

/// Takes decimals from the amounts of a KPI that has too many; whether there was any.
fn narrow(kpis: &[&dyn Kpi], types: &mut Types<'_>) -> bool {
    let mut narrowed = BTreeSet::new();
    for kpi in kpis {
        let formula = kpi.formula();
        let mut build = Build::new(types);
        let refused = matches!(build.kpi("", &formula), Err(Refusal::Scale(_)));
        if refused || build.measures.iter().any(|measure| measure.scale > Some(WIDE_LIMIT)) {
            narrowed.extend(columns_of(&formula).into_iter().filter(|column| types.can_narrow(column)));
        }
    }
    let any = !narrowed.is_empty();
    types.narrow.append(&mut narrowed);
    any
}

fn columns_of(formula: &Formula) -> BTreeSet<Column> {
    let mut columns = BTreeSet::new();
    formula.for_each_term(&mut |measure| {
        measure.for_each_column(&mut |column| {
            columns.insert(column.clone());
        });
    });
    columns
}

impl<'t> Build<'t> {
    fn new(types: &'t Types<'t>) -> Self {
        Self { types, measures: Vec::new(), columns: BTreeSet::new() }
    }

    fn kpi(&mut self, id: &str, formula_of: &Formula) -> Result<String, Refusal> {
        if is_alias(id) {
            return Err(Refusal::other("its id is the name of a measure's column".to_owned()));
        }
        let value = formula(formula_of, Products::Approximate, &mut |measure| self.term(measure))?;
        let text = bounded(match &value {
            Amount::Exact(number) => number.text().to_owned(),
            Amount::Approximate(text) => text.clone(),
        })?;
        // Only what is written out has types for all its columns.
        self.columns.append(&mut columns_of(formula_of));
        Ok(text)
    }

    fn term(&mut self, measure: &Measure) -> Result<Amount, Refusal> {
        let (alias, scale) = self.measure(measure)?;
        Ok(match scale {
            Some(scale) => Amount::Exact(Number::atom(alias, scale)?),
            None => Amount::Approximate(alias),
        })
    }

    /// The column of a measure and its scale; a new one is added.
    fn measure(&mut self, measure: &Measure) -> Result<(String, Option<u32>), Refusal> {
        if let Some(index) = self.measures.iter().position(|known| known.measure == *measure) {
            return Ok((alias(index), self.measures[index].scale));
        }
        let (sql, scale) = match measure {
            Measure::Rows(measure) => {
                let (sql, scale) = rows(measure, self.types)?;
                (sql, Some(scale))
            }
            Measure::Keys(measure) => {
                let types = self.types;
                keys(measure, types, &mut |total| self.total(total))?
            }
        };
        self.measures.push(Planned { measure: measure.clone(), text: measure.to_string(), sql, scale });
        Ok((alias(self.measures.len() - 1), scale))
    }

    fn total(&mut self, total: &RowMeasure) -> Result<(String, u32), Refusal> {
        match self.measure(&Measure::Rows(total.clone()))? {
            (alias, Some(scale)) => Ok((alias, scale)),
            (alias, None) => Err(Refusal::other(format!("`{alias}` is not exact"))),
        }
    }

    fn finish(
        self,
        table: &str,
        written: &[(Cow<'static, str>, String)],
        left_out: Vec<LeftOut>,
    ) -> Statement {
        let mut text = self.head(&left_out);
        let columns: Vec<String> = self
            .columns
            .iter()
            .filter_map(|column| Some(exact_column(column, self.types.of(column).ok()?)))
            .collect();
        // A count of rows reads no column.
        let columns = if columns.is_empty() { vec!["1 AS one".to_owned()] } else { columns };
        let table = identifier(table);
        text.push_str(&format!(
            "WITH exact_rows AS (\n  SELECT\n  {}\n  FROM {table}\n),\n",
            columns.join(",\n  ")
        ));
        text.push_str(&self.measures_text());
        let aliases = (0..self.measures.len()).map(alias);
        let kpis = written.iter().map(|(id, value)| format!("{value} AS {}", label(id)));
        let selected: Vec<String> = aliases.chain(kpis).collect();
        text.push_str(&format!("SELECT\n  {}\nFROM measures;\n", selected.join(",\n  ")));
        let measures = self.measures.into_iter().enumerate().map(|(index, planned)| StatementMeasure {
            alias: alias(index),
            text: planned.text,
            exact: planned.scale.is_some(),
        });
        Statement {
            text,
            measures: measures.collect(),
            kpis: written.iter().map(|(id, _)| id.clone()).collect(),
            left_out,
        }
    }

    fn head(&self, left_out: &[LeftOut]) -> String {
        let mut head = "-- For DuckDB and PostgreSQL. A line `-- m1 = ..` gives the measure in column m1, exact to the last digit\n\
             -- (`~` where the engine is not); the columns of KPIs are approximate. NULL is undefined.\n\
             -- The table has every column that the KPIs read, and the rows of one snapshot: two would be added up.\n"
            .to_owned();
        for left in left_out {
            head.push_str(&format!("-- left out: {}: {}\n", one_line(&left.id), one_line(&left.reason)));
        }
        head
    }

    /// The measures over rows, and those over keys, which may need the former, on top of them.
    fn measures_text(&self) -> String {
        let select = |keyed: bool| -> Vec<String> {
            let own = self.measures.iter().enumerate();
            own.filter(|(_, planned)| matches!(planned.measure, Measure::Keys(_)) == keyed)
                .map(|(index, planned)| {
                    let (alias, sign) = (alias(index), if planned.scale.is_some() { '=' } else { '~' });
                    let text = one_line(&planned.text);
                    format!("-- {alias} {sign} {text}\n  {} AS {alias}", planned.sql)
                })
                .collect()
        };
        let (of_rows, of_keys) = (select(false), select(true));
        let block = |name: &str, columns: Vec<String>, from: &str| {
            format!("{name} AS (\n  SELECT\n  {}\n{from})", columns.join(",\n  "))
        };
        match (of_rows.is_empty(), of_keys.is_empty()) {
            (_, true) => block("measures", of_rows, "  FROM exact_rows\n") + "\n",
            (true, false) => block("measures", of_keys, "") + "\n",
            (false, false) => {
                let on_top = std::iter::once("totals.*".to_owned()).chain(of_keys).collect();
                block("totals", of_rows, "  FROM exact_rows\n")
                    + ",\n"
                    + &block("measures", on_top, "  FROM totals\n")
                    + "\n"
            }
        }
    }
}

fn alias(index: usize) -> String {
    format!("m{}", index + 1)
}

fn is_alias(id: &str) -> bool {
    id.strip_prefix(['m', 'M'])
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A comment ends with its line, whatever a constant holds.
fn one_line(text: &str) -> String {
    text.chars()
        .flat_map(|letter| {
            let escaped: String =
                if letter.is_control() { letter.escape_default().collect() } else { letter.to_string() };
            escaped.chars().collect::<Vec<_>>()
        })
        .collect()
}
