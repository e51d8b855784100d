-- An erasure replaces the bucket keys of the destroyed keys. The table `key_folder` holds the generation of the bucket
-- keys that wraps the keys of this database, and the number of lines of the list of erasures that were applied to this
-- database. The list itself is a file in the key folder.

CREATE TABLE key_folder (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    generation bigint NOT NULL,
    erasures bigint NOT NULL
);
INSERT INTO key_folder (generation, erasures) VALUES (0, 0);

-- The roles whose key was destroyed. The role '' means every role. No new key is ever made for these roles.
CREATE TABLE erased (
    application_id uuid NOT NULL,
    role text NOT NULL,
    PRIMARY KEY (application_id, role)
);

-- A process calls this function before it stores a wrapped key. While an erasure replaces bucket keys, the call waits.
-- Each statement of a volatile function has its own snapshot, so the generation is read after the lock was taken.
CREATE FUNCTION hold_generation() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('jejak keys', 0));
    RETURN (SELECT generation FROM key_folder);
END
$$;

GRANT SELECT, UPDATE ON key_folder TO jejak_keys;
GRANT SELECT, INSERT ON erased TO jejak_keys;
GRANT UPDATE (wrapped) ON dossier_keys, named_keys, persons TO jejak_keys;
