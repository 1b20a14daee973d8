"""Runs abaco's SQL in DuckDB and compares every measure with abaco's own total.

    duckdb_check.py CASE.json STATEMENT.sql

The case holds the tape (`columns`: name and SQL type; `rows`: texts or null; or `source`: what to select from) and what abaco computed (`measures`: text to
total, `kpis`: id to fraction, null where undefined). A measure must be the same decimal, digit for digit; a KPI may differ
by what doubles lose. Prints the number of exact measures compared; any difference is printed and ends with status 1.
"""

import json
import re
import sys
from decimal import Decimal
from fractions import Fraction

import duckdb

MEASURE = re.compile(r"^\s*-- (m\d+) ([=~]) (.*)$")


def run(case, statement):
    """The one row that the statement returns, by column."""
    connection = duckdb.connect()
    if "source" in case:
        connection.execute(f"CREATE TABLE tape AS SELECT * FROM {case['source']}")
    else:
        columns = ", ".join(f'"{name}" {sql_type}' for name, sql_type in case["columns"])
        connection.execute(f"CREATE TABLE tape ({columns})")
        if case["rows"]:
            places = ", ".join("?" for _ in case["columns"])
            connection.executemany(f"INSERT INTO tape VALUES ({places})", case["rows"])
    cursor = connection.execute(statement)
    names = [column[0] for column in cursor.description]
    rows = cursor.fetchall()
    assert len(rows) == 1, f"expected one row, found {len(rows)}"
    assert len(set(names)) == len(names), "two columns have one name"
    return dict(zip(names, rows[0]))


def close(found, expected):
    if found is None or expected is None:
        return found is expected
    found, expected = Fraction(found), Fraction(expected)
    return abs(found - expected) <= Fraction(1, 10**9) * max(1, abs(expected))


def main(case_path, statement_path):
    case = json.load(open(case_path, encoding="utf-8"))
    statement = open(statement_path, encoding="utf-8").read()
    found = run(case, statement)
    aliases = {}
    for line in statement.splitlines():
        match = MEASURE.match(line)
        if match:
            aliases[match[3]] = (match[1], match[2] == "=")
    wrong, exact_measures = [], 0
    for text, expected in case["measures"].items():
        alias, exact = aliases[text]
        value = found[alias]
        if not exact:
            # abaco shows no decimal where the quotient has none.
            same = expected is None or close(value, expected)
        elif expected is None:
            same, exact_measures = value is None, exact_measures + 1
        else:
            exact_measures += 1
            same = isinstance(value, Decimal) and value == Decimal(expected)
        if not same:
            wrong.append(f"{text}: abaco has {expected}, DuckDB has {value!r}")
    for kpi, expected in case["kpis"].items():
        if not close(found[kpi], expected):
            wrong.append(f"{kpi}: abaco has {expected}, DuckDB has {found[kpi]!r}")
    print("\n".join(wrong) or f"{exact_measures} exact measures, {len(case['kpis'])} KPIs")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
