"""``python -m pystator_gen``."""

import sys

from pystator_gen.cli import main

if __name__ == "__main__":  # processes that compile beside this one import it
    sys.exit(main())
