//! What V2 published of its thousand rows, beside our run of them.

use abaco_rollout::comparison::{ComparisonSettings, Inputs, Outcome, compare};
use abaco_rollout::figures::{self, ReadOptions, number::text, of_run, parse, read};

use crate::common::{catalogue, of, repository, run, today};

const TAPE: &str = "examples/data/rollout_1000.csv";
const CONFIG: &str = "config/pipeline.yml";
const PUBLISHED: &str = "kpi,value\nPAR30,2.21\nPAR90,0.32\nCollectionRate,11.97\nPortfolioHealth,10.0\n";

fn options(scale: Option<u32>) -> ReadOptions {
    ReadOptions { names: figures::names(&catalogue(), &Default::default()), scale, ..ReadOptions::default() }
}

/// 0.32 was published where 0.319383 is: 0.19 % apart, and the same at two places.
#[test]
fn what_was_published_at_two_places_matches_at_two_places() {
    let candidate = of_run(&run(CONFIG, &repository(TAPE), None), &options(None)).unwrap();
    let baseline = parse(PUBLISHED.as_bytes(), "v2.csv".as_ref(), &options(Some(2))).unwrap();
    let comparison = compare(&baseline, &candidate, &ComparisonSettings::default(), today());
    let found: Vec<(&str, Outcome)> =
        comparison.keys.iter().map(|key| (&*key.key.kpi, key.outcome)).collect();
    let at_precision = Outcome::MatchAtBaselinePrecision;
    assert_eq!(
        found,
        [
            ("collection_rate", at_precision),
            ("par_30", at_precision),
            ("par_90", at_precision),
            ("portfolio_health", Outcome::Match),
        ]
    );
    let par_90 = &comparison.keys[2];
    assert_eq!(text(par_90.candidate.as_ref().unwrap().exact.as_ref().unwrap(), 6), "0.319383");
    assert_eq!(text(par_90.relative.as_ref().unwrap(), 4), "-0.0019");
    assert_eq!(
        (comparison.passes(), comparison.informative(), comparison.inputs),
        (true, 4, Inputs::Unknown)
    );
    assert!(comparison.left_out.contains("par_ge_30"));

    // Without the scale 0.32 is a number like any other, and the same as printed; 0.3200001 is not.
    let plain = parse(PUBLISHED.as_bytes(), "v2.csv".as_ref(), &options(None)).unwrap();
    let outcomes = of(&compare(&plain, &candidate, &ComparisonSettings::default(), today()));
    assert_eq!(outcomes, [Outcome::Match; 4]);
    let other = PUBLISHED.replace("0.32", "0.3200001");
    let other = parse(other.as_bytes(), "v2.csv".as_ref(), &options(None)).unwrap();
    assert_eq!(
        of(&compare(&other, &candidate, &ComparisonSettings::default(), today()))[2],
        Outcome::Mismatch
    );
}

/// A folder tells its inputs, the document alone does not; both have the same values.
#[test]
fn a_published_run_and_its_document() {
    let out = tempfile::tempdir().unwrap();
    let run = run(CONFIG, &repository(TAPE), Some(out.path()));
    let folder = run.folder.clone().unwrap();
    let published = read(&folder, &options(None)).unwrap();
    let document = read(folder.join("kpis.json"), &options(None)).unwrap();
    let computed = of_run(&run, &options(None)).unwrap();
    assert_eq!(published.values, document.values);
    assert_eq!(published.values, computed.values);
    let digest = abaco_pipeline::canonical_json::sha256(&std::fs::read(repository(TAPE)).unwrap());
    assert_eq!((&published.inputs, &computed.inputs), (&Some(vec![digest.clone()]), &Some(vec![digest])));
    assert_eq!(document.inputs, None);
    assert_eq!(published.run_id.as_deref(), Some(run.document.run_id.as_str()));

    let damaged = folder.join("kpis.json");
    let text = std::fs::read_to_string(&damaged).unwrap();
    std::fs::write(&damaged, text.replace("\"2.21\"", "\"2.20\"")).unwrap();
    let error = read(&folder, &options(None)).unwrap_err().to_string();
    assert!(error.contains("kpis.json: expected the digest "), "{error}");
}

/// The compatibility profile rounds before it scores: two runs of one tape, compared exactly.
#[test]
fn v2_as_the_compatibility_profile_plays_it() {
    let [baseline, candidate] = ["config/legacy_v2.yml", CONFIG]
        .map(|config| of_run(&run(config, &repository(TAPE), None), &options(None)).unwrap());
    let comparison = compare(&baseline, &candidate, &ComparisonSettings::default(), today());
    assert_eq!(comparison.inputs, Inputs::Same);
    let at_precision = Outcome::MatchAtBaselinePrecision;
    assert_eq!(of(&comparison), [at_precision, at_precision, at_precision, Outcome::Match]);
    // Both sides are exact, so that the rounding is a difference that has a cause.
    assert_eq!(comparison.unexplained().count(), 3);
}

/// The real panel, where it lies beside the repository: a run is the same as itself, and other than that of another month.
#[test]
fn the_real_panel() {
    let tape = repository("../shared/data/loan_par_balances.csv");
    if !tape.exists() {
        eprintln!("SKIPPED: {} is not here; it may not be copied into the repository", tape.display());
        return;
    }
    let at = |as_of: &str| {
        let config = abaco_pipeline::PipelineConfig::load(repository("config/par_balances.yml")).unwrap();
        let request = abaco_pipeline::RunRequest {
            inputs: vec![tape.clone()],
            tables: Vec::new(),
            as_of: abaco_engine::AsOf::Date(as_of.parse().unwrap()),
            out: None,
            actor: "test".to_owned(),
        };
        let run = abaco_pipeline::Pipeline::new(config, &catalogue()).unwrap().run(&request).unwrap();
        of_run(&run, &options(None)).unwrap()
    };
    let december = at("2025-12-31");
    let itself = compare(&december, &december, &ComparisonSettings::default(), today());
    assert!(itself.passes() && itself.informative() > 20, "{}", itself.informative());
    let legacy = "kpi,as_of,value\nPAR30,2025-12-31,3.50\nPAR90,2025-12-31,1.18\n";
    let legacy = parse(legacy.as_bytes(), "v1.csv".as_ref(), &options(Some(2))).unwrap();
    let outcomes = of(&compare(&legacy, &december, &ComparisonSettings::default(), today()));
    assert_eq!(outcomes, [Outcome::MatchAtBaselinePrecision, Outcome::Mismatch]);
}
