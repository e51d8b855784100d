#!/bin/bash
# Starts the broker of docker-compose.yml. Before the first start, it formats the storage and creates the user "admin".
set -euo pipefail
kafka=/opt/kafka/bin
properties=/etc/jejak/server.properties
if [ ! -e /var/lib/kafka/data/meta.properties ]; then
    password=$(cat /run/secrets/kafka-admin)
    "$kafka/kafka-storage.sh" format --standalone -t "$("$kafka/kafka-storage.sh" random-uuid)" -c "$properties" \
        --add-scram "SCRAM-SHA-512=[name=admin,password=$password]" >/dev/null # its output contains data for checking the password
fi
exec "$kafka/kafka-server-start.sh" "$properties"
