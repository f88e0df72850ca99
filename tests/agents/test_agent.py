"""container/agent.py, whatever you make of it. Your own tests of your agent belong here.

All other tests have agents of their own.
"""

from __future__ import annotations

from tests.service.logged_process import ROOT
from tests.service.service_process import ServiceProcess

# What the module wants when it is imported. If yours wants more, add it.
VARIABLES = {
    "ANTHROPIC_API_KEY": "sk_test_agent",
    "GEMINI_API_KEY": "sk_test_agent",
    "OPENAI_API_KEY": "sk_test_agent",
}


def test_agent_can_be_started() -> None:
    """The service imports it and finds its handlers fit; if it has to fail, add to VARIABLES."""
    with ServiceProcess(ROOT / "container", **VARIABLES) as service:
        assert service.wait_for("started")["agent"] == "agent"
