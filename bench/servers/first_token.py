"""What a token program prints when it has its first token: the token, and what that took."""

from __future__ import annotations

import json
import time
from pathlib import Path


def report(token: str) -> None:
    """Print one JSON line: `token`, `cpu_ms` since the process began, `peak_mb` of memory."""
    cpu_ns = time.process_time_ns()
    print(json.dumps({"token": token, "cpu_ms": cpu_ns / 1e6, "peak_mb": read_peak_bytes() / 1e6}))


def read_peak_bytes() -> int:
    """Return VmHWM; getrusage(2) would report the parent's peak where that is larger."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise ValueError("this kernel does not tell the peak of resident memory")
