//! Tapes on which conventions agree: nothing is confirmed there.

use abaco_rollout::causes::Verdict;
use proptest::prelude::*;

use crate::common::{Desk, shown};
use crate::naive::Naive;
use crate::tape::{self, Row, SNAPSHOTS, date};

fn months() -> Vec<chrono::NaiveDate> {
    (0..SNAPSHOTS).map(date).collect()
}

fn changed(seed: u64, change: impl Fn(&mut Row)) -> Vec<Row> {
    let mut rows = tape::once(tape::rich(seed));
    rows.iter_mut().for_each(change);
    rows
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, max_shrink_iters: 0, ..ProptestConfig::default() })]

    /// Where no loan is exactly 30 days late, nobody can say whether `>` or `>=` was meant.
    #[test]
    fn more_than_and_no_switch(seed: u64) {
        let rows = changed(seed, |row| row.dpd = row.dpd.map(|dpd| if dpd == 30 { 32 } else { dpd }));
        let naive = Naive { rows: &rows, kpi: "par_ge_30", switches: &["more_than"] };
        let findings = Desk::new(&rows).find(&naive.figures(&months(), &[None, Some("a")], 4));
        let finding = &findings.kpis[0];
        prop_assert_eq!(finding.verdict, Verdict::NothingToExplain);
        let same = &finding.survivors[0].equivalent_on_these_keys;
        prop_assert!(same.contains(&vec!["more_than".to_owned()]), "{}", shown(finding));
        prop_assert!(finding.sentence.contains("cannot be told from more_than"), "{}", finding.sentence);
    }

    /// Exactly the rows with an empty cell are written off.
    #[test]
    fn empty_cells_and_write_offs(seed: u64) {
        let rows = changed(seed, |row| row.is_written_off = row.dpd.is_none() || row.balance.is_none());
        for truth in ["nulls_excluded", "write_offs_out"] {
            let naive = Naive { rows: &rows, kpi: "par_30", switches: &[truth] };
            let findings = Desk::new(&rows).find(&naive.figures(&months(), &[None, Some("b")], 3));
            let finding = &findings.kpis[0];
            prop_assert_eq!(finding.verdict, Verdict::Indistinguishable, "{}", shown(finding));
            let found: Vec<_> = finding.survivors.iter().map(|survivor| &survivor.switches[0]).collect();
            prop_assert_eq!(found, ["nulls_excluded", "write_offs_out"], "{}", shown(finding));
            prop_assert!(finding.sentence.contains("cannot be told apart"), "{}", finding.sentence);
        }
    }

    /// Whatever is written off is late already.
    #[test]
    fn write_offs_at_risk_and_by_days(seed: u64) {
        let rows = changed(seed, |row| {
            let is_late = row.dpd.is_some_and(|dpd| dpd >= 30) && row.balance.is_some();
            row.written_off = is_late.then_some(row.loan as i64 * 100_00 + 17_31);
        });
        let naive = Naive { rows: &rows, kpi: "par_30", switches: &["write_offs_by_days"] };
        let findings = Desk::new(&rows).find(&naive.figures(&months(), &[None, Some("b")], 3));
        let finding = &findings.kpis[0];
        prop_assert_eq!(finding.verdict, Verdict::Indistinguishable, "{}", shown(finding));
        let found: Vec<_> = finding.survivors.iter().map(|survivor| &survivor.switches[0]).collect();
        prop_assert_eq!(found, ["write_offs_at_risk", "write_offs_by_days"], "{}", shown(finding));
    }
}

/// One survivor, and the keys that tell it apart might be chance.
#[test]
fn two_keys_confirm_nothing() {
    let mut rows = tape::once(tape::rich(8));
    // Only the first two snapshots have a loan that is exactly 30 days late.
    for row in rows.iter_mut().filter(|row| row.date >= date(2) && row.dpd == Some(30)) {
        row.dpd = Some(33);
    }
    let naive = Naive { rows: &rows, kpi: "par_ge_30", switches: &["more_than"] };
    let findings = Desk::new(&rows).find(&naive.figures(&months(), &[None], 4));
    let finding = &findings.kpis[0];
    assert_eq!(finding.verdict, Verdict::Indistinguishable, "{}", shown(finding));
    assert_eq!(finding.survivors.len(), 1, "{}", shown(finding));
    let survivor = &finding.survivors[0];
    assert_eq!((survivor.dates, survivor.dates_that_differ, survivor.informative.len()), (6, 2, 2));
    assert!(finding.sentence.contains("only 2 keys tell it apart, and 3 are needed"), "{}", finding.sentence);
    assert!(
        finding.sentence.ends_with("in 2 of 6 snapshots and agrees in the other 4"),
        "{}",
        finding.sentence
    );
}
