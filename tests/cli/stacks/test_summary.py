from __future__ import annotations

import io

import pytest

from cli.stacks.summary import print_summary
from tests.fakes.aws_account import FakeAws, FakeStack, fake_account

EU = "https://api.eu.residency.elevenlabs.io"


@pytest.mark.parametrize(
    ("host", "command"),
    [
        ("https://api.elevenlabs.io", "make talk ENGINE=seng_1"),
        (EU, f"ELEVENLABS_BASE_URL={EU} make talk ENGINE=seng_1"),
    ],
)
def test_summary_gives_the_command_that_talks_with_the_engine(host: str, command: str) -> None:
    """What is printed can be typed as it stands, wherever the workspace lives."""
    aws = FakeAws(stacks={"SpeechEngine-dev-Api": FakeStack(outputs={"EngineId": "seng_1"})})
    output = io.StringIO()
    print_summary(fake_account(aws, elevenlabs={"host": host}), output)
    assert command in [line.strip() for line in output.getvalue().splitlines()]
    assert "ELEVENLABS_API_KEY is set" in output.getvalue()
