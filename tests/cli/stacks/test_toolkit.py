from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.errors import CommandError
from cli.stacks import toolkit

SHOW_ENVIRONMENT = """
require("fs").writeFileSync(process.argv[2], JSON.stringify(process.env)); process.exit(3)
"""


def test_run_cdk_keeps_the_key_from_the_cdk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The CDK and the image builds it starts never have the ElevenLabs key."""
    program, shown = tmp_path / "cdk.js", tmp_path / "environment.json"
    program.write_text(SHOW_ENVIRONMENT)
    monkeypatch.setattr(toolkit, "_CDK", program)
    monkeypatch.setenv("ELEVENLABS_API_KEY", "sk_test_deploy")
    with pytest.raises(CommandError, match="failed"):
        toolkit.run_cdk(str(shown))
    environ = json.loads(shown.read_text())
    assert "PATH" in environ
    assert "ELEVENLABS_API_KEY" not in environ
