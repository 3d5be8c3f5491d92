"""What is written to run by itself does run: a sweep is registered only where the process imports its module."""

import re
import subprocess
import sys

from core.settings import ROOT

ROOMS = ("core", "intents", "kb", "routing", "bot", "channels", "admin")


def test_the_process_of_the_line_knows_every_sweep() -> None:
    # In a process of its own: what the tests import does not count.
    asked = "import admin.service; from core import jobs; print(*(each.name for each in jobs._sweeps))"
    known = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    files = [file for room in ROOMS for file in (ROOT / room).rglob("*.py")]
    written = {name for file in files for name in re.findall(r'@jobs\.sweep\(\s*"([^"]+)"', file.read_text("utf-8"))}
    assert len(written) > 5
    assert written - set(known.stdout.split()) == set()
