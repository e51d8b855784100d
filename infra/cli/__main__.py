"""`python -m infra.cli`: the `jejak` program, for processes that start one another."""

import sys

from infra.cli.main import main

sys.exit(main())
