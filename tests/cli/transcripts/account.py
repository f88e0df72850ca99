"""An environment's account: its stack and secret are made up, its table is moto's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cli.stacks.account import Account
from cli.transcripts import place
from infra.settings import load_environment
from tests.fakes.aws_account import FakeAws, FakeStack

if TYPE_CHECKING:
    import pytest

STACK = "SpeechEngine-dev-Foundation"


class OneAccount(FakeAws):
    """With outputs the stack is there; `key` is what the secret holds."""

    def __init__(self, client: Any, outputs: dict[str, str], key: str = "") -> None:
        super().__init__({STACK: FakeStack(outputs=outputs)} if outputs else {})
        self._dynamodb = client
        self._key = key

    def client(self, name: str, **_: Any) -> Any:  # type: ignore[override]
        return self._dynamodb if name == "dynamodb" else self

    def get_credentials(self) -> object:
        return object()

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": "123456789012"}

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803
        assert SecretId == "arn:key"
        return {"SecretString": json.dumps({"current": self._key})}


def use_account(monkeypatch: pytest.MonkeyPatch, aws: OneAccount, **settings: Any) -> None:
    """Have `-e dev` mean this account, with changed `[transcripts]` settings."""
    environment = load_environment("dev")
    changed = environment.transcripts.model_copy(update=settings)
    environment = environment.model_copy(update={"transcripts": changed})
    account = Account(aws, environment)  # type: ignore[arg-type]
    monkeypatch.setattr(place, "open_account", lambda _: account)
