//! A version of the numbers: something that gives figures for inputs.

mod compute;

pub(crate) use self::compute::GIVEN;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::program::ProgramSettings;

/// A version of the numbers, as `rollout.yml` describes it. Exactly one of the three sources is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionSettings {
    /// Its name, which the pointer holds.
    pub name: String,
    /// A `pipeline.yml`, relative to `rollout.yml`: the version is computed by this program.
    #[serde(default)]
    pub configuration: Option<String>,
    /// A program that is run on the same tape and writes its values to standard output.
    #[serde(default)]
    pub program: Option<ProgramSettings>,
    /// A file of values that somebody else keeps up to date.
    #[serde(default)]
    pub figures: Option<String>,
    /// The places at which it prints, where the values stand for intervals.
    #[serde(default)]
    pub scale: Option<u32>,
}

/// What a version is asked to compute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Partitions of one tape.
    pub inputs: Vec<PathBuf>,
    /// The tables beside it.
    pub tables: Vec<(abaco_pipeline::config::TableRole, PathBuf)>,
    /// The snapshot.
    pub as_of: abaco_engine::AsOf,
}
