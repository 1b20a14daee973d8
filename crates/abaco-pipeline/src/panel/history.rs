//! What is known of one loan while the snapshots are walked through.

/// The amounts of a period, in the order of their columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Flow {
    Disbursed,
    DuePrincipal,
    DueInterest,
    DueFees,
    DueTax,
    PaidPrincipal,
    PaidInterest,
    PaidFees,
    PaidTax,
    PrepaidPrincipal,
    WrittenOff,
    Recovered,
    Reinstated,
    Defaulted,
}

impl Flow {
    pub(crate) const COUNT: usize = 14;

    pub(crate) const ALL: [Self; Self::COUNT] = [
        Self::Disbursed,
        Self::DuePrincipal,
        Self::DueInterest,
        Self::DueFees,
        Self::DueTax,
        Self::PaidPrincipal,
        Self::PaidInterest,
        Self::PaidFees,
        Self::PaidTax,
        Self::PrepaidPrincipal,
        Self::WrittenOff,
        Self::Recovered,
        Self::Reinstated,
        Self::Defaulted,
    ];

    /// What events state.
    pub(crate) const EVENTS: [Self; 5] =
        [Self::Disbursed, Self::PaidPrincipal, Self::PaidInterest, Self::PaidFees, Self::PaidTax];

    /// What schedules state.
    pub(crate) const SCHEDULE: [Self; 4] =
        [Self::DuePrincipal, Self::DueInterest, Self::DueFees, Self::DueTax];

    /// The canonical column.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Disbursed => "disbursed",
            Self::DuePrincipal => "due_principal",
            Self::DueInterest => "due_interest",
            Self::DueFees => "due_fees",
            Self::DueTax => "due_tax",
            Self::PaidPrincipal => "paid_principal",
            Self::PaidInterest => "paid_interest",
            Self::PaidFees => "paid_fees",
            Self::PaidTax => "paid_tax",
            Self::PrepaidPrincipal => "prepaid_principal",
            Self::WrittenOff => "written_off",
            Self::Recovered => "recovered",
            Self::Reinstated => "reinstated",
            Self::Defaulted => "defaulted",
        }
    }
}

/// The amounts of a period.
pub(crate) type Flows = [i128; Flow::COUNT];

/// A loan's state at a snapshot. `None` is unknown: the loan has no row, and nothing tells that it was paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) balance: Option<i128>,
    pub(crate) written_off: Option<i128>,
    pub(crate) dpd: Option<i64>,
}

impl Standing {
    pub(crate) fn is_written_off(&self) -> bool {
        self.written_off.is_some_and(|balance| balance > 0)
    }
}

/// Amounts since the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) paid: i128,
    pub(crate) paid_principal: i128,
    pub(crate) due: i128,
    pub(crate) due_principal: i128,
    pub(crate) written_off: i128,
    pub(crate) recovered: i128,
    pub(crate) peak_30: i128,
    pub(crate) peak_90: i128,
}

/// One loan.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Loan {
    /// Whether a table has named it up to the snapshot.
    pub(crate) known: bool,
    /// Its row in the tape at the snapshot.
    pub(crate) row: Option<usize>,
    /// Its last row in the tape so far: what never changes of a loan is known also when it is gone.
    pub(crate) last_row: Option<usize>,
    /// At the snapshot.
    pub(crate) closing: Standing,
    /// At the snapshot that begins the period.
    pub(crate) opening: Standing,
    /// What it owes in principal, written off or not, by its last row and the events since.
    pub(crate) expected: i128,
    /// Since the last snapshot of the tape.
    pub(crate) step: Flows,
    /// Since the snapshot that begins the period, which may lie several snapshots back.
    pub(crate) period: Flows,
    /// Since the beginning.
    pub(crate) totals: Totals,
    /// The largest balance in default up to the snapshot that begins the period.
    pub(crate) opening_peak_90: i128,
}
