from __future__ import annotations

import pytest

from agents.providers.arguments import parse_arguments


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"city": "Łódź"}', {"city": "Łódź"}),
        ("{}", {}),
        ("", {}),
        ('{"city": "Ł', {}),
        ('{"city": "\\ud800"}', {}),
        ('{"city": "\\ud83d\\ude00"}', {"city": "\U0001f600"}),
        ("[1]", {}),
        ("null", {}),
        ("[" * 100_000, {}),
    ],
)
def test_arguments_are_always_an_object(text: str, expected: dict[str, object]) -> None:
    """What a model wrote goes back as an object, even if it wrote none."""
    assert parse_arguments(text) == expected
