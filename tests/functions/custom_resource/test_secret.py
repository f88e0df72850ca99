from __future__ import annotations

import boto3
import pytest
from botocore.config import Config

from functions.custom_resource.deadline import Deadline
from functions.custom_resource.failure import Failure
from functions.custom_resource.secret import parse_current, read_secret, say_what_to_type
from service.secret import parse_secret

GOOD = ["sk_test_1", '{"current": "sk_test_1"}', ' {"current": "sk_test_1", "previous": "x"} \n']
BAD = [
    *("", " ", "changeme", "Your-key", "<key>", "xxx", "todo", "placeholder", "two words", "ключ"),
    *("{", "{}", '{"current": ""}', '{"current": null}', '{"current": 7}', '{"current": "todo"}'),
]


@pytest.mark.parametrize("text", GOOD)
def test_secret_has_a_current_value(text: str) -> None:
    """A bare value and a rotating one both give the current value."""
    assert parse_current(text) == "sk_test_1"


@pytest.mark.parametrize("text", BAD)
def test_secret_without_a_usable_value_is_refused(text: str) -> None:
    """Whatever cannot be a key is refused, here as in the server, and is not quoted."""
    with pytest.raises(ValueError, match=r"no value|placeholder|word|JSON") as refused:
        parse_current(text)
    assert "todo" not in str(refused.value)
    with pytest.raises(ValueError, match=r".+"):
        parse_secret(text.strip())


def test_advice_names_the_environment() -> None:
    """A person can paste the command; where the name is unknown a gap says what belongs there."""
    assert "make deploy ENV=prod`" in say_what_to_type("arn:x", "prod")
    assert "make deploy ENV=<environment>`" in say_what_to_type("arn:x", None)


def test_secret_out_of_reach_is_a_readable_failure() -> None:
    """Where Secrets Manager does not answer, the event says so and for which secret."""
    client = boto3.client(
        "secretsmanager",
        region_name="us-east-1",
        endpoint_url="http://127.0.0.1:1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(retries={"total_max_attempts": 1}, proxies={}),
    )
    with pytest.raises(Failure, match="can't be reached for arn:x: EndpointConnectionError"):
        read_secret(client, "arn:x", Deadline(5))
