"""`python -m infra.cli`: the `jejak` program, as one process of Jejak starts another process."""

import sys

from infra.cli.main import main

sys.exit(main())
