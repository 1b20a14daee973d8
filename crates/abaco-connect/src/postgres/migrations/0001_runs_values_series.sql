CREATE TABLE analytics.kpi_runs (
    identity          text PRIMARY KEY,
    run_id            text NOT NULL UNIQUE,
    portfolio         text NOT NULL,
    profile           text NOT NULL,
    currency          text NOT NULL,
    as_of             date,
    effective_as_of   date,
    period_from       date,
    period_to         date,
    known_at          timestamptz NOT NULL,
    rows_read         bigint NOT NULL,
    rows_quarantined  bigint NOT NULL,
    rows_duplicate    bigint NOT NULL,
    rows_as_of        bigint NOT NULL,
    code              text NOT NULL,
    manifest_sha256   text NOT NULL,
    values_sha256     text NOT NULL,
    delivered_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX kpi_runs_by_as_of ON analytics.kpi_runs (portfolio, profile, as_of, known_at);

COMMENT ON TABLE analytics.kpi_runs IS
    'One row per identity: a restated snapshot is another row with a later known_at, and nothing is ever updated.';

CREATE TABLE analytics.kpi_values (
    identity          text NOT NULL REFERENCES analytics.kpi_runs,
    position          integer NOT NULL,
    kpi               text NOT NULL,
    segment           jsonb NOT NULL,
    name              text NOT NULL,
    convention        text NOT NULL,
    unit              text NOT NULL,
    state             text NOT NULL CHECK (state IN ('value', 'undefined', 'unavailable', 'failed')),
    reason            text,
    status            text NOT NULL CHECK (status IN ('ok', 'warning', 'critical', 'none')),
    value             numeric CHECK ((value IS NOT NULL) = (state = 'value')),
    numerator         numeric,
    denominator       numeric,
    multiplier        numeric,
    exact_text        jsonb,
    formula           text NOT NULL,
    rows_in_scope     bigint NOT NULL,
    rows_null         bigint NOT NULL,
    prior_as_of       date,
    prior_value       numeric,
    prior_year_as_of  date,
    prior_year_value  numeric,
    PRIMARY KEY (identity, position)
);
CREATE INDEX kpi_values_by_kpi ON analytics.kpi_values (kpi, identity);

COMMENT ON COLUMN analytics.kpi_values.exact_text IS
    'Numerator, denominator and multiplier as texts where they are too long for NUMERIC; the three columns are null then.';

CREATE TABLE analytics.kpi_timeseries (
    identity          text NOT NULL REFERENCES analytics.kpi_runs,
    position          integer NOT NULL,
    rollup            text NOT NULL,
    period            text NOT NULL,
    period_from       date,
    as_of             date NOT NULL,
    partial           boolean NOT NULL,
    kpi               text NOT NULL,
    unit              text NOT NULL,
    state             text NOT NULL CHECK (state IN ('value', 'undefined', 'unavailable', 'failed')),
    reason            text,
    status            text NOT NULL CHECK (status IN ('ok', 'warning', 'critical', 'none')),
    value             numeric CHECK ((value IS NOT NULL) = (state = 'value')),
    numerator         numeric,
    denominator       numeric,
    multiplier        numeric,
    exact_text        jsonb,
    rows_in_scope     bigint NOT NULL,
    rows_null         bigint NOT NULL,
    PRIMARY KEY (identity, position)
);
CREATE INDEX kpi_timeseries_by_kpi ON analytics.kpi_timeseries (kpi, rollup, as_of);

-- Of each snapshot the run that was known last.
CREATE VIEW analytics.kpi_runs_current AS
SELECT DISTINCT ON (portfolio, profile, as_of) *
FROM analytics.kpi_runs
ORDER BY portfolio, profile, as_of, known_at DESC, run_id DESC;

CREATE VIEW analytics.kpi_current AS
SELECT r.portfolio, r.profile, r.currency, r.as_of, r.known_at, r.run_id, v.*
FROM analytics.kpi_runs_current r
JOIN analytics.kpi_values v USING (identity);
