"""`python bench/run.py` is `python -m bench`, from wherever it is called."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    runpy.run_module("bench", run_name="__main__", alter_sys=True)
