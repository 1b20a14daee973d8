//! `abaco rollout approve`: signing here, or elsewhere and bringing the signature back.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use abaco_loans::pipeline::signature::Signer;
use abaco_loans::rollout::approval::{Approval, Role, Signed};
use abaco_loans::rollout::conduct::ApprovalRequest;
use abaco_loans::rollout::{Rollout, RolloutError};
use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use serde_json::json;

use super::Common;
use crate::failure::Failure;
use crate::{Format, print, print_json};

#[derive(Debug, Args)]
pub(crate) struct Approve {
    /// As whom.
    #[arg(long, value_enum)]
    role: RoleName,
    /// From when on the approval counts no more: an instant such as 2026-03-31T00:00:00Z.
    #[arg(long, value_name = "INSTANT", required_unless_present = "import")]
    expires: Option<DateTime<Utc>>,
    /// The environment variable that holds the Ed25519 key to sign with.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["export", "import"])]
    key_env: Option<String>,
    /// Write what would be approved to this file, to be signed elsewhere, and approve nothing.
    #[arg(long, value_name = "FILE", conflicts_with = "import")]
    export: Option<PathBuf>,
    /// Approve what was written to this file, with the signature beside it: FILE.sig.
    #[arg(long, value_name = "FILE")]
    import: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleName {
    Engineering,
    Operations,
    Business,
    Security,
    #[value(name = "data_governance", alias = "data-governance")]
    DataGovernance,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Engineering => Self::Engineering,
            RoleName::Operations => Self::Operations,
            RoleName::Business => Self::Business,
            RoleName::Security => Self::Security,
            RoleName::DataGovernance => Self::DataGovernance,
        }
    }
}

pub(crate) fn approve(rollout: &Rollout, given: &Approve, common: &Common) -> Result<ExitCode, Failure> {
    let actor = common.actor();
    let signed = match (&given.import, given.expires) {
        (Some(file), _) => {
            let signed = imported(file)?;
            // The role stands in the file; whoever names another one means another approval.
            if signed.approval.role != given.role.into() {
                let found = signed.approval.role;
                return Err(Failure::usage(format!("option `role`: {} is about {found}", file.display())));
            }
            rollout.file(&signed, common.demo)?;
            signed
        }
        (None, None) => {
            return Err(Failure::usage("option `expires`: expected an instant, found none".to_owned()));
        }
        (None, Some(expires)) => {
            let request = ApprovalRequest { role: given.role.into(), actor, expires };
            if let Some(file) = &given.export {
                return export(&rollout.approval(&request)?, file, common.format);
            }
            let signer = given.key_env.as_deref().map(signer).transpose()?;
            rollout.approve(&request, signer.as_ref(), common.demo)?
        }
    };
    let approval = &signed.approval;
    let how = if signed.signature.is_some() { "signed" } else { "unsigned (demo)" };
    match common.format {
        Format::Json => print_json(&json!({ "schema_version": 1, "approval": signed }))?,
        Format::Table => print(&format!(
            "{}: approved by {}, {how}, until {}\n",
            approval.role,
            approval.actor,
            approval.expires.to_rfc3339()
        ))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Whoever names a key means to sign: without one he is not taken at his word.
fn signer(variable: &str) -> Result<Signer, Failure> {
    let missing = || Failure::usage(format!("option `key-env`: expected a key in `{variable}`, found none"));
    Signer::from_env(variable)?.ok_or_else(missing)
}

/// The approval, and beside it the bytes that are to be signed.
fn export(approval: &Approval, file: &Path, format: Format) -> Result<ExitCode, Failure> {
    let failed = |path: &Path, source| RolloutError::Io { path: path.to_path_buf(), source };
    let bytes = approval.bytes()?;
    let to_sign = beside(file, "tosign");
    std::fs::write(&to_sign, &bytes).map_err(|error| failed(&to_sign, error))?;
    let text = serde_json::to_vec_pretty(approval).map_err(Failure::json)?;
    std::fs::write(file, text).map_err(|error| failed(file, error))?;
    match format {
        Format::Json => print_json(&json!({ "schema_version": 1, "approval": approval }))?,
        Format::Table => print(&format!(
            "sign the bytes of {}, and put the signature into {}\n",
            to_sign.display(),
            beside(file, "sig").display()
        ))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn imported(file: &Path) -> Result<Signed, Failure> {
    let read = |path: &Path| {
        std::fs::read_to_string(path)
            .map_err(|source| Failure::from(RolloutError::Io { path: path.to_path_buf(), source }))
    };
    let approval: Approval = serde_json::from_str(&read(file)?).map_err(Failure::json)?;
    Ok(Signed::import(approval, &read(&beside(file, "sig"))?)?)
}

fn beside(file: &Path, extension: &str) -> PathBuf {
    let mut name = file.as_os_str().to_os_string();
    name.push(".");
    name.push(extension);
    name.into()
}
