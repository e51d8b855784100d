-- An erasure replaces the bucket keys of the destroyed keys. `key_folder` says which generation of the bucket keys wraps
-- the keys of this database, and how many lines of the list of erasures were applied to it. The list itself is a file in
-- the key folder.

CREATE TABLE key_folder (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    generation bigint NOT NULL,
    erasures bigint NOT NULL
);
INSERT INTO key_folder (generation, erasures) VALUES (0, 0);

-- The roles whose key was destroyed. The role '' means every role. They never get another key.
CREATE TABLE erased (
    application_id uuid NOT NULL,
    role text NOT NULL,
    PRIMARY KEY (application_id, role)
);

-- Whoever stores a wrapped key calls this function first. While an erasure replaces bucket keys, the call waits. Each
-- statement of a volatile function has its own snapshot, so the generation is read after the lock was taken.
CREATE FUNCTION hold_generation() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('jejak keys', 0));
    RETURN (SELECT generation FROM key_folder);
END
$$;

GRANT SELECT, UPDATE ON key_folder TO jejak_keys;
GRANT SELECT, INSERT ON erased TO jejak_keys;
GRANT UPDATE (wrapped) ON dossier_keys, named_keys, persons TO jejak_keys;
