from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.errors import CommandError
from cli.stacks import toolkit
from infra.settings.providers import KEY_VARIABLES

SHOW_ENVIRONMENT = """
require("fs").writeFileSync(process.argv[2], JSON.stringify(process.env)); process.exit(3)
"""

SHOW_ARGUMENTS = """
require("fs").writeFileSync("%s", JSON.stringify(process.argv.slice(2)))
"""


def test_run_cdk_keeps_keys_from_the_cdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The CDK and the image builds it starts have no key, whoever's it is."""
    program, shown = tmp_path / "cdk.js", tmp_path / "environment.json"
    program.write_text(SHOW_ENVIRONMENT)
    monkeypatch.setattr(toolkit, "_CDK", program)
    for name in KEY_VARIABLES:
        monkeypatch.setenv(name, "sk_test_deploy")
    with pytest.raises(CommandError, match="failed"):
        toolkit.run_cdk(str(shown))
    environ = json.loads(shown.read_text())
    assert "PATH" in environ
    assert environ.keys().isdisjoint(KEY_VARIABLES)


@pytest.mark.parametrize("given", ["dev", "own/mine.toml"])
def test_synthesize_reads_a_path_from_where_the_user_is(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path means the same to the CDK, which runs in the checkout; a name stays one."""
    program, shown = tmp_path / "cdk.js", tmp_path / "arguments.json"
    program.write_text(SHOW_ARGUMENTS % shown)
    monkeypatch.setattr(toolkit, "_CDK", program)
    monkeypatch.chdir(tmp_path)
    with toolkit.synthesize(given):
        pass
    chosen = tmp_path / given if given.endswith(".toml") else given
    assert f"env={chosen}" in json.loads(shown.read_text())
