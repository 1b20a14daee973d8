//! What replaces the personal data of each table.

use abaco_engine::Bindings;
use abaco_kpi::{Column, Kpi, Predicate, RowExpr};

use super::Pipeline;
use super::bindings::bindings;
use super::taken::TAPE;
use super::uses::Uses;
use crate::PipelineError;
use crate::config::{ConfiguredTable, PipelineConfig, TableRole};
use crate::contract::{Contract, Role};
use crate::mask::{MaskedColumn, Masker, MaskingKey};
use crate::panel::KEY;

/// The masks of one table.
pub(super) struct Masks {
    /// For what rows are folded from: what conditions look into stays plain.
    pub(super) folded: Masker,
    /// For whatever is written.
    pub(super) written: Masker,
    /// Whether the two differ.
    pub(super) differ: bool,
}

/// The masks of all tables of a run; a table without personal data has none.
#[derive(Default)]
pub(super) struct AllMasks {
    tables: Vec<(Option<TableRole>, Masks)>,
}

impl AllMasks {
    /// The masks of the tape, or of a table beside it.
    pub(super) fn of(&self, table: Option<TableRole>) -> Option<&Masks> {
        self.tables.iter().find(|(role, _)| *role == table).map(|(_, masks)| masks)
    }

    /// The key's name, if there is anything to mask.
    pub(super) fn key_id(&self) -> Option<&str> {
        self.tables.first().map(|(_, masks)| masks.written.key_id())
    }

    /// What becomes of each pii column, by the table's name.
    pub(super) fn tables(&self) -> impl Iterator<Item = (&'static str, &[MaskedColumn])> {
        self.tables
            .iter()
            .map(|(role, masks)| (role.map_or(TAPE, TableRole::as_str), masks.written.columns()))
    }
}

/// What KPIs do with the personal data of each table that has any.
pub(super) struct TableUses(Vec<(Option<TableRole>, Uses)>);

impl TableUses {
    /// # Errors
    /// [`PipelineError::Configuration`] for a column that would have to be plain and a pseudonym at once, and where there
    /// is personal data and no `masking`.
    pub(super) fn new(
        config: &PipelineConfig,
        tape: &Bindings,
        kpis: &[&dyn Kpi],
        of_the_tape: &[&RowExpr],
        conditions: &[&Predicate],
        keys: &[Column],
    ) -> Result<Self, PipelineError> {
        let refuse = |message: String| PipelineError::Configuration { path: config.path.clone(), message };
        let mut uses = Vec::new();
        if has_pii(&config.contract) {
            let looked_into = Uses::of(&config.contract, &[tape], kpis, of_the_tape, conditions, keys);
            uses.push((None, looked_into));
        }
        for table in config.tables.iter().filter(|table| has_pii(&table.contract)) {
            let ConfiguredTable { role, contract, contract_path, .. } = table;
            let own = bindings(contract, contract_path, &config.definitions)?;
            joined_by_itself(contract, &own).map_err(refuse)?;
            let derived: Vec<&RowExpr> = own.iter().map(|(_, expr)| expr).collect();
            let derived: Vec<&RowExpr> =
                derived.into_iter().filter(|expr| !matches!(expr, RowExpr::Column(_))).collect();
            let of_table: Vec<&RowExpr> = of_the_tape.iter().copied().chain(derived).collect();
            uses.push((Some(*role), Uses::of(contract, &[tape, &own], kpis, &of_table, conditions, keys)));
        }
        if !config.tables.is_empty() {
            joined_by_itself(&config.contract, tape).map_err(refuse)?;
            for (role, uses) in &mut uses {
                if let Some(contract) = contract_of(config, *role) {
                    uses.add_key(contract, KEY);
                }
            }
        }
        for (role, uses) in &uses {
            let contract = contract_of(config, *role);
            if let Some(conflict) = contract.and_then(|contract| uses.conflict(contract)) {
                return Err(refuse(conflict));
            }
        }
        if !uses.is_empty() && config.settings.masking.is_none() {
            return Err(refuse(
                "a contract has columns with the role pii; expected `masking: { key_id: .. }`, which names the key that \
                 replaces their values"
                    .to_owned(),
            ));
        }
        Ok(Self(uses))
    }
}

/// Tables are joined by pseudonyms, and those of a column depend on its name: it must be the same in each.
fn joined_by_itself(contract: &Contract, bindings: &Bindings) -> Result<(), String> {
    let key = RowExpr::Column(KEY.into());
    let mut secret = None;
    let resolved = bindings.resolve(&key);
    resolved.for_each_column(&mut |column| {
        let is_pii = contract.column(column.name()).is_some_and(|declared| declared.has_role(Role::Pii));
        if is_pii && resolved != key {
            secret = Some(column.name().to_owned());
        }
    });
    match secret {
        None => Ok(()),
        Some(column) => Err(format!(
            "contract `{}`: tables are joined by `{KEY}`, which is derived of `{column}`, and that has the role pii; expected \
             the column itself to be called `{KEY}`, with `source: {column}`",
            contract.name()
        )),
    }
}

fn has_pii(contract: &Contract) -> bool {
    contract.columns().iter().any(|column| column.has_role(Role::Pii))
}

fn contract_of(config: &PipelineConfig, role: Option<TableRole>) -> Option<&Contract> {
    match role {
        None => Some(&config.contract),
        Some(role) => config.tables.iter().find(|table| table.role == role).map(|table| &table.contract),
    }
}

impl Pipeline {
    /// The masks of a run. The key is looked for now, so that a configuration can be read without it.
    pub(super) fn masks(&self) -> Result<AllMasks, PipelineError> {
        let refuse =
            |message: String| PipelineError::Configuration { path: self.config.path.clone(), message };
        let (Some(settings), false) = (&self.config.settings.masking, self.uses.0.is_empty()) else {
            return Ok(AllMasks::default());
        };
        let key = match &self.config.masking_key {
            Some(key) => key.clone(),
            None => MaskingKey::from_env(settings)?,
        };
        let mut tables = Vec::new();
        for (role, uses) in &self.uses.0 {
            let Some(contract) = contract_of(&self.config, *role) else { continue };
            let kept = uses.kept_plain();
            let masker = |kept| Masker::new(&key, contract, kept).map_err(refuse);
            let masks = Masks {
                folded: masker(kept)?,
                written: masker(&std::collections::BTreeSet::new())?,
                differ: !kept.is_empty(),
            };
            tables.push((*role, masks));
        }
        Ok(AllMasks { tables })
    }
}
