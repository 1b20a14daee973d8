//! Published runs without a pipeline: just the files that those who come later read.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A run to publish.
pub(crate) struct Toy<'t> {
    pub(crate) run_id: &'t str,
    pub(crate) portfolio: &'t str,
    pub(crate) profile: &'t str,
    pub(crate) currency: &'t str,
    pub(crate) as_of: Option<&'t str>,
    pub(crate) known_at: &'t str,
    /// The values of `par_30`: of the whole portfolio, and of the segment `sme`.
    pub(crate) par_30: [Option<&'t str>; 2],
}

impl Default for Toy<'_> {
    fn default() -> Self {
        Self {
            run_id: "run-1",
            portfolio: "factoring",
            profile: "standard",
            currency: "USD",
            as_of: Some("2025-11-30"),
            known_at: "2025-12-01T03:00:00Z",
            par_30: [Some("3.31"), Some("7.00")],
        }
    }
}

impl Toy<'_> {
    pub(crate) fn document(&self) -> Value {
        let [total, segment] = self.par_30.map(par_30);
        json!({
            "schema_version": 1, "run_id": self.run_id, "identity": format!("sha256:{}", self.run_id),
            "portfolio": self.portfolio, "currency": self.currency, "as_of": self.as_of,
            "effective_as_of": null,
            "period": self.as_of.map(|to| json!({"from": null, "to": to})),
            "known_at": self.known_at,
            "rows": {"read": 4, "quarantined": 1, "duplicate": 1, "as_of": 2},
            "kpis": [total],
            "segments": [{"by": {"segment": "sme"}, "kpis": [segment]}],
            "findings": [
                {"kpi": "par_30", "by": {}, "kind": "level", "severity": "warning", "message": "3 or more"},
                {"kpi": "par_30", "by": {}, "kind": "change", "severity": "critical", "message": "moved"},
            ],
            "drill_down": [],
            "series": [{"rollup": "monthly", "period": "2025-11", "from": null, "as_of": "2025-11-30",
                        "partial": false, "kpis": [par_30(self.par_30[0])]}],
        })
    }

    /// Publishes the run in `out`: its folder, then its line in the ledger.
    pub(crate) fn publish(&self, out: &Path) -> PathBuf {
        self.publish_as(out, &self.document())
    }

    /// Publishes the run with this document.
    pub(crate) fn publish_as(&self, out: &Path, document: &Value) -> PathBuf {
        let folder = out.join(self.run_id);
        fs::create_dir_all(&folder).unwrap();
        let files =
            [("kpis.json", format!("{document:#}\n")), ("kpis.csv", "id,value\npar_30,3.31\n".to_owned())];
        let mut artefacts = serde_json::Map::new();
        for (name, text) in &files {
            fs::write(folder.join(name), text).unwrap();
            artefacts
                .insert((*name).to_owned(), json!({"sha256": sha256(text.as_bytes()), "bytes": text.len()}));
        }
        let manifest = json!({
            "schema_version": 1, "run_id": self.run_id, "identity": document["identity"],
            "code": "abaco 0.1.0", "portfolio": self.portfolio, "as_of": self.as_of,
            "known_at": self.known_at, "settings": {"profile": self.profile}, "artefacts": artefacts,
        });
        let manifest = format!("{manifest:#}\n");
        fs::write(folder.join("manifest.json"), &manifest).unwrap();
        let ledger = out.join("LEDGER.ndjson");
        let seq = fs::read_to_string(&ledger).map_or(0, |text| text.lines().count()) + 1;
        let entry = json!({
            "seq": seq, "run_id": self.run_id, "portfolio": self.portfolio, "as_of": self.as_of,
            "manifest_sha256": sha256(manifest.as_bytes()), "audit": {"seq": 1, "count": 1, "hash": ""},
            "prev": "", "hash": sha256(format!("{seq}{manifest}").as_bytes()),
        });
        let mut file = fs::OpenOptions::new().append(true).create(true).open(&ledger).unwrap();
        file.write_all(format!("{entry}\n").as_bytes()).unwrap();
        folder
    }
}

fn par_30(value: Option<&str>) -> Value {
    json!({
        "id": "par_30", "name": "PAR 30", "convention": "dpd >= 30", "value": value, "unit": "percent",
        "state": if value.is_some() { "value" } else { "undefined" },
        "reason": if value.is_some() { Value::Null } else { "no_rows".into() },
        "status": if value.is_some() { "critical" } else { "none" },
        "formula": "100 * a / b",
        "exact": value.map(|_| json!({"numerator": "258277.84", "denominator": "7813806.55", "multiplier": "100"})),
        "components": {}, "rows": 1322, "nulls": 0, "prior": null, "prior_year": null,
    })
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
