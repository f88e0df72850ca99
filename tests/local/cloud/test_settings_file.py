from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from local.cloud.settings_file import write_settings

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED = """
[aws]
region = "us-east-1"
zones = ["a", "b"]
[service.deployment]
strategy = "rolling"
bake = 0
"""


def test_settings_file_keeps_what_it_does_not_change(tmp_path: Path) -> None:
    """The copy says the same, tables in tables, lists and numbers included."""
    (tmp_path / "shipped.toml").write_text(SHIPPED)
    write_settings(tmp_path / "shipped.toml", tmp_path / "own.toml", {})
    assert tomllib.loads((tmp_path / "own.toml").read_text()) == tomllib.loads(SHIPPED)


def test_settings_file_takes_changes_and_new_tables(tmp_path: Path) -> None:
    """A change wins over what is there, and makes the table that it needs."""
    (tmp_path / "shipped.toml").write_text(SHIPPED)
    changes = {"aws.region": 'eu "central"', "address.https_port": 8443, "service.spot": True}
    write_settings(tmp_path / "shipped.toml", tmp_path / "own.toml", changes)
    content = tomllib.loads((tmp_path / "own.toml").read_text())
    assert content["aws"] == {"region": 'eu "central"', "zones": ["a", "b"]}
    assert content["address"] == {"https_port": 8443}
    assert content["service"] == {"spot": True, "deployment": {"strategy": "rolling", "bake": 0}}
