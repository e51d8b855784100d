"""Reads a dashboard with Grafana's own types, in the interpreter that has them, and prints what they made of it."""

import json
import sys

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

register_default_plugins()
with open(sys.argv[1], encoding="utf-8") as file:  # noqa: PTH123 - alone, in another interpreter
    read = Dashboard.from_json(json.load(file))
print(JSONEncoder(sort_keys=True).encode(read))
