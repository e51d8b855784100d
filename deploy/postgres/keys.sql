-- The logins of the key store's cluster. PostgreSQL's image runs this file once, as the superuser, in the new database.
-- jejak_owner owns the database, and only `jejak prepare` and the operator's commands log in so. `jejak backup --follow`
-- logs in as jejak_backup.
\set owner_password `cat /run/secrets/keys-owner`
\set login_password `cat /run/secrets/keys-login`
\set backup_password `cat /run/secrets/keys-backup`
CREATE ROLE jejak_owner LOGIN CREATEROLE REPLICATION PASSWORD :'owner_password';
CREATE ROLE jejak_keys;
GRANT jejak_keys TO jejak_owner WITH ADMIN OPTION;
CREATE ROLE jejak_login LOGIN PASSWORD :'login_password' IN ROLE jejak_keys;
CREATE ROLE jejak_backup LOGIN REPLICATION PASSWORD :'backup_password';
GRANT USAGE ON SCHEMA public TO jejak_backup; -- to see the version of the schema
SELECT current_database() AS here \gset
ALTER DATABASE :"here" OWNER TO jejak_owner;
REVOKE ALL ON DATABASE :"here" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"here" TO jejak_login, jejak_backup;
COPY (VALUES ('host replication jejak_owner,jejak_backup all scram-sha-256')) TO PROGRAM 'cat >>pg_hba.conf';
SELECT pg_reload_conf();
