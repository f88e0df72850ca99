"""The CDK program: one environment in, its stage in a cloud assembly out."""

from __future__ import annotations

import sys

import aws_cdk as cdk
import cdk_nag

from infra.packaging import PackagingError
from infra.settings import SettingsError, load_environment
from infra.settings.load import ENVIRONMENTS
from infra.stage import add_stacks


def main() -> int:
    """Synthesize the environment that the context `env` names; return the exit code."""
    app = cdk.App()
    try:
        synthesize(app, app.node.try_get_context("env"))
    except SettingsError as error:
        return _complain(*error.problems)
    except PackagingError as error:
        return _complain(str(error))
    return 0


def synthesize(app: cdk.App, name: str | None) -> None:
    """Add the environment's stacks to `app` and write its assembly.

    Raises SettingsError when there is no such environment or its settings can't be used.
    """
    if not name:
        raise SettingsError([f"which environment? -c env=<name>, one of {_shipped()}, or a file"])
    environment = load_environment(name)
    cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app))
    add_stacks(app, environment)
    app.synth()


def _complain(*problems: str) -> int:
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    return 2


def _shipped() -> str:
    return ", ".join(sorted(path.stem for path in ENVIRONMENTS.glob("*.toml")))
