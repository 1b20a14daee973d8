//! What is wrong with a `rollout.yml` is said when it is read, not weeks later when it is needed.

use abaco_pipeline::signature::PublicKey;
use rust_decimal::Decimal;

use super::Settings;
use crate::program::ProgramSettings;

/// What the arguments of a hook may name.
const HOOK: &[&str] = &["version", "configuration", "pointer", "folder"];

/// What is wrong with the settings.
pub(super) fn check(settings: &Settings) -> Result<(), String> {
    if settings.version != 1 {
        return Err(format!("version {} is unknown; this is version 1", settings.version));
    }
    if settings.baseline.name == settings.candidate.name {
        let name = &settings.baseline.name;
        return Err(format!("`baseline` and `candidate`: expected two names, found `{name}` twice"));
    }
    settings.baseline.check()?;
    settings.candidate.check()?;
    settings.comparison.check()?;
    asked(settings)?;
    programs(settings)?;
    limits(settings)?;
    people(settings)
}

fn asked(settings: &Settings) -> Result<(), String> {
    let trials = &settings.trials;
    let asked = [
        ("smoke", &settings.smoke),
        ("trials.replay", &trials.replay),
        ("trials.live", &trials.live),
        ("trials.load", &trials.load),
    ];
    for (section, asked) in asked {
        asked
            .iter()
            .try_for_each(|asked| asked.check())
            .map_err(|message| format!("`{section}`: {message}"))?;
    }
    Ok(())
}

fn programs(settings: &Settings) -> Result<(), String> {
    let procedures = &settings.procedures;
    let rehearsal = procedures.rehearsal_hooks.as_ref();
    let hooks = [
        ("procedures.stop", procedures.stop.as_ref()),
        ("procedures.start", procedures.start.as_ref()),
        ("procedures.tests", procedures.tests.as_ref()),
        ("procedures.rehearsal_hooks.stop", rehearsal.and_then(|hooks| hooks.stop.as_ref())),
        ("procedures.rehearsal_hooks.start", rehearsal.and_then(|hooks| hooks.start.as_ref())),
    ];
    let of = |section: &str, program: &ProgramSettings, names: &[&str]| {
        program.check(names).map_err(|message| format!("`{section}`: {message}"))
    };
    for (section, program) in hooks {
        program.map_or(Ok(()), |program| of(section, program, HOOK))?;
    }
    for (section, version) in [("baseline", &settings.baseline), ("candidate", &settings.candidate)] {
        let program = version.program.as_ref();
        program.map_or(Ok(()), |program| of(section, program, &crate::version::GIVEN))?;
    }
    Ok(())
}

fn limits(settings: &Settings) -> Result<(), String> {
    let (gate, monitor) = (&settings.gate, &settings.monitor);
    let shares = [
        ("gate.coverage", gate.coverage),
        ("gate.tie_out_tolerance", gate.tie_out_tolerance),
        ("monitor.error_rate", monitor.error_rate.limit),
        ("monitor.nulls", monitor.nulls.limit),
    ];
    if let Some((name, found)) =
        shares.iter().find(|(_, share)| !(Decimal::ZERO..=Decimal::ONE).contains(share))
    {
        return Err(format!("`{name}`: expected a share from 0 to 1, found {found}"));
    }
    let limits =
        [("gate.soak.memory_growth", gate.soak.memory_growth), ("monitor.variance", monitor.variance.limit)];
    if let Some((name, found)) = limits.iter().find(|(_, limit)| *limit < Decimal::ZERO) {
        return Err(format!("`{name}`: expected a limit of 0 or more, found {found}"));
    }
    if let Some(tie) = settings.ties.iter().find(|tie| tie.tolerance < Decimal::ZERO) {
        let (name, found) = (&tie.name, tie.tolerance);
        return Err(format!("`ties`, `{name}`: `tolerance`: expected a limit of 0 or more, found {found}"));
    }
    match gate.checklists.iter().find(|list| !settings.checklists.contains_key(*list)) {
        // Without the section nobody has filled it in yet, and the gate says so.
        Some(list) if !settings.checklists.is_empty() => {
            Err(format!("`gate.checklists`: expected a list of `checklists`, found `{list}`"))
        }
        _ => Ok(()),
    }
}

fn people(settings: &Settings) -> Result<(), String> {
    let people = &settings.approvals.people;
    for (index, person) in people.iter().enumerate() {
        let actor = &person.actor;
        let refused = |message: String| Err(format!("`approvals.people`: `{actor}`: {message}"));
        if people[..index].iter().any(|other| other.actor == *actor) {
            return refused("expected each name once, found it again".to_owned());
        }
        let key = match PublicKey::parse(&person.public_key, "public_key") {
            Ok(key) => key,
            Err(error) => return refused(error.to_string()),
        };
        // One key in two hands would let one person approve as two.
        let is_same = |other: &&crate::approval::Person| {
            PublicKey::parse(&other.public_key, "public_key").is_ok_and(|other| other == key)
        };
        if let Some(other) = people[..index].iter().find(is_same) {
            return refused(format!("expected a public key of its own, found that of `{}`", other.actor));
        }
    }
    Ok(())
}
