//! `approvals` in `rollout.yml`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// As whom somebody approves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Those who build it.
    Engineering,
    /// Those who run it.
    Operations,
    /// Those who act on the numbers.
    Business,
    /// Those who keep it safe.
    Security,
    /// Those who answer for the data.
    DataGovernance,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Engineering, Self::Operations, Self::Business, Self::Security, Self::DataGovernance];

    /// The role in snake case.
    ///
    /// ```
    /// use abaco_rollout::approval::Role;
    ///
    /// assert_eq!(Role::DataGovernance.as_str(), "data_governance");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Engineering => "engineering",
            Self::Operations => "operations",
            Self::Business => "business",
            Self::Security => "security",
            Self::DataGovernance => "data_governance",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Somebody who may approve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The name by which the journal knows him or her.
    pub actor: String,
    /// As whom.
    pub roles: Vec<Role>,
    /// The Ed25519 key, as hexadecimal, base64 or PEM.
    pub public_key: String,
}

/// Who approves. Without this section nobody does, and the gate stays closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalSettings {
    /// Who made the candidate, and therefore does not approve it.
    pub author: String,
    /// Who runs the rollout, and therefore does not approve it either.
    #[serde(default)]
    pub operators: Vec<String>,
    /// Who may approve.
    #[serde(default)]
    pub people: Vec<Person>,
    /// The roles of which each must approve; all where the file names none.
    #[serde(default = "all_roles")]
    pub required: Vec<Role>,
}

impl Default for ApprovalSettings {
    fn default() -> Self {
        Self { author: String::new(), operators: Vec::new(), people: Vec::new(), required: all_roles() }
    }
}

fn all_roles() -> Vec<Role> {
    Role::ALL.to_vec()
}
