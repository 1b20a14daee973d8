//! The configuration of a run: one YAML file that names the others.

mod settings;
mod stored;

use std::path::{Path, PathBuf};

use abaco_engine::Definitions;

pub(crate) use self::settings::DRILL_DOWN;
pub use self::settings::{
    CohortSettings, DrillSettings, FurtherFormat, QualityMode, QualitySettings, Settings, SigningSettings,
    TableSettings, TableSource,
};
pub(crate) use self::stored::StoredConfig;
use crate::contract::Contract;
pub use crate::contract::TableRole;
use crate::mask::MaskingKey;
use crate::{PipelineError, env};

/// `text` with each `${ENV}` and `${ENV:default}` replaced, once; for paths and addresses.
///
/// # Errors
/// The variable that has neither a value nor a default, or what is wrong with a reference.
pub fn resolve_environment(text: &str) -> Result<String, String> {
    env::resolve(text, &|key| std::env::var(key).ok())
}

/// The files of the configuration that is used when none is named, by their paths below `config/`.
const EMBEDDED: &[(&str, &str)] = &[
    ("pipeline.yml", include_str!("../../default/pipeline.yml")),
    ("kpi_definitions.yml", include_str!("../../default/kpi_definitions.yml")),
    ("contracts/factoring_slices.yml", include_str!("../../default/contracts/factoring_slices.yml")),
];

/// The name under which the embedded configuration appears in errors.
const EMBEDDED_NAME: &str = "(embedded)";

/// The largest configuration file that is read.
const MAX_CONFIG_BYTES: u64 = 1 << 20;

/// A configuration with everything that it names, read and checked.
#[derive(Clone, Debug)]
pub struct PipelineConfig {
    /// What the file itself says.
    pub settings: Settings,
    /// The contract.
    pub contract: Contract,
    /// The definitions; empty if none are named.
    pub definitions: Definitions,
    /// Where it came from, for errors.
    pub(crate) path: PathBuf,
    /// The bytes that decide what a run means: they are part of its identity.
    pub(crate) contract_text: String,
    pub(crate) definitions_text: String,
    pub(crate) tables: Vec<ConfiguredTable>,
    pub(crate) masking_key: Option<MaskingKey>,
}

/// A table beside the tape, with what it must look like.
#[derive(Clone, Debug)]
pub(crate) struct ConfiguredTable {
    pub(crate) role: TableRole,
    pub(crate) contract: Contract,
    pub(crate) contract_path: PathBuf,
    pub(crate) contract_text: String,
    pub(crate) paths: Vec<PathBuf>,
}

impl PipelineConfig {
    /// The configuration that is compiled in: V2's slice tape, the standard KPIs, V2's thresholds.
    ///
    /// # Errors
    /// None in a build that passes its tests.
    pub fn embedded() -> Result<Self, PipelineError> {
        let path = Path::new(EMBEDDED_NAME);
        Self::read(path.join("pipeline.yml"), &|wanted| {
            let name = wanted.strip_prefix(path).unwrap_or(wanted);
            let found = EMBEDDED.iter().find(|(known, _)| Path::new(known) == name);
            found.map(|(_, text)| (*text).to_owned()).ok_or_else(|| std::io::ErrorKind::NotFound.into())
        })
    }

    /// Reads `pipeline.yml` and the files that it names, which are relative to it.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`](crate::ErrorKind) for whatever is wrong with any of them.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, PipelineError> {
        Self::read(path.as_ref().to_path_buf(), &read_limited)
    }

    /// The same configuration with the definitions of another file, which its identity then covers.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`](crate::ErrorKind) for a file that cannot be read or is no file of definitions.
    pub fn with_definitions(self, path: impl AsRef<Path>) -> Result<Self, PipelineError> {
        let path = path.as_ref();
        let definitions_text = read_limited(path)
            .map_err(|source| PipelineError::ConfigUnreadable { path: path.to_path_buf(), source })?;
        let definitions = Definitions::from_yaml(&definitions_text, path)?;
        Ok(Self { definitions, definitions_text, ..self })
    }

    /// The same configuration with a masking key that does not come from the environment.
    #[must_use]
    pub fn with_masking_key(self, key: MaskingKey) -> Self {
        Self { masking_key: Some(key), ..self }
    }

    fn read(path: PathBuf, read: &dyn Fn(&Path) -> std::io::Result<String>) -> Result<Self, PipelineError> {
        let text = |path: &Path| {
            read(path).map_err(|source| PipelineError::ConfigUnreadable { path: path.to_path_buf(), source })
        };
        let settings: Settings = crate::yaml::from_str(&text(&path)?, &path)?;
        let refuse = |message: String| PipelineError::Configuration { path: path.clone(), message };
        if settings.version != 1 {
            return Err(refuse(format!("version {} is unknown; this is version 1", settings.version)));
        }
        if settings.portfolio.trim().is_empty() {
            return Err(refuse("`portfolio`: expected a name, found nothing".to_owned()));
        }
        if settings.segments.iter().any(Vec::is_empty) {
            return Err(refuse("`segments`: expected lists of columns, found an empty list".to_owned()));
        }
        settings.check().map_err(refuse)?;
        let beside = |name: &str| -> Result<PathBuf, PipelineError> {
            let name = env::resolve(name, &|key| std::env::var(key).ok()).map_err(refuse)?;
            Ok(path.parent().unwrap_or(Path::new("")).join(name))
        };
        let contract_path = beside(&settings.contract)?;
        let contract_text = text(&contract_path)?;
        let contract = Contract::from_yaml_str(&contract_text, &contract_path)?;
        let (definitions, definitions_text) = match &settings.definitions {
            None => (Definitions::empty(), String::new()),
            Some(name) => {
                let definitions_path = beside(name)?;
                let definitions_text = text(&definitions_path)?;
                (Definitions::from_yaml(&definitions_text, &definitions_path)?, definitions_text)
            }
        };
        let mut tables = Vec::new();
        for (role, source) in settings.tables.iter().flat_map(TableSettings::iter) {
            let contract_path = beside(&source.contract)?;
            let contract_text = text(&contract_path)?;
            let contract = Contract::from_yaml_str(&contract_text, &contract_path)?;
            let paths = source.paths.iter().map(|path| beside(path)).collect::<Result<_, _>>()?;
            tables.push(ConfiguredTable { role, contract, contract_path, contract_text, paths });
        }
        Ok(Self {
            settings,
            contract,
            definitions,
            path,
            contract_text,
            definitions_text,
            tables,
            masking_key: None,
        })
    }
}

fn read_limited(path: &Path) -> std::io::Result<String> {
    use std::io::Read;

    let mut text = String::new();
    std::fs::File::open(path)?.take(MAX_CONFIG_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_CONFIG_BYTES {
        return Err(std::io::Error::new(
            std::io::ErrorKind::FileTooLarge,
            format!("expected at most {MAX_CONFIG_BYTES} bytes, found more"),
        ));
    }
    Ok(text)
}
