-- name: OVERDUE
-- The rule of domain/promises/overdue.py: whether an open application has passed its promised instant at %(as_of)s.
-- A paused one has only if it had when the pause began. `least` ignores a NULL.
answered_at IS NULL AND due_at < least(paused_since, %(as_of)s)

-- name: FIGURES
-- The exact figures of every line: one line for all applications, and one for each service, office, mall, channel and month.
-- An application that was not submitted in a mall has no line of a mall.
-- %(offices)s and %(zones)s are parallel arrays: a month is a month in the office's time zone. `place` is the table of a
-- line, or total; projections/figures.py defines the other columns. The three quantiles are in microseconds, which floating-point numbers hold exactly.
WITH facts AS (
    SELECT s.service, s.office, s.mall, s.channel, s.status, s.answered_at, s.due_at, s.returns, s.deviations,
        s.answer_known_at, s.deemed, s.reported_late, s.pauses, s.restarts, s.last_minute_returns, s.obstacles,
        s.paused_since,
        to_char(s.submitted_at AT TIME ZONE coalesce(z.zone, 'Asia/Jakarta'), 'YYYY-MM') AS month,
        (extract(epoch FROM s.answered_at - s.submitted_at) * 1000000)::bigint AS microseconds,
        (extract(epoch FROM %(as_of)s - s.submitted_at) * 1000000)::bigint AS age
    FROM views.statistics s
    LEFT JOIN (SELECT office, zone FROM unnest(%(offices)s::text[], %(zones)s::text[]) AS named(office, zone)
               WHERE zone IN (SELECT name FROM pg_timezone_names)) z USING (office)
    WHERE s.submitted_at IS NOT NULL
)
SELECT CASE WHEN grouping(service) = 0 THEN 'service' WHEN grouping(office) = 0 THEN 'office'
            WHEN grouping(mall) = 0 THEN 'mall'
            WHEN grouping(channel) = 0 THEN 'channel' WHEN grouping(month) = 0 THEN 'month' ELSE 'total' END AS place,
    coalesce(service, office, mall, channel, month, '') AS key,
    count(*) AS submitted,
    count(*) FILTER (WHERE answered_at IS NULL) AS open,
    count(*) FILTER (WHERE {overdue}) AS overdue,
    count(answered_at) AS answered,
    count(*) FILTER (WHERE answered_at <= due_at AND NOT deemed AND NOT reported_late) AS on_time,
    count(*) FILTER (WHERE answered_at > due_at OR (answered_at <= due_at AND (deemed OR reported_late))) AS late,
    count(answered_at) FILTER (WHERE due_at IS NULL) AS without_deadline,
    count(*) FILTER (WHERE NOT deemed AND status IN ('approved', 'issued', 'ready', 'handed_over', 'revoked'))
        AS granted,
    count(*) FILTER (WHERE status = 'rejected') AS rejected,
    count(*) FILTER (WHERE status = 'withdrawn') AS withdrawn,
    count(*) FILTER (WHERE status = 'lapsed') AS lapsed,
    count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
    count(*) FILTER (WHERE status = 'concluded') AS concluded,
    count(*) FILTER (WHERE returns > 0) AS returned,
    count(*) FILTER (WHERE deviations > 0) AS deviating,
    count(*) FILTER (WHERE answer_known_at <= due_at AND NOT deemed) AS on_time_recorded,
    count(answered_at) FILTER (WHERE due_at IS NOT NULL
        AND (answer_known_at > due_at OR answer_known_at IS NULL OR deemed)) AS late_recorded,
    count(*) FILTER (WHERE deemed AND answered_at IS NOT NULL) AS deemed_approved,
    count(*) FILTER (WHERE pauses > 0) AS paused,
    count(*) FILTER (WHERE restarts > 0) AS restarted,
    count(*) FILTER (WHERE last_minute_returns > 0) AS returned_last_minute,
    count(*) FILTER (WHERE obstacles > 0) AS obstructed,
    count(*) FILTER (WHERE reported_late) AS reported_late,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY age) FILTER (WHERE answered_at IS NULL) AS open_age_days_median,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY microseconds) AS days_median,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY microseconds) AS days_p90
FROM facts GROUP BY GROUPING SETS ((), (service), (office), (mall), (channel), (month))
HAVING grouping(mall) = 1 OR mall IS NOT NULL
