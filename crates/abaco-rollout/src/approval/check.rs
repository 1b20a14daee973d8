//! Whether an approval stands.

use abaco_pipeline::signature::{self, PublicKey, SignatureProblem};
use chrono::{DateTime, Utc};

use super::{ApprovalSettings, Person, Role, Signed};
use crate::RolloutError;

/// What an approval is held against.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'e> {
    /// The candidate's identity.
    pub candidate: &'e str,
    /// The digest of the [configuration](super::configuration).
    pub configuration: &'e str,
    /// The digests of the evidence that the gate weighs, sorted.
    pub evidence: &'e [String],
    /// Who carried out a cutover, or is about to; `approvals` may name more.
    pub operators: &'e [String],
    /// What time it is.
    pub now: DateTime<Utc>,
    /// Whether this is a demonstration, in which unsigned approvals count.
    pub demo: bool,
}

/// An approval that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Valid {
    /// As whom.
    pub role: Role,
    /// Who.
    pub actor: String,
    /// Until when.
    pub expires: DateTime<Utc>,
    /// Whether it was only played.
    pub unsigned: bool,
}

impl Valid {
    /// The approval for people, who must see when nobody signed it.
    pub fn label(&self) -> String {
        let played = if self.unsigned { ", unsigned (demo)" } else { "" };
        format!("{}: `{}`{played}", self.role, self.actor)
    }
}

/// Why an approval does not stand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Lapsed {
    /// `rollout.yml` has no author: nobody can tell whether he approves himself.
    #[error("`approvals` names no author")]
    NoAuthor,
    /// It is about another candidate.
    #[error("the candidate changed: expected {expected}, found {found}")]
    Candidate {
        /// The identity now.
        expected: String,
        /// The one that was approved.
        found: String,
    },
    /// It is about another configuration.
    #[error("the configuration changed: expected {expected}, found {found}")]
    Configuration {
        /// The digest now.
        expected: String,
        /// The one that was approved.
        found: String,
    },
    /// It is about other evidence.
    #[error("the evidence changed: {added} added, {gone} gone since it was approved")]
    Evidence {
        /// Pieces that the approval does not name.
        added: usize,
        /// Pieces that it names and that are not there.
        gone: usize,
    },
    /// Its time is over.
    #[error("expired at {0}")]
    Expired(DateTime<Utc>),
    /// It is dated later than now.
    #[error("dated in the future: {0}")]
    Future(DateTime<Utc>),
    /// `people` does not have the name exactly once.
    #[error("`people` has `{actor}` {times} times")]
    Person {
        /// The name.
        actor: String,
        /// How often.
        times: usize,
    },
    /// The role is not this person's.
    #[error("`{actor}` does not approve as {role}")]
    Role {
        /// The name.
        actor: String,
        /// The role.
        role: Role,
    },
    /// Nobody approves his own work.
    #[error("`{0}` is the author")]
    Author(String),
    /// Nobody approves what he carries out.
    #[error("`{0}` is an operator")]
    Operator(String),
    /// There is no signature, and this is no demonstration.
    #[error("unsigned")]
    Unsigned,
    /// The key in `rollout.yml` is none, or somebody else's too.
    #[error("{0}")]
    Key(String),
    /// The signature is not this person's, or not of this approval.
    #[error(transparent)]
    Signature(#[from] SignatureProblem),
}

/// Holds an approval against what is there now.
///
/// # Errors
/// [`Lapsed`], the first reason of those that there are.
pub fn check(settings: &ApprovalSettings, expected: Expected<'_>, signed: &Signed) -> Result<Valid, Lapsed> {
    let approval = &signed.approval;
    let actor = approval.actor.clone();
    if settings.author.trim().is_empty() {
        return Err(Lapsed::NoAuthor);
    }
    if is_same(&actor, &settings.author) {
        return Err(Lapsed::Author(actor));
    }
    // Who plays all parts of a demonstration plays the operator too.
    let is_among = |names: &[String]| names.iter().any(|name| is_same(name, &actor));
    if (signed.signature.is_some() && is_among(expected.operators)) || is_among(&settings.operators) {
        return Err(Lapsed::Operator(actor));
    }
    let found: Vec<_> = settings.people.iter().filter(|person| person.actor == actor).collect();
    let [person] = found[..] else { return Err(Lapsed::Person { actor, times: found.len() }) };
    if !person.roles.contains(&approval.role) {
        return Err(Lapsed::Role { actor, role: approval.role });
    }
    if approval.candidate != expected.candidate {
        let (expected, found) = (expected.candidate.to_owned(), approval.candidate.clone());
        return Err(Lapsed::Candidate { expected, found });
    }
    if approval.configuration != expected.configuration {
        let (expected, found) = (expected.configuration.to_owned(), approval.configuration.clone());
        return Err(Lapsed::Configuration { expected, found });
    }
    let lacks =
        |from: &[String], what: &[String]| what.iter().filter(|digest| !from.contains(digest)).count();
    let added = lacks(&approval.evidence, expected.evidence);
    let gone = lacks(expected.evidence, &approval.evidence);
    if added + gone > 0 {
        return Err(Lapsed::Evidence { added, gone });
    }
    if approval.at > expected.now {
        return Err(Lapsed::Future(approval.at));
    }
    if approval.expires <= expected.now {
        return Err(Lapsed::Expired(approval.expires));
    }
    let unsigned = match &signed.signature {
        Some(text) => {
            let place = format!("the public key of `{actor}`");
            let key = PublicKey::parse(&person.public_key, &place)
                .map_err(|error| Lapsed::Key(error.to_string()))?;
            // One key in two hands would let one person approve as two.
            let same = |other: &&Person| {
                other.actor != actor
                    && PublicKey::parse(&other.public_key, "").is_ok_and(|other| other == key)
            };
            if let Some(other) = settings.people.iter().find(same) {
                return Err(Lapsed::Key(format!("`{actor}` and `{}` have the same public key", other.actor)));
            }
            let bytes = approval.bytes().map_err(|error: RolloutError| Lapsed::Key(error.to_string()))?;
            signature::check(&bytes, text.as_bytes(), Some(&key))?;
            false
        }
        None if expected.demo => true,
        None => return Err(Lapsed::Unsigned),
    };
    Ok(Valid { role: approval.role, actor, expires: approval.expires, unsigned })
}

/// Whether two names are one person's, who may be written in more than one way.
fn is_same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}
