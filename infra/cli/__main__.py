"""`python -m infra.cli`: the command with which one process of Jejak starts another process."""

import sys

from infra.cli.main import main

sys.exit(main())
