"""What the transcript log asks of the stacks: who may read it, and who is told of gaps in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fakes.environments import environment_with, frozen_environment
from tests.fakes.stack_variants import environment_named
from tests.fakes.stacks import GUARDED, StackShelf, Template

ROUTES = ("GET /api/transcripts", "GET /api/transcripts/{conversation_id}")
EVENTS = ("transcript not written", "transcripts lost")


@pytest.fixture(scope="session")
def guarded(stacks: StackShelf) -> Template:
    return stacks(environment_with(GUARDED)).part("Api")


@pytest.fixture(scope="session")
def prod(stacks: StackShelf) -> Template:
    return stacks(frozen_environment("prod")).part("Realtime")


def routes(api: Template) -> dict[str, dict[str, Any]]:
    return {each["RouteKey"]: each for each in api.properties("AWS::ApiGatewayV2::Route")}


def test_transcripts_are_read_by_bearers_of_a_scope_alone(guarded: Template) -> None:
    """Both routes ask the token routes' authorizer for a scope that those don't ask for."""
    found = routes(guarded)
    for key in ROUTES:
        assert found[key]["AuthorizationType"] == "JWT"
        assert found[key]["AuthorizationScopes"] == ["transcripts:read"]
        assert found[key]["AuthorizerId"] == found["GET /api/token"]["AuthorizerId"]


def test_transcripts_are_read_by_nobody_unless_settings_say_so(stacks: StackShelf) -> None:
    """Without the switch there is neither route nor function, in production neither."""
    api = stacks(frozen_environment("prod")).part("Api")
    assert not set(ROUTES) & set(routes(api))
    assert "functions.transcripts" not in api.text


def test_transcripts_function_may_query_table_and_index_and_nothing_else(
    guarded: Template,
) -> None:
    """Beside its own log, one action on the two of them."""
    policy = guarded.named("TranscriptsFunctionRoleDefaultPolicy", "AWS::IAM::Policy")
    log, read = policy["PolicyDocument"]["Statement"]
    assert set(log["Action"]) == {"logs:CreateLogStream", "logs:PutLogEvents"}
    assert read["Action"] == "dynamodb:Query"
    table, index = read["Resource"]
    assert "Transcripts" in json.dumps(table)
    assert index == {"Fn::Join": ["", [table, "/index/by_day"]]}


def test_transcripts_function_answers_before_its_api_gives_up(guarded: Template) -> None:
    """Lambda ends it before the HTTP API's 29 s are over."""
    function = guarded.named("TranscriptsFunction", "AWS::Lambda::Function")
    assert function["Timeout"] < 29
    assert "/api/transcripts" in json.dumps(guarded.outputs["TranscriptsUrl"])


@pytest.mark.parametrize(
    ("alarm", "event"),
    list(zip(("TranscriptsToRestore", "TranscriptsAreLost"), EVENTS, strict=True)),
)
def test_transcripts_that_are_not_written_ring(alarm: str, event: str, prod: Template) -> None:
    """One line is enough: what was printed has to be restored while the log still has it."""
    patterns = [each["FilterPattern"] for each in prod.properties("AWS::Logs::MetricFilter")]
    assert f'{{ $.event = "{event}" }}' in patterns
    found = prod.named(alarm, "AWS::CloudWatch::Alarm")
    (query,) = found["Metrics"]
    assert query["MetricStat"]["Metric"]["MetricName"] == event
    assert found["Threshold"] == 1


def test_transcripts_go_into_files_by_setting_only(stacks: StackShelf) -> None:
    """New states of items, a line each, in a folder a day, for as long as the table keeps them."""
    foundation = stacks(environment_named("no domain, everything on")).part("Foundation")
    pipe = foundation.only("AWS::Pipes::Pipe")
    (table,) = foundation.resources("AWS::DynamoDB::GlobalTable")
    (stream,) = foundation.resources("AWS::KinesisFirehose::DeliveryStream")
    assert pipe["Source"] == {"Fn::GetAtt": [table, "StreamArn"]}
    assert pipe["Target"] == {"Fn::GetAtt": [stream, "Arn"]}
    assert pipe["TargetParameters"]["InputTemplate"] == '{"Item": <$.dynamodb.NewImage>}'
    (changes,) = pipe["SourceParameters"]["FilterCriteria"]["Filters"]
    assert json.loads(changes["Pattern"]) == {"eventName": ["INSERT", "MODIFY"]}
    files = foundation.only("AWS::KinesisFirehose::DeliveryStream")
    files = files["ExtendedS3DestinationConfiguration"]
    assert files["Prefix"] == "day=!{timestamp:yyyy-MM-dd}/"
    assert files["ProcessingConfiguration"]["Processors"] == [{"Type": "AppendDelimiterToRecord"}]
    (rule,) = foundation.only("AWS::S3::Bucket")["LifecycleConfiguration"]["Rules"]
    assert rule == {"ExpirationInDays": 30, "Status": "Enabled"}
    without = stacks(frozen_environment("prod")).part("Foundation")
    assert not without.resources("AWS::Pipes::Pipe")
    assert "StreamSpecification" not in without.only("AWS::DynamoDB::GlobalTable")


def test_transcripts_have_their_place_on_the_dashboard(stacks: StackShelf) -> None:
    """Both counts are on it, read API or none."""
    api = stacks(environment_named("dev")).part("Api")
    dashboard = json.dumps(api.only("AWS::CloudWatch::Dashboard"))
    for event in EVENTS:
        assert event in dashboard
