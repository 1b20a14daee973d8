//! Four weeks in which a lender replaces the numbers of an old system, in a minute.
//!
//! The old system is V2's arithmetic with two faults. It is compared with its successor over 13 month ends; the cause finder
//! names both faults; they are mended; five days in a row are clean; the gate opens on evidence and five signatures; the
//! successor takes over; somebody damages its contract, the monitor sees it and rolls back; it goes forward again, and after
//! a day the rollout is complete. Every number that is printed was computed.
//!
//! `cargo run --example rollout`

mod site;
mod tape;
mod time;

use std::error::Error;

use abaco_loans::pipeline::signature::Signer;
use abaco_loans::pipeline::{Pipeline, PipelineConfig, RunOptions};
use abaco_loans::prelude::*;
use abaco_loans::rollout::approval::Role;
use abaco_loans::rollout::causes::{Findings, Verdict};
use abaco_loans::rollout::conduct::{ApprovalRequest, TieOutRequest};
use abaco_loans::rollout::procedures::CutoverRequest;
use abaco_loans::rollout::stage::Stage;
use abaco_loans::rollout::{Rollout, report, shadow::Shadow};
use chrono::{Days, NaiveDate, TimeDelta};

use crate::site::Site;

type Done = Result<(), Box<dyn Error>>;

fn main() -> Done {
    let monday = NaiveDate::from_ymd_opt(2025, 9, 15).ok_or("a date")?;
    time::morning_of(monday);
    let signers = signers()?;
    let people: Vec<(String, String)> =
        signers.iter().map(|(role, key)| (role.to_string(), key.public_key().to_string())).collect();
    let site = Site::new(monday, &people)?;
    first_week(&site)?;
    second_week(&site, monday + Days::new(7))?;
    third_week(&site, monday + Days::new(14), &signers)?;
    fourth_week(&site, monday + Days::new(21))
}

/// The successor is set up beside the old system, and the past is computed with both.
fn first_week(site: &Site) -> Done {
    println!("week 1: staging and shadow");
    a_system_agrees_with_itself()?;
    let rollout = site.rollout("operator")?;
    let staged = rollout.staging()?;
    println!("  staging: {} steps, now {}", staged.steps.len(), staged.stage);
    let replayed = rollout.replay(&abaco_loans::catalogue())?;
    let dirty = replayed.snapshots.iter().filter(|compared| !compared.record.clean).count();
    println!("  {} of {} month ends differ", dirty, replayed.snapshots.len());
    let causes = replayed.causes.ok_or("a cause was looked for")?;
    told(&causes);
    let confirmed = |kpi: &str| {
        let of = causes.kpis.iter().find(|finding| finding.kpi.as_deref() == Some(kpi));
        of.is_some_and(|finding| finding.verdict == Verdict::Confirmed)
    };
    assert!(confirmed("par_30"), "the finder names both faults");
    Ok(())
}

/// The same function on both sides: if that differs, no comparison means anything.
fn a_system_agrees_with_itself() -> Done {
    let twice = Shadow::new(|x: &i64| Ok::<_, String>(x * 2), |x: &i64| Ok::<_, String>(x + x));
    assert!(twice.self_check(&[1, 2, 3]).holds());
    println!("  a shadow of a function beside itself differs nowhere");
    Ok(())
}

/// The old system is mended; what is left is within the tolerance and has a cause; the days begin to be compared.
fn second_week(site: &Site, monday: NaiveDate) -> Done {
    println!("week 2: the old system is mended");
    time::morning_of(monday);
    site.mend_the_old_system()?;
    let rollout = site.rollout("operator")?;
    let replayed = rollout.replay(&abaco_loans::catalogue())?;
    let clean = replayed.snapshots.iter().filter(|compared| compared.record.clean).count();
    println!("  {clean} of {} month ends are clean", replayed.snapshots.len());
    if let Some(causes) = &replayed.causes {
        told(causes);
    }
    (2..5).try_for_each(|day| live(site, monday + Days::new(day)))
}

/// Two more days, the rest of the evidence, five signatures, and the cutover.
fn third_week(site: &Site, monday: NaiveDate, signers: &[(Role, Signer)]) -> Done {
    println!("week 3: the gate");
    (0..2).try_for_each(|day| live(site, monday + Days::new(day)))?;
    let catalogue = abaco_loans::catalogue();
    let rollout = site.rollout("operator")?;
    println!("  missing before: {}", rollout.verdict(false)?.missing().len());
    let exercised = rollout.exercise(&catalogue)?;
    let performance = &exercised.performance;
    println!("  {} rows in {} ms", performance.rows, performance.milliseconds);
    let ledger = ledger_balance(site, monday + Days::new(1))?;
    let tied = rollout.tie_out(
        &TieOutRequest {
            figure: "SUM(total_receivable_usd)".to_owned(),
            source: "general ledger, account 1200".to_owned(),
            expected: ledger,
            tolerance: Decimal::ZERO,
            as_of: None,
        },
        &catalogue,
    )?;
    println!("  the general ledger says {}, the candidate {}", tied.expected, tied.found);
    for (list, items) in rollout.config().settings.checklists.clone() {
        for item in items {
            rollout.check_off(&list, &item, "done, minutes of the meeting")?;
        }
    }
    let rehearsed = rollout.rehearsed()?;
    println!("  a rehearsed rollback took {} ms", rehearsed.record.rollback_milliseconds);
    // People approve last: their signatures cover all of the evidence.
    for (role, signer) in signers {
        let expires = time::now() + TimeDelta::days(30);
        let request = ApprovalRequest { role: *role, actor: format!("{role}-lead"), expires };
        rollout.approve(&request, Some(signer), false)?;
    }
    let verdict = rollout.verdict(false)?;
    println!("  criteria met: {}, the gate is {}", verdict.criteria.len(), opened(verdict.open));
    assert!(verdict.open, "{:?}", verdict.missing());
    rollout.advance(&rollout.next_verdict(false)?)?;
    let report = rollout.cutover(&CutoverRequest { verdict: rollout.gate(false)?, break_glass: None })?;
    println!("  cutover: {} steps, now {}, active {}", report.steps.len(), report.stage, active(&rollout)?);
    Ok(())
}

/// An incident, a rollback that nobody had to ask for, and forward again to the end.
fn fourth_week(site: &Site, monday: NaiveDate) -> Done {
    println!("week 4: monitoring");
    let catalogue = abaco_loans::catalogue();
    time::morning_of(monday);
    site.tape_of(monday)?;
    publish(site)?;
    let rollout = site.rollout("operator")?;
    let watch = rollout.monitor(&catalogue)?;
    println!("  monday: {} triggers", watch.fired.len());
    assert!(watch.rolled_back.is_none());

    time::morning_of(monday + Days::new(1));
    site.tape_of(monday + Days::new(1))?;
    site.damage_the_new_contract()?;
    publish(site)?;
    let watch = rollout.monitor(&catalogue)?;
    for fired in &watch.fired {
        println!("  tuesday: {}", fired.message());
    }
    let report = watch.rolled_back.ok_or("the monitor rolls back")?;
    println!("  rolled back: {} runs to recall, active {}", report.recall.len(), active(&rollout)?);
    assert_eq!(active(&rollout)?, "v1");

    time::morning_of(monday + Days::new(2));
    site.tape_of(monday + Days::new(2))?;
    rollout.forward(&CutoverRequest { verdict: rollout.gate(false)?, break_glass: None })?;
    println!("  forward again, active {}", active(&rollout)?);
    publish(site)?;
    let mut passed = 0;
    for hour in [1, 8, 24] {
        time::pass(hour - passed);
        passed = hour;
        rollout.monitor(&catalogue)?;
        let record = rollout.reconcile()?;
        println!("  hour {hour}: {} open", record.open.len());
    }
    rollout.advance(&rollout.next_verdict(false)?)?;
    assert_eq!(rollout.stage()?, Stage::Complete);
    let markdown = report::markdown(&rollout.view(false)?)?;
    println!("  {}; the report has {} lines", rollout.stage()?, markdown.lines().count());
    Ok(())
}

/// The version that the pointer names.
fn active(rollout: &Rollout) -> Result<String, Box<dyn Error>> {
    Ok(rollout.status()?.active.ok_or("a pointer")?)
}

/// Both systems on the tape of a day.
fn live(site: &Site, day: NaiveDate) -> Done {
    time::morning_of(day);
    site.tape_of(day)?;
    let compared = site.rollout("operator")?.compare(&abaco_loans::catalogue())?;
    let word = if compared.record.clean { "clean" } else { "differs" };
    println!(
        "  {day}: {word}, {} of {} keys informative",
        compared.record.informative, compared.record.compared
    );
    Ok(())
}

/// The candidate's run of the day.
fn publish(site: &Site) -> Done {
    let config = PipelineConfig::load(site.path("config/v2.yml"))?;
    let request = RunRequest {
        inputs: vec![site.path("day.csv")],
        tables: Vec::new(),
        as_of: AsOf::Latest,
        out: Some(site.path("runs")),
        actor: "scheduler".to_owned(),
    };
    let options = RunOptions { clock: time::now, ..RunOptions::default() };
    Pipeline::new(config, &abaco_loans::catalogue())?.run_with(&request, &options)?;
    Ok(())
}

/// What the general ledger says: the balances of the day, added up by somebody else.
fn ledger_balance(site: &Site, day: NaiveDate) -> Result<Decimal, Box<dyn Error>> {
    let tape = std::fs::read_to_string(site.path("day.csv"))?;
    let day = day.to_string();
    let mut total = Decimal::ZERO;
    for row in tape.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        if cells[1] == day {
            total += cells[4].parse::<Decimal>()?;
        }
    }
    Ok(total)
}

/// What the cause finder says of each KPI.
fn told(causes: &Findings) {
    for finding in &causes.kpis {
        println!("  {}: {}", finding.kpi.as_deref().unwrap_or("all"), finding.sentence);
    }
}

/// The keys of five people; made up here, and never in a file.
fn signers() -> Result<Vec<(Role, Signer)>, Box<dyn Error>> {
    let signer = |(number, role): (usize, Role)| {
        let seed = format!("{:02x}", 0x11 * (number + 1)).repeat(32);
        Ok((role, Signer::parse(&seed, "example")?))
    };
    Role::ALL.into_iter().enumerate().map(signer).collect()
}

fn opened(open: bool) -> &'static str {
    if open { "open" } else { "closed" }
}
