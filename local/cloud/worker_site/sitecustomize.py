"""Python runs this first in every function's worker: layers are found where they were unpacked.

AWS mounts layers at /opt; the emulator unpacks them into temporary folders. CDK's bucket deployment
starts /opt/awscli/aws, a Python program, by that absolute path.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

_MOUNT = "/opt/"


def _find(program: object) -> Path | None:
    folders = filter(None, os.environ.get("_LAMBDA_LAYERS_DIRS", "").split(os.pathsep))
    if not isinstance(program, str) or not program.startswith(_MOUNT):
        return None
    candidates = (Path(folder, program.removeprefix(_MOUNT)) for folder in folders)
    return next((path for path in candidates if path.is_file()), None)


class _LayeredPopen(subprocess.Popen[Any]):
    def __init__(self, args: Any, *more: Any, **options: Any) -> None:
        program = _find(args[0]) if isinstance(args, list) and args else None
        if program is not None:
            args = [sys.executable, str(program), *args[1:]]
        super().__init__(args, *more, **options)


subprocess.Popen = _LayeredPopen  # type: ignore[misc]
