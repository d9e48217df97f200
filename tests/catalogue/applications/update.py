"""Rewrite what the checkers are expected to say about the wrong applications: run it, then read the diff.

Which lines are wrong is not rewritten: these are marked by hand.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from catalogue.applications.expectations import CHECKERS, WRONG, rewritten
from golden.checkers import check, lay_out

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        code = Path(folder, "code")
        lay_out(code)
        told = check(code)
        for program in sorted(WRONG.glob("*.py")):
            laid_out = code / "applications_wrong" / program.name
            about = {
                name: [c for c in told[name] if c.file == f"applications_wrong/{program.name}"] for name in CHECKERS
            }
            program.write_text(rewritten(laid_out.read_text(encoding="utf-8"), about), encoding="utf-8")
