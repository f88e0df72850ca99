from __future__ import annotations

import json
from collections.abc import Callable

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from functions.custom_resource.deadline import Deadline
from functions.custom_resource.failure import Failure
from functions.custom_resource.secret import (
    NoValue,
    parse_current,
    parse_whole,
    read_secret,
    say_what_to_type,
)
from service.secret import parse_secret


def rotating(**rest: object) -> str:
    return json.dumps({"current": "sk_test_1", **rest})


GOOD = [
    *("sk_test_1", " sk_test_1\n", rotating(), f" {rotating()} \n", rotating(previous="")),
    rotating(previous=None, previous_until=None),
    rotating(previous="sk_test_0", previous_until="2030-01-31T12:00:00Z"),
    rotating(previous="sk_test_0", previous_until=1_900_000_000),
]
BAD = [
    *("", " ", "changeme", "Your-key", "<key>", "xxx", "todo", "placeholder", "two words", "ключ"),
    *("{", "{}", '{"current": ""}', '{"current": null}', '{"current": 7}', '{"current": "todo"}'),
]
BAD_BESIDES = [
    *(rotating(note="x"), rotating(previous="sk_test_0"), rotating(previous="two words")),
    *(rotating(previous="sk_test_0", previous_until=until) for until in ("soon", True, 2e12)),
    rotating(previous="sk_test_0", previous_until="2030-01-31T12:00:00"),
    rotating(previous=7, previous_until=1_900_000_000),
]


@pytest.mark.parametrize("text", GOOD)
def test_secret_has_a_current_value(text: str) -> None:
    """A bare value and a rotating one give the current value, and the server takes them too."""
    assert parse_current(text) == parse_whole(text) == "sk_test_1"
    assert parse_secret(text.strip()).current == "sk_test_1"


@pytest.mark.parametrize("parse", [parse_current, parse_whole])
@pytest.mark.parametrize("text", BAD)
def test_secret_without_a_usable_value_is_refused(parse: Callable[[str], str], text: str) -> None:
    """Whatever cannot be a key is refused, here as in the server, and is not quoted."""
    with pytest.raises(ValueError, match=r"no value|placeholder|word|JSON") as refused:
        parse(text)
    assert "todo" not in str(refused.value)
    with pytest.raises(ValueError, match=r".+"):
        parse_secret(text.strip())


@pytest.mark.parametrize("text", BAD_BESIDES)
def test_secret_that_tasks_would_refuse_is_refused_as_a_whole(text: str) -> None:
    """A usable key does not hide what would keep the server from starting."""
    with pytest.raises(ValueError, match=r"word|names|until|no value"):
        parse_whole(text)
    with pytest.raises(ValueError, match=r".+"):
        parse_secret(text)
    assert parse_current(text) == "sk_test_1"


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


def test_secret_that_is_being_deleted_has_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret that somebody deleted by hand counts as empty while it can be restored."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("secretsmanager", region_name="us-east-1")
        arn = client.create_secret(Name="key", SecretString="sk_test_1")["ARN"]
        client.delete_secret(SecretId=arn)
        with pytest.raises(NoValue, match="marked for deletion"):
            read_secret(client, arn, Deadline(5))
