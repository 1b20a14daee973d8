//! `gate` and `checklists` in `rollout.yml`.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The items of the checklists by the lists' names: what training, monitoring and contacts comprise, and what the
/// decommissioning of the baseline does.
pub type ChecklistSettings = BTreeMap<String, Vec<String>>;

/// What the gate asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GateSettings {
    /// Snapshots of the past.
    pub replay: ReplaySettings,
    /// Runs of the day.
    pub live: LiveSettings,
    /// The smallest share of the expected keys that a comparison must have compared.
    #[serde(with = "rust_decimal::serde::str")]
    pub coverage: Decimal,
    /// The fewest informative keys of a comparison that counts.
    pub informative: u64,
    /// The fewest figures that tie to a source other than the tape.
    pub tie_outs: u64,
    /// The largest difference that a tie-out may accept, as a share of the other source's figure: a wide one ties to anything.
    #[serde(with = "rust_decimal::serde::str")]
    pub tie_out_tolerance: Decimal,
    /// How fast a run must be.
    pub performance: PerformanceSettings,
    /// Runs at once.
    pub concurrency: ConcurrencySettings,
    /// Runs one after another.
    pub soak: SoakSettings,
    /// The rehearsed rollback.
    pub rehearsal: RehearsalSettings,
    /// The checklists that must be done.
    pub checklists: Vec<String>,
}

impl Default for GateSettings {
    fn default() -> Self {
        Self {
            replay: ReplaySettings::default(),
            live: LiveSettings::default(),
            coverage: Decimal::ONE,
            informative: 1,
            tie_outs: 1,
            tie_out_tolerance: Decimal::new(1, 3),
            performance: PerformanceSettings::default(),
            concurrency: ConcurrencySettings::default(),
            soak: SoakSettings::default(),
            rehearsal: RehearsalSettings::default(),
            checklists: ["training", "monitoring", "contacts"].map(str::to_owned).to_vec(),
        }
    }
}

/// Snapshots of the past that must have been compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReplaySettings {
    /// How many dates.
    pub snapshots: u64,
    /// Whether a quarter's end must be among them.
    pub quarter_end: bool,
}

impl Default for ReplaySettings {
    fn default() -> Self {
        Self { snapshots: 12, quarter_end: true }
    }
}

/// Runs of the day that must have been compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LiveSettings {
    /// How many snapshots in a row without a difference that does not pass.
    pub consecutive: u64,
    /// Whether a month's end must be among them.
    pub month_end: bool,
    /// Whether snapshots that are compared for the first time on one day count once: who compares many on one day compares the past.
    pub one_a_day: bool,
}

impl Default for LiveSettings {
    fn default() -> Self {
        Self { consecutive: 5, month_end: true, one_a_day: true }
    }
}

/// How fast a run must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PerformanceSettings {
    /// On a tape of at least so many rows,
    pub rows: u64,
    /// it takes less than this.
    pub seconds: u64,
}

impl Default for PerformanceSettings {
    fn default() -> Self {
        Self { rows: 100_000, seconds: 10 }
    }
}

/// How many runs at once must have come out whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConcurrencySettings {
    /// Runs.
    pub runs: u64,
}

impl Default for ConcurrencySettings {
    fn default() -> Self {
        Self { runs: 8 }
    }
}

/// How many runs one after another must have given the same numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SoakSettings {
    /// Runs.
    pub runs: u64,
    /// By which share the memory may have grown.
    #[serde(with = "rust_decimal::serde::str")]
    pub memory_growth: Decimal,
}

impl Default for SoakSettings {
    fn default() -> Self {
        Self { runs: 100, memory_growth: Decimal::new(1, 1) }
    }
}

/// The rehearsed rollback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RehearsalSettings {
    /// How old it may be.
    pub not_older_than_days: u32,
    /// How long it may have taken.
    pub rollback_seconds: u64,
}

impl Default for RehearsalSettings {
    fn default() -> Self {
        Self { not_older_than_days: 30, rollback_seconds: 300 }
    }
}
