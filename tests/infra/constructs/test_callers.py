from __future__ import annotations

import pytest

from infra.constructs.callers import elevenlabs_addresses
from infra.settings.residency import RESIDENCIES


@pytest.mark.parametrize("host", RESIDENCIES)
def test_callers_of_every_host_are_known(host: str) -> None:
    """Each API host has two addresses for each region that its calls may come from."""
    addresses = elevenlabs_addresses(f"https://{host}")
    assert len(addresses) == (6 if host == "api.elevenlabs.io" else 2)
    assert len(set(addresses)) == len(addresses)


def test_callers_of_a_residency_are_its_own() -> None:
    """A residency's calls come from nowhere else."""
    asked = [
        elevenlabs_addresses(f"https://{host}") for host in RESIDENCIES if ".residency." in host
    ]
    addresses = [address for each in asked for address in each]
    assert len(set(addresses)) == len(addresses)
    assert set(addresses).isdisjoint(elevenlabs_addresses("https://api.elevenlabs.io"))
