-- The logins of the log's cluster. PostgreSQL's image runs this file once, as the superuser, in the new database. The
-- login jejak_owner owns the database. Only `jejak prepare` and the operator's commands use this login. All services
-- log in as jejak_login, which is a member of the two roles that never own the log.
\set owner_password `cat /run/secrets/log-owner`
\set login_password `cat /run/secrets/log-login`
CREATE ROLE jejak_owner LOGIN CREATEROLE PASSWORD :'owner_password';
CREATE ROLE jejak_serving;
CREATE ROLE jejak_auditor;
GRANT jejak_serving, jejak_auditor TO jejak_owner WITH ADMIN OPTION;
CREATE ROLE jejak_login LOGIN PASSWORD :'login_password' IN ROLE jejak_serving, jejak_auditor;
SELECT current_database() AS here \gset
ALTER DATABASE :"here" OWNER TO jejak_owner;
REVOKE ALL ON DATABASE :"here" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"here" TO jejak_login;
