"""Wires the four stacks of one environment. Edges run one way, stateful first."""

from __future__ import annotations

from constructs import Construct

from infra.settings import Environment
from infra.stacks.api import Api
from infra.stacks.foundation import Foundation
from infra.stacks.realtime import Realtime
from infra.stacks.site import Site


def add_stacks(scope: Construct, environment: Environment) -> None:
    """Add the stacks of `environment`, named `SpeechEngine-<environment>-<part>`.

    They stand in the app itself: in a `Stage`, `cdk deploy --all` would not find them.
    """
    foundation = Foundation(scope, "Foundation", environment=environment)
    realtime = Realtime(scope, "Realtime", environment=environment, foundation=foundation)
    api = Api(scope, "Api", environment=environment, foundation=foundation, realtime=realtime)
    Site(scope, "Site", environment=environment, api=api)
