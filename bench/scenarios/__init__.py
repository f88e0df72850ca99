"""The scenarios, each a set of parameters with a quick form for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.scenarios.accept import Accept
from bench.scenarios.agents import Agents
from bench.scenarios.burst import Burst
from bench.scenarios.memory import Memory
from bench.scenarios.paced import Paced
from bench.scenarios.start import Start
from bench.scenarios.token import Token
from bench.scenarios.transcripts import Transcripts

if TYPE_CHECKING:
    from bench.trial import Scenario

SCENARIOS: dict[str, type[Scenario]] = {
    "burst": Burst,
    "paced": Paced,
    "accept": Accept,
    "memory": Memory,
    "start": Start,
    "token": Token,
    "agents": Agents,
    "transcripts": Transcripts,
}
