from __future__ import annotations

import json
import string
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.secret import RotatingSecret, parse_secret

UNTIL = datetime(2030, 1, 31, 12, 0, tzinfo=UTC).timestamp()


def test_secret_may_be_a_bare_value() -> None:
    """A value that is no JSON object is the secret itself, without blanks around it."""
    assert parse_secret("sk_test_one").valid_at(0) == ("sk_test_one",)


@pytest.mark.parametrize(
    "until",
    [UNTIL, int(UNTIL), str(UNTIL), "2030-01-31T12:00:00Z", "2030-01-31T13:00:00+01:00"],
)
def test_secret_ends_its_previous_value(until: object) -> None:
    """The previous value is good up to its moment and not from then on."""
    text = json.dumps({"current": "sk_test_b", "previous": "sk_test_a", "previous_until": until})
    secret = parse_secret(text)
    assert secret.valid_at(UNTIL - 0.001) == ("sk_test_b", "sk_test_a")
    assert secret.valid_at(UNTIL) == ("sk_test_b",)


@pytest.mark.parametrize("previous", [None, ""])
def test_secret_may_have_no_previous_value(previous: str | None) -> None:
    """An object as it is before the first rotation is accepted."""
    text = json.dumps({"current": "sk_test_b", "previous": previous, "previous_until": None})
    assert parse_secret(text) == RotatingSecret("sk_test_b")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "is not JSON"),
        ("{}", "'current' that is empty"),
        ('{"current": 5}', "'current' that is empty or not text"),
        ('{"current": "a", "curent": "b"}', "1 unknown JSON name"),
        ('{"current": "a", "previous": "b"}', "without 'previous_until'"),
        ('{"current": "a", "previous": "b", "previous_until": true}', "without 'previous_until'"),
        ('{"current": "a", "previous": "b", "previous_until": "soon"}', "is no time"),
        (
            '{"current": "a", "previous": "b", "previous_until": "2030-01-31T12:00:00"}',
            "without a zone",
        ),
        ('{"current": "a", "previous": "b", "previous_until": 1900000000000}', "out of range"),
        ('{"current": "a", "previous": "b", "previous_until": NaN}', "out of range"),
        ("two words", "one printable ASCII word"),
        ("sk_test_\u00fc", "one printable ASCII word"),
        ("changeme", "placeholder"),
        ("<your key>", "one printable ASCII word"),
        ("your-api-key", "placeholder"),
    ],
)
def test_secret_refuses_what_cannot_be_one(text: str, reason: str) -> None:
    """Values that are broken, ambiguous or placeholders are refused with the reason."""
    with pytest.raises(ValueError, match=reason.replace("'", "['\"]")):
        parse_secret(text)


@given(st.text(string.printable, min_size=12, max_size=40).map(lambda text: text + "."))
def test_secret_never_quotes_a_refused_value(text: str) -> None:
    """Whatever the value, no error carries it."""
    with pytest.raises(ValueError, match="JSON") as caught:
        parse_secret("{" + text)
    assert text not in str(caught.value)
    assert caught.value.__suppress_context__


def test_secret_hides_its_values() -> None:
    """Printing a secret shows none of its values."""
    assert "sk_test" not in repr(RotatingSecret("sk_test_b", "sk_test_a", 5.0))
