from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from service import health
from tests.service.logged_process import clean_environ
from tests.service.service_process import ServiceProcess


def check_health(port: str, host: str = "") -> subprocess.CompletedProcess[str]:
    variables = {"SPEECH_ENGINE_PORT": port, "SPEECH_ENGINE_HOST": host}
    environ = clean_environ(**variables)
    # What measures the tests would be among what the check imports.
    unmeasured = {key: value for key, value in environ.items() if not key.startswith("COVERAGE")}
    return subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "service.health"],
        env=unmeasured,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_health_tells_a_live_service_and_one_that_drains() -> None:
    """The check passes while the process serves, also while it drains: it must not be killed."""
    with ServiceProcess() as service:
        port = service.address.rpartition(":")[2].partition("/")[0]
        with service.connect():
            assert check_health(port, host="0.0.0.0").returncode == 0
            service.send_signal()
            service.wait_for("draining")
            assert health.find_problem("127.0.0.1", port) is None
        assert service.wait() == 0
        gone = check_health(port)
    assert gone.returncode == 1
    said = [line for line in gone.stderr.splitlines() if not line.startswith("import time:")]
    assert said == [f"health: 127.0.0.1:{port} does not answer: ConnectionRefusedError"]


def test_health_tells_a_service_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that is open and silent is not health; the check's own limit ends the wait."""
    monkeypatch.setattr(health, "_LIMIT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = str(silent.getsockname()[1])
        assert health.find_problem("127.0.0.1", port) == "does not answer: TimeoutError"


def test_health_imports_next_to_nothing() -> None:
    """The check is started every few seconds on a fraction of a core."""
    imported = check_health("1").stderr
    assert "socket" in imported
    assert not {"asyncio", "http.client", "logging", "json"} & set(imported.split())
