"""The CDK program: one environment in, its stacks in a cloud assembly out."""

from __future__ import annotations

import sys

import aws_cdk as cdk
import cdk_nag
from aws_cdk import cx_api

from infra.packaging import PackagingError
from infra.settings import Environment, SettingsError, environment_names, load_environment
from infra.stage import add_stacks


def main() -> int:
    """Synthesize the environment that the context `env` names; return the exit code."""
    app = cdk.App(analytics_reporting=False)
    try:
        synthesize(app, _chosen(app))
    except SettingsError as error:
        return _complain(*error.problems)
    except PackagingError as error:
        return _complain(str(error))
    return 0


def synthesize(app: cdk.App, environment: Environment) -> cx_api.CloudAssembly:
    """Add the environment's stacks to `app`, check them, and write the assembly.

    A finding of cdk-nag that nobody acknowledged makes it fail.
    """
    cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app))
    add_stacks(app, environment)
    return app.synth()


def _chosen(app: cdk.App) -> Environment:
    name = app.node.try_get_context("env")
    if not name:
        names = ", ".join(environment_names())
        raise SettingsError([f"which environment? Give -c env=NAME, one of: {names}; or a file"])
    return load_environment(str(name))


def _complain(*problems: str) -> int:
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    return 2
