-- The logins of the log's cluster. PostgreSQL's image runs this file once, as the superuser, in the new database.
-- jejak_owner owns the database, and only `jejak prepare` and the operator's commands log in so. All services log in as
-- jejak_login, which is a member of the two roles that never own the log. `jejak backup` copies the cluster as jejak_owner,
-- and `jejak backup --follow` receives the write-ahead log as jejak_backup.
\set owner_password `cat /run/secrets/log-owner`
\set login_password `cat /run/secrets/log-login`
\set backup_password `cat /run/secrets/log-backup`
CREATE ROLE jejak_owner LOGIN CREATEROLE REPLICATION PASSWORD :'owner_password';
CREATE ROLE jejak_serving;
CREATE ROLE jejak_auditor;
GRANT jejak_serving, jejak_auditor TO jejak_owner WITH ADMIN OPTION;
CREATE ROLE jejak_login LOGIN PASSWORD :'login_password' IN ROLE jejak_serving, jejak_auditor;
CREATE ROLE jejak_backup LOGIN REPLICATION PASSWORD :'backup_password' IN ROLE jejak_serving;
SELECT current_database() AS here \gset
ALTER DATABASE :"here" OWNER TO jejak_owner;
REVOKE ALL ON DATABASE :"here" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"here" TO jejak_login, jejak_backup;
COPY (VALUES ('host replication jejak_owner,jejak_backup all scram-sha-256')) TO PROGRAM 'cat >>pg_hba.conf';
SELECT pg_reload_conf();
