-- name: UNITS
-- Exact counts of each service at each office, and the sums of the answers that the index covers. The index covers the
-- first answers, as many as the published, floored count. `as_of` is a full hour, so that figures do not change with
-- each answer.
WITH placed AS (
    SELECT *, row_number() OVER (PARTITION BY service, office ORDER BY recorded_at, answer_id) AS place,
        count(*) OVER (PARTITION BY service, office) AS answered
    FROM views.satisfaction WHERE recorded_at < %(as_of)s
), served AS (
    SELECT service, office, count(*) AS served FROM views.statistics
    WHERE NOT imported AND status = ANY(%(statuses)s) AND answered_at < %(as_of)s GROUP BY service, office
)
SELECT service, office, min(answered) AS answered, coalesce(min(served), 0) AS served, count(*) AS covered,
    sum(requirements) AS requirements, sum(procedure) AS procedure, sum(time) AS time, sum(fee) AS fee,
    sum(product) AS product, sum(competence) AS competence, sum(behaviour) AS behaviour,
    sum(complaints) AS complaints, sum(facilities) AS facilities
FROM placed LEFT JOIN served USING (service, office)
WHERE place <= answered - mod(answered, %(step)s) GROUP BY service, office
