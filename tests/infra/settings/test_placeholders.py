from __future__ import annotations

import pytest

from infra.settings.placeholders import placeholders
from tests.fakes.environments import DOMAIN, environment_with, frozen_environment


def test_placeholders_are_all_that_prod_leaves_open() -> None:
    """The production file that a fork begins with says which keys its owner fills in."""
    assert placeholders(frozen_environment("prod")) == [
        "address.domain",
        "address.hosted_zone_id",
        "address.hosted_zone_name",
        "token.jwt.issuer",
        "token.jwt.audience",
        "alarms.email",
        "budget.email",
        "site.login.client_id",
    ]


@pytest.mark.parametrize("name", ["dev", "preview", "local"])
def test_placeholders_keep_nobody_from_the_others(name: str) -> None:
    """The others that it begins with can be deployed as they are."""
    assert placeholders(frozen_environment(name)) == []


def test_placeholders_are_gone_when_filled_in() -> None:
    """Own values are no placeholders, also where they contain the word."""
    own = {
        **DOMAIN,
        "address.domain": "voice.exemplary.com",
        "address.hosted_zone_name": "exemplary.com",
        "site.title": "For example, this",
        "site.first_message": 'Hello <break time="1s"/> there',
    }
    assert placeholders(environment_with(own)) == []


def test_placeholders_are_found_in_brackets() -> None:
    """<fill this in> is a placeholder, also in a list."""
    assert placeholders(environment_with({"engine.tags": ["a", "<team>"]})) == ["engine.tags"]
