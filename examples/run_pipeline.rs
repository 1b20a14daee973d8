//! A run from a file to a published folder, as the command does it: `cargo run --example run_pipeline`.

use std::path::Path;

use abaco_loans::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let config = PipelineConfig::load(root.join("config/pipeline.yml"))?;
    let pipeline = Pipeline::new(config, &abaco_loans::catalogue())?;

    let out = tempfile::tempdir()?;
    let run = pipeline.run(&RunRequest {
        inputs: vec![root.join("examples/data/rollout_1000.csv")],
        tables: Vec::new(),
        as_of: AsOf::Single,
        out: Some(out.path().to_path_buf()),
        actor: "example".to_owned(),
    })?;

    assert_eq!(run.document.kpis[0].value.as_deref(), Some("2.21"));
    for kpi in run.document.kpis.iter().filter(|kpi| kpi.state == "value") {
        println!("{:<17} {:>6} {:<8} {}", kpi.id, kpi.value.as_deref().unwrap_or("-"), kpi.unit, kpi.status);
        for (measure, total) in &kpi.components {
            println!("    {measure} = {}", total.as_str().unwrap_or("undefined"));
        }
    }
    let folder = run.folder.ok_or("the run was not published")?;
    for file in ["configuration.json", "kpis.json", "manifest.json", "state.bin"] {
        println!("{file}: {} bytes", std::fs::metadata(folder.join(file))?.len());
    }
    Ok(())
}
