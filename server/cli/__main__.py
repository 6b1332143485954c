"""``python -m server.cli`` is ``socketlab``."""

import sys

from server.cli import main

sys.exit(main())
