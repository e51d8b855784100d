"""With `python -m infra.cli`, one process of Jejak starts another process of Jejak."""

import sys

from infra.cli.main import main

sys.exit(main())
