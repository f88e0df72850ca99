"""container/agent.py, whatever you make of it. Your own tests of your agent belong here.

All other tests have agents of their own.
"""

from __future__ import annotations

from tests.service.logged_process import ROOT
from tests.service.service_process import ServiceProcess

# What the module may ask for when it is imported. If yours asks for more, add that.
VARIABLES = {
    "ANTHROPIC_API_KEY": "sk_test_agent",
    "GEMINI_API_KEY": "sk_test_agent",
    "OPENAI_API_KEY": "sk_test_agent",
}


def test_agent_can_be_started() -> None:
    """The service imports it, and can call its handlers. A variable that is missing goes above."""
    with ServiceProcess(ROOT / "container", **VARIABLES) as service:
        assert service.wait_for("started")["agent"] == "agent"
