from __future__ import annotations

import pytest

from infra.settings.residency import RESIDENCIES, check_key, residency_of
from tests.fakes.environments import environment_with, problems_with

EU = "https://api.eu.residency.elevenlabs.io"
GLOBAL = "https://api.elevenlabs.io"


@pytest.mark.parametrize(("name", "residency"), RESIDENCIES.items())
def test_residency_knows_the_official_hosts(name: str, residency: str | None) -> None:
    """Each official host is a valid setting and has its residency."""
    host = f"https://{name}"
    assert environment_with({"elevenlabs.host": host}).elevenlabs.host == host
    assert residency_of(host) == residency


@pytest.mark.parametrize(
    "host", ["http://127.0.0.1:8400", "http://localhost:1", "https://127.0.0.1:1", "http://[::1]:1"]
)
def test_residency_takes_a_simulator(host: str) -> None:
    """An address of this machine is a valid setting, for any key."""
    assert environment_with({"elevenlabs.host": host}).elevenlabs.host == host
    check_key(host, "sk_test_1_residency_eu")


@pytest.mark.parametrize(
    "host",
    [
        "http://api.elevenlabs.io",
        "https://api.elevenlabs.io/v1",
        "https://api.elevenlabs.io/",
        "https://me@api.elevenlabs.io",
        "https://api.elevenlabs.io.example.com",
        "https://10.0.0.1",
        "api.elevenlabs.io",
        "https://api.elevenlabs.io?x=1",
    ],
)
def test_residency_refuses_other_hosts(host: str) -> None:
    """No other address gets the API key; the complaint lists the official ones."""
    (problem,) = problems_with({"elevenlabs.host": host})
    assert problem.startswith("elevenlabs.host is ")
    assert GLOBAL in problem
    assert EU in problem


@pytest.mark.parametrize(
    ("host", "key"),
    [
        (GLOBAL, "sk_test_1"),
        (EU, "sk_test_1"),
        (EU, " sk_test_1_residency_eu\n"),
        ("https://api.us.elevenlabs.io", "sk_test_1_residency_us"),
    ],
)
def test_residency_accepts_a_fitting_key(host: str, key: str) -> None:
    """A key of the host's residency, or of none, may be tried."""
    check_key(host, key)


@pytest.mark.parametrize(
    ("host", "key", "fitting"),
    [
        (GLOBAL, "sk_test_1_residency_eu", EU),
        (EU, "sk_test_1_residency_in", "https://api.in.residency.elevenlabs.io"),
        (EU, "sk_test_1_residency_us", GLOBAL),
    ],
)
def test_residency_refuses_a_key_of_another(host: str, key: str, fitting: str) -> None:
    """A key of another residency is refused with the host that fits, and never quoted."""
    with pytest.raises(ValueError, match="belongs to the residency") as caught:
        check_key(host, key)
    assert f'"{fitting}"' in str(caught.value)
    assert "sk_test" not in str(caught.value)
