//! The configuration that is compiled in is the one that people can read.

use std::path::{Path, PathBuf};

use abaco_pipeline::{Pipeline, PipelineConfig};

use crate::common::{catalogue, names, root};

/// Every file below a folder, relative to it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for name in names(folder) {
        let path = folder.join(&name);
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|inner| Path::new(&name).join(inner)));
        } else {
            found.push(PathBuf::from(name));
        }
    }
    found
}

#[test]
fn every_copy_equals_its_original_byte_for_byte() {
    let copies = Path::new(env!("CARGO_MANIFEST_DIR")).join("default");
    let found = files(&copies);
    let expected =
        ["contracts/factoring_slices.yml", "kpi_definitions.yml", "pipeline.yml"].map(PathBuf::from);
    assert_eq!(found, expected);
    for file in found {
        let read = |folder: &Path| std::fs::read_to_string(folder.join(&file)).unwrap();
        assert_eq!(read(&copies), read(&root().join("config")), "{}", file.display());
    }
}

#[test]
fn it_is_a_good_configuration() {
    let config = PipelineConfig::embedded().unwrap();
    let named = PipelineConfig::load(root().join("config/pipeline.yml")).unwrap();
    assert_eq!((&config.settings, &config.contract), (&named.settings, &named.contract));
    assert!(config.definitions.iter().eq(named.definitions.iter()));
    assert!(config.definitions.get("par_30").is_some());
    assert!(Pipeline::new(config, &catalogue()).is_ok());
}

/// Every configuration that is shipped can be loaded and names what exists.
#[test]
fn every_shipped_configuration_is_good() {
    let folder = root().join("config");
    let configurations: Vec<String> = names(&folder)
        .into_iter()
        .filter(|name| {
            name.ends_with(".yml") && !["kpi_definitions.yml", "rollout.yml"].contains(&name.as_str())
        })
        .collect();
    assert!(configurations.len() >= 3, "{configurations:?}");
    for name in configurations {
        let config = PipelineConfig::load(folder.join(&name)).unwrap_or_else(|error| panic!("{error}"));
        Pipeline::new(config, &catalogue()).map(drop).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
