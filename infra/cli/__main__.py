"""This module is the entry point of `python -m infra.cli`. A process of Jejak uses this command to start another
process.
"""

import sys

from infra.cli.main import main

sys.exit(main())
