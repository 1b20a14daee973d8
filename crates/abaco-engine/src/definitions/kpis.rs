//! Definitions with a formula: KPIs without Rust, or what KPIs in Rust are held to.

use std::cell::RefCell;

use abaco_kpi::{
    CANONICAL_COLUMNS, Column, ColumnKind, Formula, FormulaKpi, Kpi, KpiSpec, Measure, RowExpr, Unit,
    canonical_column,
};

use super::columns::is_snake_case;
use super::place::{formula_begins, in_file};
use super::{Definition, DefinitionError, DefinitionProblem, Definitions};
use crate::language::{LanguageError, Measured, Scope, check_dimensions_of, parse_formula_in};
use crate::suggest::nearest;

/// The most KPIs that one file adds.
const MAX_ADDED: usize = 1_000;

/// The family of the KPIs that files define.
const FAMILY: &str = "definitions";

impl Definitions {
    /// The KPIs that this file defines beside `builtins`, in its order.
    ///
    /// An entry with a formula whose id no built-in KPI has is a new KPI. Where a built-in has the id, the formula and
    /// whatever else the entry says must be the KPI's own.
    ///
    /// ```
    /// use std::path::Path;
    ///
    /// use abaco_engine::Definitions;
    /// use abaco_kpi::{FormulaKpi, Kpi, KpiSpec, Unit, count};
    ///
    /// let loans = FormulaKpi::new(KpiSpec::new("loans", "Loans", Unit::Count), count());
    /// let text = r#"
    /// version: 1
    /// kpis:
    ///   - id: average_balance_per_loan
    ///     name: Average balance of a loan
    ///     unit: currency
    ///     formula: SUM(outstanding_balance) / KPI(loans)
    /// "#;
    /// let kpis = Definitions::from_yaml(text, Path::new("kpis.yml"))?.kpis(&[&loans])?;
    /// assert_eq!(kpis[0].spec().id, "average_balance_per_loan");
    /// assert_eq!(kpis[0].formula().to_string(), "SUM(outstanding_balance) / COUNT(*)");
    /// # Ok::<(), abaco_engine::DefinitionError>(())
    /// ```
    ///
    /// # Errors
    /// [`DefinitionError::Formula`], with its place in the file, for a formula that cannot be read, reads a column that
    /// is neither canonical nor among the file's `columns`, names its own KPI or one that is defined further down,
    /// adds unlike quantities, mixes stocks with flows, or is not that of the built-in KPI; [`DefinitionError::Kpi`]
    /// for what else is missing or differs.
    pub fn kpis(&self, builtins: &[&dyn Kpi]) -> Result<Vec<FormulaKpi>, DefinitionError> {
        let mut added: Vec<FormulaKpi> = Vec::new();
        for definition in &self.definitions {
            let known = builtins.iter().find(|kpi| kpi.spec().id == definition.id);
            match (known, &definition.formula) {
                (Some(kpi), _) => self.check_stated(definition, *kpi, builtins, &added)?,
                (None, Some(text)) => {
                    if added.len() == MAX_ADDED {
                        return Err(
                            self.problem(definition, DefinitionProblem::TooMany { allowed: MAX_ADDED })
                        );
                    }
                    added.push(self.new_kpi(definition, text, builtins, &added)?);
                }
                // `check` says that no KPI has the id.
                (None, None) => {}
            }
        }
        Ok(added)
    }

    /// Refuses what a definition says about a KPI that exists and that is not so.
    fn check_stated(
        &self,
        definition: &Definition,
        kpi: &dyn Kpi,
        builtins: &[&dyn Kpi],
        added: &[FormulaKpi],
    ) -> Result<(), DefinitionError> {
        let problem = |problem| self.problem(definition, problem);
        differences(definition, kpi.spec()).map_err(problem)?;
        let Some(text) = &definition.formula else { return Ok(()) };
        let own = kpi.formula();
        let stated = self.parsed(definition, text, &own, builtins, added)?;
        if stated != own {
            let message = format!("it is not that of this KPI: expected `{own}`, found `{stated}`");
            return Err(self.refused(definition, None, message));
        }
        Ok(())
    }

    fn new_kpi(
        &self,
        definition: &Definition,
        text: &str,
        builtins: &[&dyn Kpi],
        added: &[FormulaKpi],
    ) -> Result<FormulaKpi, DefinitionError> {
        let problem = |problem| self.problem(definition, problem);
        let known = || builtins.iter().map(|kpi| kpi.spec()).chain(added.iter().map(Kpi::spec));
        let mut spec = new_spec(definition).map_err(problem)?;
        for name in std::iter::once(&definition.id).chain(&definition.aliases) {
            let defined =
                self.definitions.iter().find(|other| other.id == *name && other.id != definition.id);
            let bearer = known().find(|spec| bears(spec, name)).map(|spec| spec.id.to_string());
            if let Some(kpi) = bearer.or(defined.map(|other| other.id.clone())) {
                return Err(problem(if *name == definition.id {
                    DefinitionProblem::Alias { id: kpi }
                } else {
                    DefinitionProblem::Taken { name: name.clone(), kpi }
                }));
            }
        }
        let formula = self.parsed(definition, text, &Formula::from(0), builtins, added)?;
        let refused = |message: String| self.refused(definition, None, message);
        let measured = |column: &Column| self.measured(column.name());
        check_dimensions_of(&formula, spec.unit, &measured).map_err(|error| refused(error.to_string()))?;
        self.check_kinds(&formula).map_err(refused)?;
        if let Some(basis) = definition.basis {
            spec = spec.over(basis);
        }
        Ok(FormulaKpi::new(spec, formula))
    }

    /// The formula of an entry; it may read what `own` reads, what is canonical, and what the file adds.
    fn parsed(
        &self,
        definition: &Definition,
        text: &str,
        own: &Formula,
        builtins: &[&dyn Kpi],
        added: &[FormulaKpi],
    ) -> Result<Formula, DefinitionError> {
        let mut of_own = Vec::new();
        own.for_each_term(&mut |term| term.for_each_column(&mut |column| of_own.push(column.clone())));
        let column = |name: &str| {
            let known = self.measured(name).is_some() || of_own.iter().any(|column| column.name() == name);
            if known { Ok(()) } else { Err(self.unknown_column(name)) }
        };
        let kpi = |id: &str| self.named_kpi(definition, id, builtins, added);
        parse_formula_in(text, Scope { column: &column, kpi: &kpi })
            .map_err(|error| self.refused(definition, Some(&error), error.message().to_owned()))
    }

    fn named_kpi(
        &self,
        definition: &Definition,
        id: &str,
        builtins: &[&dyn Kpi],
        added: &[FormulaKpi],
    ) -> Result<Formula, String> {
        if id == definition.id {
            return Err(format!("KPI({id}) is the KPI that is being defined; a formula cannot name its own"));
        }
        let known = || builtins.iter().copied().chain(added.iter().map(|kpi| kpi as &dyn Kpi));
        if let Some(kpi) = known().find(|kpi| kpi.spec().id == id) {
            return Ok(kpi.formula());
        }
        if self.get(id).is_some_and(|later| later.formula.is_some()) {
            return Err(format!(
                "`{id}` is defined further down; a formula names built-in KPIs and earlier definitions"
            ));
        }
        // Names without quotes arrive in lower case.
        let alias = |spec: &KpiSpec| spec.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(id));
        if let Some(kpi) = known().find(|kpi| alias(kpi.spec())) {
            return Err(format!("`{id}` is another name of `{}`; KPI(..) takes the id", kpi.spec().id));
        }
        let suggestion = nearest(
            id,
            known()
                .map(|kpi| kpi.spec())
                .flat_map(|spec| std::iter::once(&*spec.id).chain(spec.aliases.iter().map(|alias| &**alias))),
        );
        let suggested = known().find(|kpi| suggestion.is_some_and(|name| bears(kpi.spec(), name)));
        let hint = suggested.map(|kpi| format!("; did you mean `{}`?", kpi.spec().id)).unwrap_or_default();
        Err(format!("no KPI has the id `{id}`{hint}"))
    }

    fn measured(&self, name: &str) -> Option<Measured> {
        Measured::by_canonical(name).or_else(|| self.column(name).map(|column| column.measured))
    }

    fn unknown_column(&self, name: &str) -> String {
        let added = self.columns.iter().map(|column| column.name.as_str());
        let hint = match nearest(name, CANONICAL_COLUMNS.iter().map(|column| column.name).chain(added)) {
            Some(known) => format!("did you mean `{known}`?"),
            None => "the file's `columns` may add it".to_owned(),
        };
        format!("no column is called {}; {hint}", Column::new(name.to_owned()))
    }

    fn check_kinds(&self, formula: &Formula) -> Result<(), String> {
        let kind = |column: &Column| -> Option<ColumnKind> {
            canonical_column(column.name())
                .map(|spec| spec.kind)
                .or_else(|| self.column(column.name()).map(|added| added.kind))
        };
        let found = RefCell::new(Ok(()));
        for_each_row_expr(formula, &mut |expr| {
            let mut found = found.borrow_mut();
            if found.is_ok() {
                *found = expr.check_kinds_of(&kind).map_err(|error| error.to_string());
            }
        });
        found.into_inner()
    }

    /// The error for a formula, at its beginning or where `error` is.
    fn refused(
        &self,
        definition: &Definition,
        error: Option<&LanguageError>,
        message: String,
    ) -> DefinitionError {
        let begins = formula_begins(&self.text, definition.index);
        let at = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let inside =
            error.zip(definition.formula.as_ref()).zip(begins).and_then(|((error, formula), begins)| {
                in_file(&self.text, begins, formula, (at(error.line()), at(error.column())))
            });
        let (line, column) = inside.or(begins).unzip();
        DefinitionError::Formula {
            path: self.path.clone(),
            line,
            column,
            kpi: definition.id.clone(),
            message,
        }
    }
}

fn bears(spec: &KpiSpec, name: &str) -> bool {
    spec.id == name || spec.aliases.iter().any(|alias| alias == name)
}

fn new_spec(definition: &Definition) -> Result<KpiSpec, DefinitionProblem> {
    if !is_snake_case(&definition.id) {
        return Err(DefinitionProblem::Id);
    }
    let name = definition.name.clone().ok_or(DefinitionProblem::Needs { key: "name" })?;
    let unit: Unit = definition.unit.ok_or(DefinitionProblem::Needs { key: "unit" })?;
    let mut spec = KpiSpec::new(definition.id.clone(), name, unit).family(FAMILY);
    if let Some(rounding) = definition.rounding {
        spec = spec.rounding(rounding);
    }
    if let Some(direction) = definition.direction {
        spec = spec.direction(direction);
    }
    if let Some(convention) = &definition.convention {
        spec = spec.convention(convention.clone());
    }
    for alias in &definition.aliases {
        spec = spec.alias(alias.clone());
    }
    for reference in &definition.references {
        spec = spec.reference(reference.clone());
    }
    Ok(spec)
}

/// Refuses the first key that a definition states and that its KPI states otherwise.
fn differences(definition: &Definition, spec: &KpiSpec) -> Result<(), DefinitionProblem> {
    let same = |key: &'static str, expected: String, found: Option<String>| match found {
        Some(found) if found != expected => Err(DefinitionProblem::Differs { key, expected, found }),
        _ => Ok(()),
    };
    let quoted = |text: &str| format!("`{text}`");
    let direction = |direction| match direction {
        abaco_kpi::Direction::LowerIsBetter => "`lower_is_better`".to_owned(),
        abaco_kpi::Direction::HigherIsBetter => "`higher_is_better`".to_owned(),
        abaco_kpi::Direction::Neutral => "`neutral`".to_owned(),
    };
    let list = |names: &mut dyn Iterator<Item = &str>| {
        let names: Vec<String> = names.map(quoted).collect();
        format!("[{}]", names.join(", "))
    };
    let stated = |names: &[String]| (!names.is_empty()).then(|| list(&mut names.iter().map(String::as_str)));
    let basis =
        |basis: Option<abaco_kpi::Basis>| basis.map_or("unset".to_owned(), |basis| quoted(basis.as_str()));
    same("unit", quoted(spec.unit.as_str()), definition.unit.map(|unit| quoted(unit.as_str())))?;
    same("direction", direction(spec.direction), definition.direction.map(direction))?;
    same("convention", quoted(&spec.convention), definition.convention.as_deref().map(quoted))?;
    same("basis", basis(spec.basis), definition.basis.map(|stated| basis(Some(stated))))?;
    let own = |names: &[std::borrow::Cow<'static, str>]| list(&mut names.iter().map(|name| &**name));
    same("aliases", own(&spec.aliases), stated(&definition.aliases))?;
    same("references", own(&spec.references), stated(&definition.references))
}

/// Calls `visit` for each expression that the formula aggregates, inside `TOTAL` too.
fn for_each_row_expr(formula: &Formula, visit: &mut dyn FnMut(&RowExpr)) {
    formula.for_each_measure(&mut |measure| match measure {
        Measure::Rows(rows) => rows.operand().into_iter().for_each(&mut *visit),
        Measure::Keys(keys) => keys.sums.iter().for_each(|sum| visit(&sum.value)),
    });
}
