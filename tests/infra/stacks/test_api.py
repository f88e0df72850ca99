from __future__ import annotations

import json
from typing import Any

import pytest

from infra.settings import engine_body
from tests.fakes.environments import environment_with
from tests.fakes.stacks import GUARDED, StackShelf, Template

TOKEN_ROUTES = ("GET /api/token", "GET /api/signed-url")


@pytest.fixture(scope="session")
def plain(stacks: StackShelf) -> Template:
    return stacks(environment_with()).part("Api")


@pytest.fixture(scope="session")
def guarded(stacks: StackShelf) -> Template:
    return stacks(environment_with(GUARDED)).part("Api")


def routes(api: Template) -> dict[str, dict[str, Any]]:
    return {each["RouteKey"]: each for each in api.properties("AWS::ApiGatewayV2::Route")}


def allowed(api: Template, function: str) -> list[tuple[set[str], str]]:
    """What a function's role may do: actions, and one resource as text."""
    policy = api.named(f"{function}FunctionRoleDefaultPolicy", "AWS::IAM::Policy")
    return [
        (set(listed(statement["Action"])), str(resource))
        for statement in policy["PolicyDocument"]["Statement"]
        for resource in listed(statement["Resource"])
    ]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def readable_secrets(api: Template, function: str) -> set[str]:
    """The secrets that a function may read, as Foundation calls them."""
    readable = [resource for actions, resource in allowed(api, function) if _reads(actions)]
    names = {name for name in ("ApiKey", "HeaderSecret") for text in readable if name in text}
    assert len(names) == len(readable)
    return names


def _reads(actions: set[str]) -> bool:
    return actions == {"secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"}


def test_api_lets_the_engine_function_read_two_secrets_and_nothing_else(plain: Template) -> None:
    """Its role writes its own log and reads the key and the header secret: no other action."""
    assert readable_secrets(plain, "Engine") == {"ApiKey", "HeaderSecret"}
    others = [(a, r) for a, r in allowed(plain, "Engine") if not _reads(a)]
    ((actions, resource),) = others
    assert actions == {"logs:CreateLogStream", "logs:PutLogEvents"}
    assert "EngineFunctionLog" in resource
    roles = [each for each in plain.properties("AWS::IAM::Role") if "ManagedPolicyArns" in each]
    assert roles == []


def test_api_lets_the_token_function_read_the_key_alone(plain: Template) -> None:
    """Without user tickets the header secret is none of its business."""
    assert readable_secrets(plain, "Token") == {"ApiKey"}
    assert "USER_TICKET_SECRET" not in str(plain.named("TokenFunction", "AWS::Lambda::Function"))


def test_api_gives_the_token_function_the_header_secret_for_user_tickets(
    guarded: Template,
) -> None:
    """It signs tickets with it, so it may read it and is told where it is."""
    assert readable_secrets(guarded, "Token") == {"ApiKey", "HeaderSecret"}
    variables = guarded.named("TokenFunction", "AWS::Lambda::Function")["Environment"]["Variables"]
    assert "HeaderSecret" in str(variables["USER_TICKET_SECRET"])


def test_api_hands_over_the_engine_as_one_json_text(guarded: Template) -> None:
    """Numbers and switches arrive as such: CloudFormation would make strings of them."""
    properties = guarded.only("Custom::SpeechEngine")
    body = json.loads(properties["Engine"])
    assert body == engine_body(environment_with(GUARDED))
    assert body["tts"]["stability"] == 0.25
    assert body["conversation"]["max_duration_seconds"] == 120
    assert body["privacy"]["record_voice"] is False
    assert body["speech_engine"]["request_headers"] == {
        "X-Plan": "gold",
        "X-Speech-Engine-User": {"variable_name": "user_ticket"},
    }
    assert properties["Engine"] == json.dumps(body, sort_keys=True)


def test_api_tells_the_engine_its_address_and_headers(plain: Template, guarded: Template) -> None:
    """What the engine function needs beside the engine's body, and a time limit."""
    properties = plain.only("Custom::SpeechEngine")
    assert "Realtime" in str(properties["WsUrl"])
    assert properties["HeaderName"] == "X-Speech-Engine-Secret"
    assert properties["IdHeader"] == "X-Speech-Engine-Id"
    assert properties["Environment"] == "test"
    assert properties["ServiceTimeout"] == "600"
    assert properties["OnKeyRefused"] == "fail"
    assert guarded.only("Custom::SpeechEngine")["OnKeyRefused"] == "orphan"


def test_api_gives_the_engine_function_less_time_than_cloudformation_waits(
    plain: Template,
) -> None:
    """The function answers before the resource times out, so that a person reads why."""
    function = plain.named("EngineFunction", "AWS::Lambda::Function")
    assert function["Timeout"] * 2 <= int(plain.only("Custom::SpeechEngine")["ServiceTimeout"])


def test_api_serves_an_open_endpoint_where_settings_name_no_issuer(plain: Template) -> None:
    """Three routes, none of them authorized, and no CORS."""
    assert set(routes(plain)) == {*TOKEN_ROUTES, "GET /api/health"}
    assert {each["AuthorizationType"] for each in routes(plain).values()} == {"NONE"}
    assert not plain.resources("AWS::ApiGatewayV2::Authorizer")
    assert "CorsConfiguration" not in plain.only("AWS::ApiGatewayV2::Api")


def test_api_asks_for_a_jwt_where_settings_name_an_issuer(guarded: Template) -> None:
    """Both token routes check issuer, audience and scopes; health stays open."""
    authorizer = guarded.only("AWS::ApiGatewayV2::Authorizer")
    assert authorizer["AuthorizerType"] == "JWT"
    assert authorizer["IdentitySource"] == ["$request.header.Authorization"]
    assert authorizer["JwtConfiguration"] == {
        "Issuer": "https://auth.example.com/",
        "Audience": ["voice", "admin"],
    }
    for key in TOKEN_ROUTES:
        route = routes(guarded)[key]
        assert route["AuthorizationType"] == "JWT"
        assert route["AuthorizationScopes"] == ["talk"]
        assert set(route["AuthorizerId"]) == {"Ref"}
    assert routes(guarded)["GET /api/health"]["AuthorizationType"] == "NONE"


def test_api_answers_other_origins_only_where_settings_name_them(guarded: Template) -> None:
    """Named origins may send a GET with a bearer token, and nothing more."""
    cors = guarded.only("AWS::ApiGatewayV2::Api")["CorsConfiguration"]
    assert cors == {
        "AllowOrigins": ["https://app.example.com"],
        "AllowMethods": ["GET"],
        "AllowHeaders": ["authorization"],
        "MaxAge": 3600,
    }


def test_api_throttles_as_the_settings_say(plain: Template, guarded: Template) -> None:
    """Rate and burst stand at the stage, also where the endpoint is open."""
    limits = {"ThrottlingRateLimit": 5, "ThrottlingBurstLimit": 10}
    assert plain.only("AWS::ApiGatewayV2::Stage")["DefaultRouteSettings"] == limits
    limits = {"ThrottlingRateLimit": 7, "ThrottlingBurstLimit": 9}
    assert guarded.only("AWS::ApiGatewayV2::Stage")["DefaultRouteSettings"] == limits


def test_api_logs_requests_without_what_they_carried(plain: Template) -> None:
    """The access log has neither query strings nor headers nor claims in it."""
    settings = plain.only("AWS::ApiGatewayV2::Stage")["AccessLogSettings"]
    assert "TokenAccessLog" in str(settings["DestinationArn"])
    told = set(json.loads(settings["Format"]).values())
    assert {"$context.requestId", "$context.routeKey", "$context.status"} <= told
    assert not [each for each in told if "query" in each.lower() or "claims" in each]
    assert "$context.path" not in told


def test_api_keeps_logs_for_as_long_as_the_settings_say(guarded: Template) -> None:
    """All functions and the access log have groups of their own, which end."""
    groups = guarded.properties("AWS::Logs::LogGroup")
    assert [each["RetentionInDays"] for each in groups] == [90] * 4
    for function in guarded.properties("AWS::Lambda::Function"):
        assert set(function["LoggingConfig"]["LogGroup"]) == {"Ref"}


def test_api_puts_functions_on_the_platform_of_the_settings(
    plain: Template, guarded: Template
) -> None:
    """Runtime, architecture and memory are the environment's choice."""
    for function in plain.properties("AWS::Lambda::Function"):
        assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"])
        assert function["MemorySize"] == 512
    assert {each["MemorySize"] for each in guarded.properties("AWS::Lambda::Function")} == {1024}


def test_api_calls_a_published_version_where_snapshots_are_on(guarded: Template) -> None:
    """Snapshots exist for published versions alone: the API's target is an alias of one."""
    function = guarded.named("TokenFunction", "AWS::Lambda::Function")
    assert function["SnapStart"] == {"ApplyOn": "PublishedVersions"}
    (alias,) = guarded.resources("AWS::Lambda::Alias")
    (version,) = guarded.resources("AWS::Lambda::Version")
    target = guarded.only("AWS::Lambda::Alias")["FunctionVersion"]
    assert target == {"Fn::GetAtt": [version, "Version"]}
    integration = guarded.named("TokenApiGETapitoken", "AWS::ApiGatewayV2::Integration")
    assert integration["IntegrationUri"] == {"Ref": alias}
    permission = guarded.named("TokenApiGETapitoken", "AWS::Lambda::Permission")
    assert permission["FunctionName"] == {"Ref": alias}


def test_api_calls_the_function_itself_where_snapshots_are_off(plain: Template) -> None:
    """No versions pile up and nothing is paid for snapshots."""
    assert not plain.resources("AWS::Lambda::Version")
    assert "SnapStart" not in plain.named("TokenFunction", "AWS::Lambda::Function")
    uri = plain.only("AWS::ApiGatewayV2::Integration")["IntegrationUri"]
    assert uri["Fn::GetAtt"][0].startswith("TokenFunction")


def test_api_asks_the_settings_elevenlabs(guarded: Template) -> None:
    """Both functions that ask ElevenLabs ask at the environment's own host."""
    for name in ("EngineFunction", "TokenFunction"):
        variables = guarded.named(name, "AWS::Lambda::Function")["Environment"]["Variables"]
        assert variables["ELEVENLABS_URL"] == "https://api.eu.residency.elevenlabs.io"


def test_api_tells_the_token_function_the_engines_own_id(plain: Template) -> None:
    """Nobody copies an id by hand: it is the engine resource's attribute."""
    (engine,) = plain.resources("Custom::SpeechEngine")
    variables = plain.named("TokenFunction", "AWS::Lambda::Function")["Environment"]["Variables"]
    assert variables["SPEECH_ENGINE_ID"] == {"Fn::GetAtt": [engine, "EngineId"]}
    assert plain.outputs["EngineId"] == {"Fn::GetAtt": [engine, "EngineId"]}


def test_api_has_no_alarm_without_somebody_to_tell(plain: Template) -> None:
    """An alarm that nobody hears costs money for nothing."""
    assert not plain.resources("AWS::CloudWatch::Alarm")


def test_api_alarms_about_the_token_endpoint(guarded: Template) -> None:
    """Errors, throttling, slowness and failed requests ring and stop ringing at the topic."""
    alarms = guarded.properties("AWS::CloudWatch::Alarm")
    assert {each["MetricName"] for each in alarms} == {"Errors", "Throttles", "Duration", "5xx"}
    for alarm in alarms:
        assert "AlarmTopic" in str(alarm["AlarmActions"])
        assert alarm["OKActions"] == alarm["AlarmActions"]
        assert alarm["TreatMissingData"] == "notBreaching"
        assert alarm["AlarmDescription"]


def test_api_shows_the_whole_environment_on_one_dashboard(plain: Template) -> None:
    """Load balancer, service, token endpoint, table and the server's errors are on it."""
    body = str(plain.only("AWS::CloudWatch::Dashboard")["DashboardBody"])
    for namespace in ("ApplicationELB", "ECS", "ApiGateway", "Lambda", "DynamoDB"):
        assert f"AWS/{namespace}" in body
    assert "Latest errors" in body


def test_api_puts_out_what_a_person_needs(plain: Template) -> None:
    """Token URL, engine id and dashboard are there to click or to copy."""
    assert {"TokenUrl", "EngineId", "DashboardUrl"} <= set(plain.outputs)
    assert str(plain.outputs["TokenUrl"]).count("/api/token") == 1
    (dashboard,) = plain.resources("AWS::CloudWatch::Dashboard")
    assert {"Ref": dashboard} in plain.outputs["DashboardUrl"]["Fn::Join"][1]


def test_api_comes_after_the_address_it_gives_away(stacks: StackShelf) -> None:
    """The engine is created once its address answers; no edge between stacks runs back."""
    needs = stacks(environment_with()).needs
    assert "Realtime" in needs["Api"]
    assert "Api" in needs["Site"]
    assert needs["Realtime"] == {"Foundation"}
    assert needs["Foundation"] == set()
