//! The shape of limits on changes, and of covenants.

use serde::Deserialize;

use crate::judgement::{Change, Covenant, Limit, Measured, Since};
use crate::yaml::Quoted;

#[derive(Deserialize)]
#[serde(try_from = "ChangeLimits")]
pub(super) struct ChangeEntry(pub(super) Change);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeLimits {
    since: Since,
    measured: Measured,
    warning: Option<Quoted>,
    critical: Option<Quoted>,
}

impl TryFrom<ChangeLimits> for ChangeEntry {
    type Error = String;

    fn try_from(limits: ChangeLimits) -> Result<Self, String> {
        let change = Change {
            since: limits.since,
            measured: limits.measured,
            warning: limits.warning.map(|limit| limit.0),
            critical: limits.critical.map(|limit| limit.0),
        };
        change.check().map_err(|error| error.to_string())?;
        Ok(Self(change))
    }
}

#[derive(Deserialize)]
#[serde(try_from = "CovenantBounds")]
pub(super) struct CovenantEntry(pub(super) Covenant);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CovenantBounds {
    name: String,
    at_most: Option<Quoted>,
    at_least: Option<Quoted>,
}

impl TryFrom<CovenantBounds> for CovenantEntry {
    type Error = String;

    fn try_from(bounds: CovenantBounds) -> Result<Self, String> {
        let limit = match (bounds.at_most, bounds.at_least) {
            (Some(most), None) => Limit::AtMost(most.0),
            (None, Some(least)) => Limit::AtLeast(least.0),
            _ => return Err("a covenant has either `at_most` or `at_least`".to_owned()),
        };
        if bounds.name.trim().is_empty() {
            return Err("a covenant says in `name` where it is written".to_owned());
        }
        Ok(Self(Covenant { name: bounds.name, limit }))
    }
}
