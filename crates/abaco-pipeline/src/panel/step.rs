//! From one snapshot to the next: what became of a loan.

use super::history::{Flow, Loan, Standing};

/// A loan is in default from this day past due on (Basel: 90 days).
const DEFAULT_DPD: i64 = 90;
/// A loan is late, as vintages count it, from this day past due on.
const LATE_DPD: i64 = 30;

/// The sum of amounts went beyond what 128 bits hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Overflow;

fn add(into: &mut i128, amount: i128) -> Result<(), Overflow> {
    *into = into.checked_add(amount).ok_or(Overflow)?;
    Ok(())
}

impl Loan {
    /// Takes in an amount that an event or a schedule states.
    pub(crate) fn happened(&mut self, flow: Flow, amount: i128) -> Result<(), Overflow> {
        add(&mut self.step[flow as usize], amount)?;
        match flow {
            Flow::Disbursed => add(&mut self.expected, amount),
            Flow::PaidPrincipal => {
                self.expected = self.expected.checked_sub(amount).ok_or(Overflow)?;
                add(&mut self.totals.paid_principal, amount)?;
                add(&mut self.totals.paid, amount)
            }
            Flow::PaidInterest | Flow::PaidFees | Flow::PaidTax => add(&mut self.totals.paid, amount),
            Flow::DuePrincipal => {
                add(&mut self.totals.due_principal, amount)?;
                add(&mut self.totals.due, amount)
            }
            Flow::DueInterest | Flow::DueFees | Flow::DueTax => add(&mut self.totals.due, amount),
            Flow::PrepaidPrincipal
            | Flow::WrittenOff
            | Flow::Recovered
            | Flow::Reinstated
            | Flow::Defaulted => Ok(()),
        }
    }

    /// Arrives at a snapshot, where the tape says `row` of the loan, if anything.
    ///
    /// `first`: there is no earlier snapshot, so nothing can be said about a transition.
    pub(crate) fn arrive(&mut self, row: Option<Standing>, first: bool) -> Result<(), Overflow> {
        let opening = self.closing;
        self.closing = match row {
            Some(row) => row,
            None => self.without_row(&opening),
        };
        if let Some(row) = row {
            self.expected =
                row.balance.unwrap_or(0).checked_add(row.written_off.unwrap_or(0)).ok_or(Overflow)?;
        }
        let written_off = self.closing.written_off.unwrap_or(0);
        if first {
            self.totals.written_off = written_off.max(0);
            self.step = Default::default();
        } else {
            self.transitions(&opening, row.is_some());
        }
        if let (Some(dpd), Some(balance)) = (self.closing.dpd, self.closing.balance) {
            if dpd >= LATE_DPD {
                self.totals.peak_30 = self.totals.peak_30.max(balance);
            }
            if dpd >= DEFAULT_DPD {
                self.totals.peak_90 = self.totals.peak_90.max(balance);
            }
        }
        add(&mut self.totals.written_off, self.step[Flow::WrittenOff as usize])?;
        // A loan that came back is not lost, and its next write-off is not a second loss.
        add(&mut self.totals.written_off, -self.step[Flow::Reinstated as usize])?;
        add(&mut self.totals.recovered, self.step[Flow::Recovered as usize])?;
        for (period, step) in self.period.iter_mut().zip(self.step) {
            add(period, step)?;
        }
        self.step = Default::default();
        Ok(())
    }

    /// A loan that was there, or was paid out in between, and has nothing left to pay, is paid; any other is absent.
    fn without_row(&self, opening: &Standing) -> Standing {
        let was_there = opening.balance.is_some() || self.step[Flow::Disbursed as usize] > 0;
        let nothing_left = (was_there && self.expected <= 0).then_some(0);
        Standing { balance: nothing_left, written_off: nothing_left, dpd: None }
    }

    fn transitions(&mut self, opening: &Standing, has_row: bool) {
        let (was, is) = (opening.is_written_off(), self.closing.is_written_off());
        let paid_principal = self.step[Flow::PaidPrincipal as usize];
        let before = opening.written_off.unwrap_or(0).max(0);
        let after = self.closing.written_off.unwrap_or(0).max(0);
        // Of a loan that is still written off, what its written-off balance went down by; of any other, all that was paid.
        let recovered = match was {
            false => 0,
            true if has_row && is => (before - after).clamp(0, paid_principal.max(0)),
            true => paid_principal.clamp(0, before),
        };
        self.step[Flow::Recovered as usize] = recovered;
        if is {
            self.step[Flow::WrittenOff as usize] = (after - before + recovered).max(0);
        }
        if was && has_row && !is {
            // Back among the performing loans is only what was not paid.
            self.step[Flow::Reinstated as usize] = before - recovered;
        }
        let performed = !was && opening.dpd.is_none_or(|dpd| dpd < DEFAULT_DPD);
        let fails = is || self.closing.dpd.is_some_and(|dpd| dpd >= DEFAULT_DPD);
        if let Some(balance) = opening.balance
            && performed
            && fails
        {
            self.step[Flow::Defaulted as usize] = balance;
        }
        // Paid ahead of the schedule by now, and in this period.
        let ahead = self.totals.paid_principal.saturating_sub(self.totals.due_principal);
        self.step[Flow::PrepaidPrincipal as usize] = paid_principal.min(ahead).max(0);
    }

    /// Begins a period at the snapshot that was just arrived at.
    pub(crate) fn begin_period(&mut self) {
        self.opening = self.closing;
        self.opening_peak_90 = self.totals.peak_90;
        self.period = Default::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(balance: i128, written_off: i128, dpd: i64) -> Option<Standing> {
        Some(Standing { balance: Some(balance), written_off: Some(written_off), dpd: Some(dpd) })
    }

    /// A loan of 100 at its first snapshot, from which a period begins.
    fn loan(dpd: i64) -> Loan {
        let mut loan = Loan::default();
        loan.arrive(row(100, 0, dpd), true).expect("small amounts");
        loan.begin_period();
        loan
    }

    fn flow(loan: &Loan, flow: Flow) -> i128 {
        loan.period[flow as usize]
    }

    #[test]
    fn a_loan_that_vanishes_paid_has_the_balance_zero() {
        let mut loan = loan(0);
        loan.happened(Flow::PaidPrincipal, 100).expect("small amounts");
        loan.arrive(None, false).expect("small amounts");
        assert_eq!(loan.closing, Standing { balance: Some(0), written_off: Some(0), dpd: None });
        loan.begin_period();
        loan.arrive(None, false).expect("small amounts");
        assert_eq!(loan.opening.balance, Some(0));
        assert_eq!(loan.closing.balance, Some(0));
    }

    #[test]
    fn a_loan_that_vanishes_with_a_balance_is_absent_and_stays_so() {
        let mut loan = loan(0);
        loan.happened(Flow::PaidPrincipal, 99).expect("small amounts");
        loan.arrive(None, false).expect("small amounts");
        assert_eq!(loan.closing, Standing::default());
        loan.begin_period();
        // The last cent comes too late to tell an absent loan from one that was sold.
        loan.happened(Flow::PaidPrincipal, 1).expect("small amounts");
        loan.arrive(None, false).expect("small amounts");
        assert_eq!((loan.opening.balance, loan.closing.balance), (None, None));
    }

    #[test]
    fn a_write_off_its_recovery_and_its_return() {
        let mut loan = loan(60);
        loan.arrive(row(0, 100, 181), false).expect("small amounts");
        assert_eq!((flow(&loan, Flow::WrittenOff), flow(&loan, Flow::Defaulted)), (100, 100));
        loan.begin_period();
        loan.happened(Flow::PaidPrincipal, 30).expect("small amounts");
        loan.arrive(row(0, 70, 212), false).expect("small amounts");
        assert_eq!((flow(&loan, Flow::Recovered), flow(&loan, Flow::WrittenOff)), (30, 0));
        assert_eq!(flow(&loan, Flow::Defaulted), 0);
        loan.begin_period();
        loan.happened(Flow::PaidPrincipal, 10).expect("small amounts");
        loan.arrive(row(60, 0, 5), false).expect("small amounts");
        assert_eq!((flow(&loan, Flow::Reinstated), flow(&loan, Flow::Recovered)), (60, 10));
        assert_eq!((loan.totals.written_off, loan.totals.recovered), (40, 40));
        loan.begin_period();
        loan.arrive(row(0, 60, 181), false).expect("small amounts");
        assert_eq!((flow(&loan, Flow::WrittenOff), loan.totals.written_off), (60, 100));
    }

    #[test]
    fn a_written_off_loan_that_is_paid_is_recovered_whether_its_row_stays_or_not() {
        for row in [row(0, 0, 0), None] {
            let mut loan = loan(60);
            loan.arrive(Some(Standing { balance: Some(0), written_off: Some(100), dpd: None }), false)
                .expect("small amounts");
            loan.begin_period();
            loan.happened(Flow::PaidPrincipal, 100).expect("small amounts");
            loan.arrive(row, false).expect("small amounts");
            assert_eq!((flow(&loan, Flow::Recovered), flow(&loan, Flow::Reinstated)), (100, 0), "{row:?}");
            assert_eq!((loan.totals.written_off, loan.totals.recovered), (100, 100), "{row:?}");
        }
    }

    #[test]
    fn a_write_off_in_parts_is_written_off_part_by_part() {
        let mut loan = loan(95);
        loan.arrive(row(60, 40, 126), false).expect("small amounts");
        assert_eq!(flow(&loan, Flow::WrittenOff), 40);
        loan.begin_period();
        // The payment is of the part that still performs.
        loan.happened(Flow::PaidPrincipal, 10).expect("small amounts");
        loan.arrive(row(20, 70, 156), false).expect("small amounts");
        assert_eq!((flow(&loan, Flow::WrittenOff), flow(&loan, Flow::Recovered)), (30, 0));
        assert_eq!(loan.totals.written_off, 70);
    }

    #[test]
    fn a_long_period_adds_up_its_snapshots() {
        let mut loan = loan(0);
        for (paid, balance) in [(20, 80), (30, 50)] {
            loan.happened(Flow::PaidPrincipal, paid).expect("small amounts");
            loan.arrive(row(balance, 0, 0), false).expect("small amounts");
        }
        assert_eq!(flow(&loan, Flow::PaidPrincipal), 50);
        assert_eq!((loan.opening.balance, loan.closing.balance), (Some(100), Some(50)));
    }

    #[test]
    fn what_is_paid_before_it_is_due_is_prepaid() {
        let mut loan = loan(0);
        loan.happened(Flow::DuePrincipal, 40).expect("small amounts");
        loan.happened(Flow::PaidPrincipal, 55).expect("small amounts");
        loan.arrive(row(45, 0, 0), false).expect("small amounts");
        assert_eq!(flow(&loan, Flow::PrepaidPrincipal), 15);
        loan.begin_period();
        loan.happened(Flow::DuePrincipal, 40).expect("small amounts");
        loan.arrive(row(45, 0, 0), false).expect("small amounts");
        assert_eq!(flow(&loan, Flow::PrepaidPrincipal), 0);
    }

    #[test]
    fn what_happened_before_the_first_snapshot_is_of_no_period() {
        let mut loan = Loan::default();
        loan.happened(Flow::PaidPrincipal, 5).expect("small amounts");
        loan.arrive(row(0, 40, 200), true).expect("small amounts");
        assert_eq!(loan.period, [0; Flow::COUNT]);
        assert_eq!((loan.totals.paid, loan.totals.written_off), (5, 40));
    }
}
