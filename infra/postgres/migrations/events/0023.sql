-- The list of erasures is a file in the key folder. This table is a copy of the file: `line` is the number of the line.

ALTER TABLE erasures ADD COLUMN line bigint UNIQUE;
UPDATE erasures SET line = numbered.line
FROM (SELECT id, row_number() OVER (ORDER BY id) AS line FROM erasures) AS numbered WHERE numbered.id = erasures.id;
