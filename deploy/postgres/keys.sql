-- The logins of the key store's cluster. PostgreSQL's image runs this file once, as the superuser, in the new database.
-- The login jejak_owner owns the database. Only `jejak prepare` and the operator's commands use this login.
\set owner_password `cat /run/secrets/keys-owner`
\set login_password `cat /run/secrets/keys-login`
CREATE ROLE jejak_owner LOGIN CREATEROLE PASSWORD :'owner_password';
CREATE ROLE jejak_keys;
GRANT jejak_keys TO jejak_owner WITH ADMIN OPTION;
CREATE ROLE jejak_login LOGIN PASSWORD :'login_password' IN ROLE jejak_keys;
SELECT current_database() AS here \gset
ALTER DATABASE :"here" OWNER TO jejak_owner;
REVOKE ALL ON DATABASE :"here" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"here" TO jejak_login;
