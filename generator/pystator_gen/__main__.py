"""``python -m pystator_gen``."""

import sys

from pystator_gen.cli import main

sys.exit(main())
