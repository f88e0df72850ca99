from __future__ import annotations

import pytest

from functions.token.patience import Deadline
from functions.token.secret import CachedSecret, read_current
from functions.token.secrets_manager import SecretEmpty, SecretsManager, SecretUnavailable
from tests.fakes.secrets_manager import SecretStore
from tests.fakes.token_endpoint import QUICK

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:key"


@pytest.mark.parametrize(
    "text",
    [
        "sk_test_now",
        " sk_test_now\n",
        '{"current": "sk_test_now"}',
        '{"current": " sk_test_now ", "previous": "sk_test_then", "previous_until": 1}',
        '{"current": "sk_test_now", "previous": "sk_test_then", "previous_until": 1e11}',
    ],
)
def test_current_value_is_used(text: str) -> None:
    """A bare value is current; of an object the current one is, whatever became of the others."""
    assert read_current(text, ARN) == "sk_test_now"


@pytest.mark.parametrize(
    "text", ["", "  ", "{}", '{"current": null}', '{"current": 7}', "CHANGEME", "your-key", "<key>"]
)
def test_nothing_and_placeholders_are_empty(text: str) -> None:
    """What nobody has filled in yet counts as missing."""
    with pytest.raises(SecretEmpty, match=ARN):
        read_current(text, ARN)


@pytest.mark.parametrize("text", ["a b", "a\nb", "é", '{"current": "a b"}', '{"current": "a'])
def test_what_cannot_be_a_key_is_refused(text: str) -> None:
    """The complaint names the secret and quotes nothing of it."""
    with pytest.raises(SecretUnavailable) as complaint:
        read_current(text, ARN)
    assert text not in str(complaint.value)
    assert complaint.value.__suppress_context__ or complaint.value.__context__ is None


def test_failed_read_leaves_no_old_value(secrets: SecretStore) -> None:
    """The limit holds also when the value can't be renewed."""
    arn = secrets.create("first")
    cached = CachedSecret(SecretsManager(secrets.environ), arn, keep_seconds=0)
    assert cached.get(Deadline.start(QUICK)) == "first"
    secrets.put(arn, "todo")
    for _ in range(2):
        with pytest.raises(SecretEmpty):
            cached.get(Deadline.start(QUICK))


def test_replacement_that_is_known_is_not_read(secrets: SecretStore) -> None:
    """Of several requests that were refused with one key, the first reads for all."""
    arn = secrets.create("first")
    cached = CachedSecret(SecretsManager(secrets.environ), arn, keep_seconds=300)
    cached.get(Deadline.start(QUICK))
    secrets.put(arn, "second")
    for _ in range(2):
        assert cached.replace("first", Deadline.start(QUICK)) == "second"
    assert cached.get(Deadline.start(QUICK)) == "second"
    assert secrets.count_reads(arn) == 2
