//! Configurations that are refused: the file, the place in it, what was expected, exit status 2.

use rstest::rstest;

use crate::common::{Sandbox, in_repository, slices};

const USAGE: i32 = 2;
const RUN: &[&str] = &["run", "tape.csv", "--config", "cfg/pipeline.yml"];

/// A good tape and the default configuration with more lines in it.
fn configured(more: &str) -> Sandbox {
    let sandbox = Sandbox::with("tape.csv", slices(&["1,2,3,100,50,5"]));
    sandbox.configure(more);
    sandbox
}

#[test]
fn the_untouched_copy_is_good() {
    configured("").abaco(RUN).silent();
}

#[rstest]
#[case("segmnets: []", "line 5, column 1: unknown field `segmnets`, expected one of `version`, ")]
#[case("portfolio: again", "line 1, column 1: duplicate field `portfolio`\n")]
#[case("profile: v3", "`profile`: expected one of standard, legacy_v2, found `v3`\n")]
#[case("required: [par_31]", "`required`: the profile `standard` has no KPI `par_31`\n")]
#[case(
    "profile: legacy_v2\nrequired: [par_ge_30]",
    "`required`: the profile `legacy_v2` has no KPI `par_ge_30`\n"
)]
#[case("segments: [[]]", "`segments`: expected lists of columns, found an empty list\n")]
#[case(
    "segments: [[segment], [branch]]",
    "`segments`: neither the contract nor the catalogue has a column `branch`\n"
)]
#[case(
    "segments: [segment]",
    "line 5, column 12: segments[0]: invalid type: string \"segment\", expected a sequence"
)]
fn pipeline_yml(#[case] more: &str, #[case] message: &str) {
    configured(more).refuses_with(RUN, USAGE, &format!("cfg/pipeline.yml: {message}"));
}

#[rstest]
#[case("version: 1", "version: 2", "version 2 is unknown; this is version 1\n")]
#[case("portfolio: factoring", "portfolio: ' '", "`portfolio`: expected a name, found nothing\n")]
#[case("portfolio: factoring\n", "", "line 1, column 1: missing field `portfolio`\n")]
#[case(
    "version: 1\n",
    "version: 1\n\tx: 1\n",
    "line 2, column 1: found a tab character that violates indentation\n"
)]
fn pipeline_yml_edited(#[case] from: &str, #[case] to: &str, #[case] message: &str) {
    let sandbox = configured("");
    sandbox.replace("cfg/pipeline.yml", from, to);
    sandbox.refuses_with(RUN, USAGE, &format!("cfg/pipeline.yml: {message}"));
}

/// A contract of two columns; line 6 is the second.
const CONTRACT: &str = "\
contract: slices
version: 1
currency: USD
columns:
  dpd_90_plus_usd: { type: 'decimal(18, 2)' }
  total_receivable_usd: { type: 'decimal(18, 2)' }
";

#[rstest]
#[case(
    "2)' }\n  total",
    "2)', nul: keep }\n  total",
    "line 5, column 46: columns.dpd_90_plus_usd: unknown field `nul`, expected one of `type`, "
)]
#[case(
    "currency: USD",
    "curency: USD",
    "line 3, column 1: unknown field `curency`, expected one of `contract`, "
)]
#[case(
    "total_receivable_usd: { type: 'decimal(18, 2)' }",
    "total_receivable_usd: { type: money }",
    "line 6, column 33: columns.total_receivable_usd.type: expected type text, int, decimal(p, s), date or bool, found `money`\n"
)]
#[case(
    "total_receivable_usd",
    "dpd_90_plus_usd",
    "line 5, column 3: columns: duplicate key `dpd_90_plus_usd`\n"
)]
#[case("version: 1", "version: 0", "version: expected at least 1, found 0\n")]
#[case("USD", "dollars", "currency: expected three capital letters, found `dollars`\n")]
#[case("columns:", "derive: { x: 'dpd_90_plus_usd +' }\ncolumns:", "`derive`, column `x`: ")]
#[case(
    "columns:",
    "derive: { x: dpd_90_plus_usd }\ncolumns:",
    "`derive`, column `x`: expected the name of a canonical column\n"
)]
#[case(
    "columns:",
    "derive: { past_due_amount: dpd_90 }\ncolumns:",
    "`derive`, column `past_due_amount`: the contract has no column `dpd_90`\n"
)]
fn contract(#[case] from: &str, #[case] to: &str, #[case] message: &str) {
    let sandbox = configured("");
    let name = "cfg/contracts/factoring_slices.yml";
    sandbox.write(name, CONTRACT);
    sandbox.abaco(&[RUN, &["--out", "good"]].concat()).silent();
    sandbox.replace(name, from, to);
    sandbox.refuses_with(RUN, USAGE, &format!("{name}: {message}"));
}

/// Two definitions; lines 3 and 7 begin them.
const DEFINITIONS: &str = "\
version: 1
kpis:
  - id: par_90
    owner: CRO
    thresholds: { warning: \"3\", critical: \"5\" }

  - id: collection_rate
    owner: CFO
    valid_range: { min: \"0\", max: \"100\" }
";

#[rstest]
#[case(
    "\"3\"",
    "3",
    "line 5, column 28: kpi `par_90`: kpis[0].thresholds.warning: invalid type: integer `3`, expected a decimal in quotes, such as \"1.5\"\n"
)]
#[case(
    "\"100\"",
    "99.9",
    "line 9, column 35: kpi `collection_rate`: kpis[1].valid_range.max: invalid type: floating point `99.9`, expected a decimal in quotes, such as \"1.5\"\n"
)]
#[case(
    "\"3\"",
    "\"3 %\"",
    "line 5, column 28: kpi `par_90`: kpis[0].thresholds.warning: `3 %` is no decimal of at most 28 digits, such as \"1.5\"\n"
)]
#[case(
    "owner: CFO",
    "ownr: CFO",
    "line 8, column 5: kpi `collection_rate`: kpis[1]: unknown field `ownr`, expected one of `id`, "
)]
#[case(
    "critical:",
    "crit:",
    "line 5, column 33: kpi `par_90`: kpis[0].thresholds: unknown field `crit`, expected `warning` or `critical`\n"
)]
#[case(
    "kpis:",
    "kpi:",
    "line 2, column 1: unknown field `kpi`, expected one of `version`, `profile`, `columns`, `kpis`\n"
)]
#[case(
    "id: collection_rate",
    "id: colection_rate",
    "kpi `colection_rate`: no KPI has this id; did you mean `collection_rate`?\n"
)]
#[case("id: collection_rate", "id: par_90", "kpi `par_90`: defined twice\n")]
#[case(
    "\"3\"",
    "\"6\"",
    "kpi `par_90`: lower is better, so the warning 6 must not lie above the critical threshold 5\n"
)]
fn definitions(#[case] from: &str, #[case] to: &str, #[case] message: &str) {
    let sandbox = configured("");
    let name = "cfg/kpi_definitions.yml";
    sandbox.write(name, DEFINITIONS);
    sandbox.abaco(&[RUN, &["--out", "good"]].concat()).silent();
    sandbox.replace(name, from, to);
    sandbox.refuses_with(RUN, USAGE, &format!("{name}: {message}"));
    // The catalogue refuses what the run refuses.
    sandbox.refuses_with(&["kpis", "--definitions", name], USAGE, &format!("{name}: {message}"));
}

#[rstest]
#[case("cfg/pipeline.yml")]
#[case("cfg/contracts/factoring_slices.yml")]
#[case("cfg/kpi_definitions.yml")]
fn a_file_that_is_missing(#[case] name: &str) {
    let sandbox = configured("");
    std::fs::remove_file(sandbox.path(name)).unwrap();
    sandbox.refuses(RUN, USAGE, &format!("{name}: No such file or directory (os error 2)"));
}

#[test]
fn a_file_that_is_a_folder() {
    configured("").refuses(
        &["run", "tape.csv", "--config", "cfg"],
        USAGE,
        "cfg: Is a directory (os error 21)",
    );
}

#[test]
fn a_file_that_is_too_large() {
    let sandbox = configured(&"#".repeat(1 << 20));
    sandbox.refuses(RUN, USAGE, "cfg/pipeline.yml: expected at most 1048576 bytes, found more");
}

#[test]
fn an_environment_variable_that_is_missing() {
    let sandbox = configured("");
    sandbox.replace("cfg/pipeline.yml", "contracts/", "${ABACO_TEST_FOLDER}/");
    let message = "cfg/pipeline.yml: environment variable `ABACO_TEST_FOLDER` is not set and has no default";
    sandbox.refuses(RUN, USAGE, message);
    let found = sandbox.command(RUN).env("ABACO_TEST_FOLDER", "contracts").output().unwrap();
    assert_eq!(found.status.code(), Some(0));
}

#[test]
fn an_environment_variable_with_a_default() {
    let sandbox = configured("");
    sandbox.replace("cfg/pipeline.yml", "contracts/", "${ABACO_TEST_FOLDER:contracts}/");
    sandbox.abaco(RUN).silent();
    let elsewhere = sandbox.command(RUN).env("ABACO_TEST_FOLDER", "elsewhere").output().unwrap();
    assert_eq!(
        String::from_utf8(elsewhere.stderr).unwrap(),
        "error: cfg/elsewhere/factoring_slices.yml: No such file or directory (os error 2)\n"
    );
    assert_eq!(elsewhere.status.code(), Some(2));
}

/// The configuration is read before the tape: a mistake in it does not cost the reading.
#[test]
fn the_configuration_is_refused_before_the_tape() {
    let sandbox = configured("segmnets: []");
    sandbox.write("tape.csv", "");
    sandbox.refuses_with(RUN, USAGE, "cfg/pipeline.yml: ");
    sandbox.refuses(
        &["run", "tape.csv", "--config", &in_repository("config/pipeline.yml")],
        3,
        "tape.csv: expected a header, found an empty file",
    );
}
