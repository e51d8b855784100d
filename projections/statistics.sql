-- name: OVERDUE
-- The rule of domain/promises/overdue.py: an open application is overdue if the promised instant has passed at
-- %(as_of)s. A paused application is overdue if the instant had passed when the pause began. `least` ignores a NULL.
due_at < least(paused_since, %(as_of)s)

-- name: FIGURES
-- The exact figures of every line: one line for all applications, and one for each service, office, mall, channel and
-- month. An application that was not submitted in a mall has no line of a mall. %(offices)s and %(zones)s are parallel
-- arrays: a month is a month in the time zone of the office of the submission. `place` is the table of a line, or
-- total; projections/figures.py defines the other columns. All quantiles are in microseconds, which floating-point
-- numbers hold exactly.
--
-- The figures include only what had happened by %(as_of)s. `settled_at` is the time of the last change that the trail
-- of a row shows. If `settled_at` is later than %(as_of)s, the trail gives the facts at %(as_of)s: the office that held
-- the file, the promised date, the open pause and the hand-over in force.
--
-- `line_office` is the office of a line in the table of offices, and NULL on all other lines. In the table of offices,
-- the figures of one application can count at different offices. So coalesce(line_office, x) = x is true on the line of
-- the office x and on each line that is not in the table of offices.
WITH facts AS (
    SELECT s.service, s.mall, s.channel, s.transfers, s.submitted_office,
        CASE WHEN s.returned_at <= %(as_of)s THEN s.returned_office END AS returned_office,
        CASE WHEN s.deviating_at <= %(as_of)s THEN s.deviating_office END AS deviating_office,
        CASE WHEN s.paused_at <= %(as_of)s THEN s.paused_office END AS paused_office,
        CASE WHEN s.restarted_at <= %(as_of)s THEN s.restarted_office END AS restarted_office,
        CASE WHEN s.last_minute_at <= %(as_of)s THEN s.last_minute_office END AS last_minute_office,
        CASE WHEN s.obstructed_at <= %(as_of)s THEN s.obstructed_office END AS obstructed_office,
        reached.answered, NOT reached.answered AS open, reached.answered AND s.deemed AS deemed,
        CASE WHEN reached.answered THEN s.decided_office END AS decided_office, s.reported_late,
        known.office, known.paused_since,
        CASE WHEN reached.answered THEN s.due_at ELSE known.due_at END AS due_at,
        CASE WHEN reached.answered AND s.answered_at <= s.due_at THEN s.decided_office
             WHEN reached.answered THEN s.office_at_due ELSE known.office_at_due END AS late_office,
        s.answered_at, s.answer_known_at, known.handed_over_at IS NOT NULL AS handed_over, known.handed_over_office,
        CASE WHEN NOT reached.answered THEN NULL WHEN s.deemed THEN 'deemed_approved'
             WHEN s.ended_at <= %(as_of)s AND s.status IN ('rejected', 'withdrawn', 'lapsed', 'cancelled', 'concluded')
             THEN s.status ELSE 'granted' END AS outcome,
        to_char(s.submitted_at AT TIME ZONE coalesce(z.zone, 'Asia/Jakarta'), 'YYYY-MM') AS month,
        (extract(epoch FROM s.answered_at - s.submitted_at) * 1000000)::bigint AS days,
        s.own_microseconds AS own_days,
        (extract(epoch FROM known.handed_over_at - s.submitted_at) * 1000000)::bigint AS handed_over_days,
        (extract(epoch FROM %(as_of)s - s.submitted_at) * 1000000)::bigint AS age
    FROM views.statistics s
    CROSS JOIN LATERAL (SELECT coalesce(s.answered_at <= %(as_of)s, false) AS answered) AS reached
    CROSS JOIN LATERAL (
        SELECT s.office, s.due_at, s.office_at_due, s.handed_over_at, s.handed_over_office, s.paused_since
        WHERE s.settled_at <= %(as_of)s
        UNION ALL
        SELECT held_then.office, promised.due_at, coalesce(held_at_due.office, s.submitted_office), handed.at,
            coalesce(held_at_hand_over.office, s.submitted_office), paused.since
        FROM (SELECT convert_from(s.trail, 'UTF8')::jsonb AS trail WHERE s.settled_at > %(as_of)s) AS kept
        LEFT JOIN LATERAL (
            SELECT turn ->> 1 AS office FROM jsonb_array_elements(trail -> 'held') WITH ORDINALITY AS h (turn, n)
            WHERE (turn ->> 0)::timestamptz <= %(as_of)s ORDER BY n DESC LIMIT 1
        ) AS held_then ON true
        LEFT JOIN LATERAL (
            SELECT (turn ->> 1)::timestamptz AS due_at
            FROM jsonb_array_elements(trail -> 'promised') WITH ORDINALITY AS p (turn, n)
            WHERE (turn ->> 0)::timestamptz <= %(as_of)s ORDER BY n DESC LIMIT 1
        ) AS promised ON true
        LEFT JOIN LATERAL (
            SELECT (turn ->> 0)::timestamptz AS at
            FROM jsonb_array_elements(trail -> 'handed_over') WITH ORDINALITY AS o (turn, n)
            WHERE (turn ->> 0)::timestamptz <= %(as_of)s
                AND coalesce((turn ->> 1)::timestamptz > %(as_of)s, true) ORDER BY n DESC LIMIT 1
        ) AS handed ON true
        LEFT JOIN LATERAL (
            SELECT (turn ->> 0)::timestamptz AS since FROM jsonb_array_elements(trail -> 'paused') AS p (turn)
            WHERE (turn ->> 0)::timestamptz <= %(as_of)s
                AND coalesce((turn ->> 1)::timestamptz > %(as_of)s, true)
        ) AS paused ON true
        LEFT JOIN LATERAL (
            SELECT turn ->> 1 AS office FROM jsonb_array_elements(trail -> 'held') WITH ORDINALITY AS h (turn, n)
            WHERE (turn ->> 0)::timestamptz <= least(promised.due_at, %(as_of)s) ORDER BY n DESC LIMIT 1
        ) AS held_at_due ON true
        LEFT JOIN LATERAL (
            SELECT turn ->> 1 AS office FROM jsonb_array_elements(trail -> 'held') WITH ORDINALITY AS h (turn, n)
            WHERE (turn ->> 0)::timestamptz <= handed.at ORDER BY n DESC LIMIT 1
        ) AS held_at_hand_over ON true
    ) AS known
    LEFT JOIN (SELECT office, zone FROM unnest(%(offices)s::text[], %(zones)s::text[]) AS named(office, zone)
               WHERE zone IN (SELECT name FROM pg_timezone_names)) z ON z.office = s.submitted_office
    WHERE {answers} AND s.submitted_at <= %(as_of)s
), judged AS (
    SELECT *, outcome IN ('granted', 'deemed_approved', 'rejected', 'concluded') AS decided,
        answered_at <= due_at AND NOT deemed AND NOT reported_late AS in_time,
        coalesce(answer_known_at <= due_at, false) AND NOT deemed AS known_in_time
    FROM facts
), placed AS (
    SELECT judged.*, line.place, line.key, CASE WHEN line.place = 'office' THEN line.key END AS line_office
    FROM judged CROSS JOIN LATERAL (
        VALUES ('total', ''), ('service', service), ('channel', channel), ('month', month)
        UNION ALL
        SELECT 'mall', mall WHERE mall IS NOT NULL
        UNION ALL
        SELECT 'office', submitted_office WHERE transfers = 0
        UNION ALL
        SELECT DISTINCT 'office', code
        FROM unnest(ARRAY[submitted_office, office, decided_office, late_office, handed_over_office, returned_office,
            deviating_office, paused_office, restarted_office, last_minute_office, obstructed_office]) AS each (code)
        WHERE transfers > 0 AND code IS NOT NULL
    ) AS line (place, key)
), own AS (
    SELECT *, coalesce(line_office, submitted_office) = submitted_office AS submitted_here,
        open AND coalesce(line_office, office) = office AS open_here,
        answered AND coalesce(line_office, decided_office) = decided_office AS answered_here,
        decided AND coalesce(line_office, decided_office) = decided_office AS decided_here,
        coalesce(line_office, late_office) = late_office AS due_here,
        handed_over AND coalesce(line_office, handed_over_office) = handed_over_office AS handed_over_here
    FROM placed
)
SELECT place, key,
    count(*) FILTER (WHERE submitted_here) AS submitted,
    count(*) FILTER (WHERE open_here) AS open,
    count(*) FILTER (WHERE open AND {overdue} AND due_here) AS overdue,
    count(*) FILTER (WHERE answered_here) AS answered,
    count(*) FILTER (WHERE decided_here) AS decided,
    count(*) FILTER (WHERE decided_here AND in_time) AS on_time,
    count(*) FILTER (WHERE decided AND due_at IS NOT NULL AND NOT in_time AND due_here) AS late,
    count(*) FILTER (WHERE decided_here AND due_at IS NULL) AS without_deadline,
    count(*) FILTER (WHERE answered_here AND outcome = 'granted') AS granted,
    count(*) FILTER (WHERE answered_here AND outcome = 'rejected') AS rejected,
    count(*) FILTER (WHERE answered_here AND outcome = 'withdrawn') AS withdrawn,
    count(*) FILTER (WHERE answered_here AND outcome = 'lapsed') AS lapsed,
    count(*) FILTER (WHERE answered_here AND outcome = 'cancelled') AS cancelled,
    count(*) FILTER (WHERE answered_here AND outcome = 'concluded') AS concluded,
    count(*) FILTER (WHERE coalesce(line_office, returned_office) = returned_office) AS returned,
    count(*) FILTER (WHERE coalesce(line_office, deviating_office) = deviating_office) AS deviating,
    count(*) FILTER (WHERE decided_here AND due_at IS NOT NULL AND known_in_time) AS on_time_recorded,
    count(*) FILTER (WHERE decided AND due_at IS NOT NULL AND NOT known_in_time AND due_here) AS late_recorded,
    count(*) FILTER (WHERE answered_here AND outcome = 'deemed_approved') AS deemed_approved,
    count(*) FILTER (WHERE handed_over_here) AS handed_over,
    count(*) FILTER (WHERE coalesce(line_office, paused_office) = paused_office) AS paused,
    count(*) FILTER (WHERE coalesce(line_office, restarted_office) = restarted_office) AS restarted,
    count(*) FILTER (WHERE coalesce(line_office, last_minute_office) = last_minute_office)
        AS returned_last_minute,
    count(*) FILTER (WHERE coalesce(line_office, obstructed_office) = obstructed_office) AS obstructed,
    count(*) FILTER (WHERE decided AND reported_late AND due_here) AS reported_late,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY age) FILTER (WHERE open_here) AS open_age_days_median,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY days) FILTER (WHERE decided_here) AS days_median,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY days) FILTER (WHERE decided_here) AS days_p90,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY handed_over_days) FILTER (WHERE handed_over_here)
        AS handed_over_days_median,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY handed_over_days) FILTER (WHERE handed_over_here)
        AS handed_over_days_p90,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY own_days) FILTER (WHERE decided_here) AS own_days_median,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY own_days) FILTER (WHERE decided_here) AS own_days_p90
FROM own GROUP BY place, key
