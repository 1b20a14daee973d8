//! Formulas and new KPIs that cannot be meant, and where in the file they stand.

use crate::definitions_kpis::added;

/// A file with one new KPI of this formula, which begins on line 6, column 14.
fn with_formula(formula: &str) -> String {
    format!("version: 1\nkpis:\n  - id: mine\n    name: Mine\n    unit: ratio\n    formula: {formula}\n")
}

#[test]
fn formulas_are_refused_at_their_place_in_the_file() {
    let cases = [
        (
            "SUM(outstanding_balance",
            "line 6, column 37: kpi `mine`: formula: expected `)`, found the end of the text",
        ),
        (
            "SUM(a)/SUN(b)",
            "line 6, column 18: kpi `mine`: formula: no column is called a; the file's `columns` may add it",
        ),
        (
            "SUM(outstandng_balance)",
            "line 6, column 18: kpi `mine`: formula: no column is called outstandng_balance; did you mean `outstanding_balance`?",
        ),
        (
            "\"SUM(dpd) / SUN(dpd)\"",
            "line 6, column 26: kpi `mine`: formula: `SUN` is not a function of the language; did you mean `SUM`?",
        ),
        (
            "|\n      SUM(dpd)\n        / SUN(dpd)",
            "line 8, column 11: kpi `mine`: formula: `SUN` is not a function of the language; did you mean `SUM`?",
        ),
        (
            ">-\n      SUM(dpd)\n      / SUN(dpd)",
            "line 8, column 9: kpi `mine`: formula: `SUN` is not a function of the language; did you mean `SUM`?",
        ),
        (
            "''",
            "line 6, column 14: kpi `mine`: formula: expected a number, an aggregate or a function, found the end of the text",
        ),
        (
            "KPI(par_3O)",
            "line 6, column 18: kpi `mine`: formula: no KPI has the id `par_3o`; did you mean `par_30`?",
        ),
        ("KPI(zzz)", "line 6, column 18: kpi `mine`: formula: no KPI has the id `zzz`"),
        (
            "KPI(PAR30)",
            "line 6, column 18: kpi `mine`: formula: `par30` is another name of `par_30`; KPI(..) takes the id",
        ),
        (
            "KPI(risk.par_30)",
            "line 6, column 18: kpi `mine`: formula: an id has no dots; other names of a KPI do not stand here",
        ),
        (
            "1 + KPI(mine)",
            "line 6, column 22: kpi `mine`: formula: KPI(mine) is the KPI that is being defined; a formula cannot name its own",
        ),
        (
            "SUM(outstanding_balance) + KPI(par_30)",
            "line 6, column 14: kpi `mine`: formula: a percent is not added to a currency: `SUM(outstanding_balance)` + \
             `100 * (SUM(dpd_30_60_usd) + SUM(dpd_60_90_usd) + SUM(dpd_90_plus_usd)) / SUM(total_receivable_usd)`",
        ),
        (
            "SUM(outstanding_balance)",
            "line 6, column 14: kpi `mine`: formula: the unit is `ratio`, but the formula gives a currency",
        ),
        (
            "SUM(outstanding_balance + paid_principal) / SUM(sales)",
            "line 6, column 14: kpi `mine`: formula: `outstanding_balance` is a stock and `paid_principal` is a flow: they do not mix in one row expression",
        ),
        (
            "(SELECT SUM(x) FROM (SELECT SUM(sales - outstanding_balance) AS x FROM tape GROUP BY borrower_id)) / SUM(sales)",
            "line 6, column 14: kpi `mine`: formula: `outstanding_balance` is a stock and `sales` is a flow: they do not mix in one row expression",
        ),
        (
            "COUNT(DISTINCT borower_id)",
            "line 6, column 29: kpi `mine`: formula: no column is called borower_id; did you mean `borrower_id`?",
        ),
    ];
    for (formula, expected) in cases {
        assert_eq!(added(&with_formula(formula)), Err(format!("kpis.yml: {expected}")), "{formula}");
    }
}

#[test]
fn entries_that_cannot_be_kpis() {
    let file = |entries: &str| format!("version: 1\nkpis:\n{entries}\n");
    let cases = [
        ("- { id: mine, unit: ratio, formula: COUNT(*) }", "kpi `mine`: a new KPI needs `name`"),
        ("- { id: mine, name: Mine, formula: COUNT(*) }", "kpi `mine`: a new KPI needs `unit`"),
        (
            "- { id: Mine, name: Mine, unit: count, formula: COUNT(*) }",
            "kpi `Mine`: an id is written in snake_case",
        ),
        (
            "- { id: 1st, name: Mine, unit: count, formula: COUNT(*) }",
            "kpi `1st`: an id is written in snake_case",
        ),
        (
            "- { id: mine, name: Mine, unit: count, formula: COUNT(*), aliases: [PAR90] }",
            "kpi `mine`: `PAR90` is a name of `par_90` already",
        ),
        (
            "- { id: mine, name: Mine, unit: count, formula: COUNT(*), aliases: [yours] }\n\
             - { id: yours, name: Yours, unit: count, formula: COUNT(*) }",
            "kpi `mine`: `yours` is a name of `yours` already",
        ),
        (
            "- { id: mine, name: Mine, unit: count, formula: COUNT(*), aliases: [x] }\n\
             - { id: yours, name: Yours, unit: count, formula: COUNT(*), aliases: [x] }",
            "kpi `yours`: `x` is a name of `mine` already",
        ),
        (
            "- { id: mine, name: Mine, unit: count, formula: COUNT(*) + KPI(yours) }\n\
             - { id: yours, name: Yours, unit: count, formula: COUNT(*) }",
            "line 3, column 64: kpi `mine`: formula: `yours` is defined further down; a formula names built-in KPIs and earlier definitions",
        ),
        (
            "- { id: par_90, formula: KPI(par_30) }",
            "line 3, column 26: kpi `par_90`: formula: it is not that of this KPI: expected \
             `100 * SUM(dpd_90_plus_usd) / SUM(total_receivable_usd)`, found \
             `100 * (SUM(dpd_30_60_usd) + SUM(dpd_60_90_usd) + SUM(dpd_90_plus_usd)) / SUM(total_receivable_usd)`",
        ),
        (
            "- { id: par_90, formula: KPI(par_90) }",
            "line 3, column 30: kpi `par_90`: formula: KPI(par_90) is the KPI that is being defined; a formula cannot name its own",
        ),
        ("- { id: par_90, unit: ratio }", "kpi `par_90`: `unit` of this KPI is `percent`, found `ratio`"),
        (
            "- { id: par_90, direction: neutral }",
            "kpi `par_90`: `direction` of this KPI is `lower_is_better`, found `neutral`",
        ),
        (
            "- { id: par_90, convention: dpd > 90 }",
            "kpi `par_90`: `convention` of this KPI is `dpd >= 90, written-off excluded`, found `dpd > 90`",
        ),
        ("- { id: par_90, basis: cohort }", "kpi `par_90`: `basis` of this KPI is unset, found `cohort`"),
        (
            "- { id: par_90, aliases: [PAR90] }",
            "kpi `par_90`: `aliases` of this KPI is [`risk.par_90`, `PAR90`], found [`PAR90`]",
        ),
    ];
    for (entries, expected) in cases {
        assert_eq!(added(&file(entries)), Err(format!("kpis.yml: {expected}")), "{entries}");
    }
}

#[test]
fn columns_that_cannot_be_added() {
    let file = |columns: &str| format!("version: 1\ncolumns:\n  {columns}\nkpis: []\n");
    let good = "type: money, kind: flow, meaning: m";
    let cases = [
        (format!("dpd: {{ {good} }}"), "line 3, column 3: columns: `dpd` is a canonical column already"),
        (format!("Mine: {{ {good} }}"), "line 3, column 3: columns: `Mine`: a column is named in snake_case"),
        (
            format!("mine: {{ {good} }}\n  mine: {{ {good} }}"),
            "line 3, column 3: columns: `mine` is added twice",
        ),
        (
            "mine: { type: money, kind: flow }".to_owned(),
            "line 3, column 9: columns.mine: missing field `meaning`",
        ),
        (
            "mine: { type: money, kind: flow, meaning: ' ' }".to_owned(),
            "line 3, column 3: columns: `mine` needs a meaning",
        ),
        (
            "mine: { type: int, kind: flow, meaning: m }".to_owned(),
            "line 3, column 17: columns.mine.type: unknown variant `int`, expected one of `text`, `date`, `bool`, `count`, `days`, `money`, `rate`, `share`",
        ),
        (
            "mine: { type: money, kind: key, meaning: m }".to_owned(),
            "line 3, column 30: columns.mine.kind: unknown variant `key`, expected one of `stock`, `flow`, `cumulative`, `static`, `ledger`",
        ),
    ];
    for (columns, expected) in cases {
        assert_eq!(added(&file(&columns)), Err(format!("kpis.yml: {expected}")), "{columns}");
    }
}

/// What a column measures and how it relates to time holds for added columns too.
#[test]
fn added_columns_are_checked_like_canonical_ones() {
    let file = |formula: &str| {
        format!(
            "version: 1\ncolumns:\n  late: {{ type: days, kind: stock, meaning: m }}\n  \
             fee: {{ type: money, kind: flow, meaning: m }}\n{}",
            with_formula(formula).replace("version: 1\n", "")
        )
    };
    assert_eq!(added(&file("SUM(fee) / SUM(sales) * MAX(late)")).map(|kpis| kpis.len()), Ok(1));
    let cases = [
        ("SUM(fee) + SUM(late)", "a number of days is not added to a currency: `SUM(fee)` + `SUM(late)`"),
        (
            "SUM(fee + outstanding_balance) / SUM(fee)",
            "`outstanding_balance` is a stock and `fee` is a flow: they do not mix in one row expression",
        ),
        ("SUM(fe)", "no column is called fe; did you mean `fee`?"),
    ];
    for (formula, expected) in cases {
        let error = added(&file(formula)).unwrap_err();
        assert!(error.ends_with(&format!("kpi `mine`: formula: {expected}")), "{error}");
    }
}

#[test]
fn a_file_adds_a_bounded_number_of_bounded_kpis() {
    let entry = |index: usize, formula: &str| {
        format!("- {{ id: k{index}, name: K, unit: count, formula: {formula} }}\n")
    };
    let file = |entries: String| format!("version: 1\nkpis:\n{entries}");
    let many = |count: usize| file((0..count).map(|index| entry(index, "COUNT(*)")).collect());
    assert_eq!(added(&many(1_000)).map(|kpis| kpis.len()), Ok(1_000));
    assert_eq!(added(&many(1_001)), Err("kpis.yml: kpi `k1000`: a file adds at most 1000 KPIs".to_owned()));
    let doubled = (1..64).map(|index| entry(index, &format!("KPI(k{0}) + KPI(k{0})", index - 1)));
    let bomb = file(entry(0, "COUNT(*)") + &doubled.collect::<String>());
    assert_eq!(
        added(&bomb),
        Err("kpis.yml: line 13, column 45: kpi `k10`: formula: written out, the text has more than 1000 operators"
            .to_owned())
    );
}
