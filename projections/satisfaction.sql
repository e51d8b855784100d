-- name: CELLS
-- One row for each service at each office in each semester from `since` on. The sums cover complete groups of ten answers,
-- in the order in which the answers were recorded. The answers beyond the last complete group are left out. `as_of` is a
-- full hour, so that figures do not change with each answer. Semesters begin at midnight in the time zone `zone`.
WITH answered AS (
    SELECT *, to_char(answered_at AT TIME ZONE %(zone)s, 'YYYY-')
        || CASE WHEN extract(month FROM answered_at AT TIME ZONE %(zone)s) <= 6 THEN 'S1' ELSE 'S2' END AS semester
    FROM views.satisfaction
    WHERE answered_at >= %(since)s AND answered_at < %(as_of)s
), placed AS (
    SELECT *, row_number() OVER (cell ORDER BY recorded_at, answer_id) AS place, count(*) OVER cell AS all_answers
    FROM answered WINDOW cell AS (PARTITION BY service, office, semester)
), covered AS (
    SELECT service, office, semester, count(*) AS covered,
        sum(requirements) AS requirements, sum(procedure) AS procedure, sum(time) AS time, sum(fee) AS fee,
        sum(product) AS product, sum(competence) AS competence, sum(behaviour) AS behaviour,
        sum(complaints) AS complaints, sum(facilities) AS facilities
    FROM placed WHERE place <= all_answers - mod(all_answers, %(step)s) GROUP BY service, office, semester
), served AS (
    SELECT service, office, to_char(answered_at AT TIME ZONE %(zone)s, 'YYYY-')
        || CASE WHEN extract(month FROM answered_at AT TIME ZONE %(zone)s) <= 6 THEN 'S1' ELSE 'S2' END AS semester,
        count(*) - mod(count(*), %(step)s) AS served
    FROM views.statistics
    WHERE NOT imported AND status = ANY(%(statuses)s)
        AND answered_at >= %(since)s AND answered_at < %(as_of)s
    GROUP BY service, office, semester HAVING count(*) >= %(step)s
)
SELECT service, office, semester, coalesce(served, 0) AS served, coalesce(covered, 0) AS covered,
    coalesce(requirements, 0) AS requirements, coalesce(procedure, 0) AS procedure, coalesce(time, 0) AS time,
    coalesce(fee, 0) AS fee, coalesce(product, 0) AS product, coalesce(competence, 0) AS competence,
    coalesce(behaviour, 0) AS behaviour, coalesce(complaints, 0) AS complaints, coalesce(facilities, 0) AS facilities
FROM covered FULL JOIN served USING (service, office, semester)
WHERE {answers} AND {statistics_answer}
