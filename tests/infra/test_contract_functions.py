from __future__ import annotations

import ast
import importlib
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from functions.custom_resource.request import Request
from functions.engine.body import read_spec
from functions.token import settings as token_settings
from functions.token.app import LONGEST_SECONDS, build_app
from functions.transcripts import settings as transcript_settings
from functions.transcripts.reader import DAY_INDEX
from infra import names
from infra.constructs import routes
from infra.packaging import CHECKOUT
from tests.fakes.environments import environment_with
from tests.fakes.lambda_loop import lambda_loop
from tests.fakes.stacks import GUARDED, StackShelf, Template

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER_SECRET = "h" * 48


@pytest.fixture(scope="session", params=[{}, GUARDED], ids=["plain", "guarded"])
def templates(request: pytest.FixtureRequest, stacks: StackShelf) -> list[Template]:
    return list(stacks(environment_with(request.param)).templates.values())


def own_functions(templates: list[Template]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Our own functions: the name of each and its properties."""
    for template in templates:
        for properties in template.properties("AWS::Lambda::Function"):
            if properties["Handler"].startswith("functions."):
                yield properties["Handler"].split(".")[1], properties


def variables_of(templates: list[Template], name: str) -> dict[str, str]:
    """What a function is told, with a plausible text for what only a deployment knows."""
    (properties,) = [each for found, each in own_functions(templates) if found == name]
    variables = properties.get("Environment", {}).get("Variables", {})
    return {key: value if isinstance(value, str) else "seng_1" for key, value in variables.items()}


def variables_read(name: str) -> set[str]:
    """The environment variables that a function's own sources look up by name."""
    found = set()
    for file in (CHECKOUT / "functions" / name).glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
                found.add(ast.literal_eval(node.slice))
    return found


def test_contract_every_handler_is_there(templates: list[Template]) -> None:
    """Lambda finds what each template names, and none but the optional function is left out."""
    named = dict(own_functions(templates))
    there = {path.parent.name for path in CHECKOUT.glob("functions/*/handler.py")}
    assert there - set(named) <= {"transcripts"}
    for properties in named.values():
        module, _, attribute = properties["Handler"].rpartition(".")
        with lambda_loop():
            assert callable(getattr(importlib.import_module(module), attribute))


def test_contract_the_token_function_can_read_what_it_is_told(templates: list[Template]) -> None:
    """Its settings take the stack's variables; there is none that it doesn't know."""
    variables = variables_of(templates, "token")
    settings = token_settings.read_settings(variables)
    assert settings.engine_id == "seng_1"
    assert (settings.ticket_secret is not None) == ("USER_TICKET_SECRET" in variables)
    known = {variable for variable, _ in token_settings._VARIABLES.values()}
    assert set(variables) <= known


def test_contract_the_read_function_can_read_what_it_is_told(stacks: StackShelf) -> None:
    """Its settings take the stack's variables, all of them and no others."""
    made = list(stacks(environment_with(GUARDED)).templates.values())
    variables = variables_of(made, "transcripts")
    assert transcript_settings.read_settings(variables).shards == 9
    assert set(variables) == set(transcript_settings.variable_names())
    assert DAY_INDEX == names.DAY_INDEX


@pytest.mark.parametrize("name", ["engine", "key_gate", "origin_access"])
def test_contract_a_custom_resource_is_told_what_it_reads(
    templates: list[Template], name: str
) -> None:
    """The variables that the stack sets are those that the function looks up, no more."""
    assert set(variables_of(templates, name)) == variables_read(name)


def test_contract_the_engine_function_can_read_its_properties(templates: list[Template]) -> None:
    """The stack's properties make a whole request body."""
    (found,) = [
        each for template in templates for each in template.properties("Custom::SpeechEngine")
    ]
    properties = {**found, "WsUrl": "wss://voice.example.com/ws"}
    request = Request("Create", "stack", "Engine", "1", "https://answer", properties=properties)
    body = read_spec(request, HEADER_SECRET).write_body("seng_1")
    headers = body["speech_engine"]["request_headers"]
    assert headers["X-Speech-Engine-Secret"] == HEADER_SECRET
    assert headers["X-Speech-Engine-Id"] == "seng_1"
    assert body["speech_engine"]["ws_url"] == "wss://voice.example.com/ws"
    assert body["auth"] == {"enable_auth": True}


def test_contract_the_token_function_serves_the_apis_routes() -> None:
    """Each route of the API is one of the application's."""

    def refuse() -> NoReturn:
        raise AssertionError("asked for a token")

    served = {getattr(route, "path", None) for route in build_app(refuse).routes}
    assert {routes.TOKEN_PATH, routes.SIGNED_URL_PATH, routes.HEALTH_PATH} <= served


def test_contract_the_token_function_has_the_time_it_takes(templates: list[Template]) -> None:
    """Lambda waits for its slowest answer, and the HTTP API (29 s) for Lambda."""
    (timeout,) = [each["Timeout"] for name, each in own_functions(templates) if name == "token"]
    assert LONGEST_SECONDS < timeout < 29
