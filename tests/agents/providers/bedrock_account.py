"""An AWS account of tests: its keys, and a model of Amazon Bedrock that is asked with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agents.prompt import ModelOptions
from agents.providers import bedrock
from agents.providers.access import Access

if TYPE_CHECKING:
    import ssl

    from agents.prompt import Model

KEY_ID, SECRET, TOKEN = "AKIDTEST", "sk_test_aws_secret", "sk_test_aws_session"


@dataclass(frozen=True)
class Loopback:
    """Transport security for this machine: a server's side, and the file that a client trusts."""

    context: ssl.SSLContext
    authority: str


def make(url: str, **settings: Any) -> Model:
    """A model as the service makes it, without options unless `options` are given."""
    options = settings.pop("options", ModelOptions())
    access = Access(**{"base_url": url, "region": "eu-west-1", **settings})
    return bedrock.create("bedrock/test-model", "test-model", access, options)
