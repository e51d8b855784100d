#!/bin/bash
# Starts the broker of docker-compose.yml; before the first time it formats its storage with the user who administers it.
set -euo pipefail
kafka=/opt/kafka/bin
properties=/etc/jejak/server.properties
if [ ! -e /var/lib/kafka/data/meta.properties ]; then
    password=$(cat /run/secrets/kafka-admin)
    "$kafka/kafka-storage.sh" format --standalone -t "$("$kafka/kafka-storage.sh" random-uuid)" -c "$properties" \
        --add-scram "SCRAM-SHA-512=[name=admin,password=$password]" >/dev/null # it prints what the login is checked by
fi
exec "$kafka/kafka-server-start.sh" "$properties"
