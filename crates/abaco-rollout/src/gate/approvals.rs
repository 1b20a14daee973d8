//! Which roles have approved.

use super::criterion::Criterion;
use super::weigh::Case;
use crate::approval::{ApprovalSettings, Expected, Role, check};

/// One criterion for each role that must approve.
pub(super) fn approvals(settings: &ApprovalSettings, case: Case<'_>, evidence: &[String]) -> Vec<Criterion> {
    if settings.required.is_empty() {
        let message = "approvals: `required` in rollout.yml names no role";
        return vec![Criterion::new("approvals", "at least one role").inconclusive("no role", message)];
    }
    let Case { candidate, configuration, operators, now, demo, .. } = case;
    let expected = Expected { candidate, configuration, evidence, operators, now, demo };
    settings.required.iter().map(|role| of_role(settings, case, expected, *role)).collect()
}

fn of_role(settings: &ApprovalSettings, case: Case<'_>, expected: Expected<'_>, role: Role) -> Criterion {
    let criterion = Criterion::new(&format!("approval {role}"), "1");
    let mut lapsed = None;
    for signed in case.approvals.iter().filter(|signed| signed.approval.role == role) {
        match check(settings, expected, signed) {
            Ok(valid) => return criterion.met(valid.label()),
            Err(reason) => {
                lapsed = Some(format!("that of `{}` does not stand: {reason}", signed.approval.actor))
            }
        }
    }
    match lapsed {
        Some(reason) => criterion.unmet("0", format!("approval {role}: somebody must approve; {reason}")),
        None => criterion.inconclusive("0", format!("approval {role}: somebody must approve")),
    }
}
