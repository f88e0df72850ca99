from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from local.cloud.launcher import WORKER_SITE

START_TOOL = """
import subprocess
print(subprocess.check_output(["/opt/tool/run", "argument"], text=True), end="")
"""


def run(program: str, layer: Path) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(WORKER_SITE), "_LAMBDA_LAYERS_DIRS": str(layer)}
    return subprocess.run(
        [sys.executable, "-c", program],
        env=environ,
        check=False,
        capture_output=True,
        text=True,
        timeout=20,
    )


def test_program_of_a_layer_runs_where_the_layer_was_unpacked(tmp_path: Path) -> None:
    """What a function starts at /opt is the layer's Python program, with its arguments."""
    tool = tmp_path / "tool" / "run"
    tool.parent.mkdir()
    tool.write_text("import sys\nprint('tool got', *sys.argv[1:])\n")
    assert run(START_TOOL, tmp_path).stdout == "tool got argument\n"


def test_program_that_no_layer_has_is_missed_as_ever(tmp_path: Path) -> None:
    """Nothing else is started in its place."""
    done = run(START_TOOL, tmp_path)
    assert "FileNotFoundError" in done.stderr
    assert "/opt/tool/run" in done.stderr
