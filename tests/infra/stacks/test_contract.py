"""Holds what stacks set and what programs read together, from both ends."""

from __future__ import annotations

import ast
import itertools
import string
from pathlib import Path
from typing import Any, get_args

import pytest

from agents.prompt import REASONING_EFFORTS
from agents.providers.registry import PROVIDERS as SERVER_PROVIDERS
from functions.token.settings import variable_names as token_variables
from infra.settings import Environment, timing
from infra.settings.agent import READY_MADE, ReasoningEffort
from infra.settings.locales import LANGUAGES, TERRITORIES
from infra.settings.providers import PROVIDERS
from infra.settings.transcripts import OWN_KINDS
from service.agent_module import READY_MADE as SERVER_READY_MADE
from service.redaction.languages import LANGUAGES as SERVER_LANGUAGES
from service.redaction.phones import is_territory
from service.redaction.redactor import KINDS
from service.settings import Settings, read_settings
from service.settings import variable_names as server_variables
from tests.fakes.environments import environment_with
from tests.fakes.stacks import GUARDED, Stacks, StackShelf

FUNCTIONS = Path(__file__).parents[3] / "functions"
MODEL_KEYS = ("OPENAI_API_KEY", "OPENAI_CHAT_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY")
SECRETS = {
    "ELEVENLABS_API_KEY": "sk_test_0123456789",
    "SPEECH_ENGINE_HEADER_SECRET": '{"current": "test-header-secret"}',
    **{name: f'{{"current": "sk_test_{name}"}}' for name in MODEL_KEYS},
}
# What the server could be told and is not, and why its default is right in a task.
LEFT_TO_THE_SERVER = {
    "ANTHROPIC_BASE_URL": "the provider's own",
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "AWS's own",
    "GEMINI_BASE_URL": "the provider's own",
    "SPEECH_ENGINE_DEBUG_TRANSCRIPTS": "words reach a log by hand only",
    "SPEECH_ENGINE_DISABLE_AUTH": "never in a task",
    "SPEECH_ENGINE_INIT_SECONDS": "the platform's pace, not an environment's",
    "SPEECH_ENGINE_KEEPALIVE_SECONDS": "the balancer's patience is made for it",
    "SPEECH_ENGINE_LOG_FORMAT": "a log service reads JSON",
    "SPEECH_ENGINE_MAX_FRAME_BYTES": "bounds memory, whatever the environment",
    "SPEECH_ENGINE_MAX_HISTORY_MESSAGES": "bounds memory, whatever the environment",
    "SPEECH_ENGINE_MAX_THREADS": "for agents that are not async",
    "SPEECH_ENGINE_UVLOOP": "in the image, so it is used",
}
LEFT_TO_THE_TOKEN_FUNCTION = {
    "KEY_CACHE_SECONDS": "its default is the bound that is documented",
    "LOG_LEVEL": "its default suits every environment",
    "USER_TICKET_SECONDS": "its default is the bound that is documented",
}


@pytest.fixture(scope="session")
def environment() -> Environment:
    return environment_with(GUARDED)


@pytest.fixture(scope="session")
def made(environment: Environment, stacks: StackShelf) -> Stacks:
    return stacks(environment)


def server_container(made: Stacks) -> dict[str, Any]:
    (container,) = made.part("Realtime").only("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    assert isinstance(container, dict)
    return container


def told_to_the_server(made: Stacks) -> dict[str, str]:
    """The task's plain variables; what another stack exports is a name of this test."""
    told = {each["Name"]: each["Value"] for each in server_container(made)["Environment"]}
    return {name: value if isinstance(value, str) else "table" for name, value in told.items()}


@pytest.fixture(scope="session")
def settings(made: Stacks) -> Settings:
    """What the server makes of its task: a name or value that it can't use fails here."""
    return read_settings({**told_to_the_server(made), **SECRETS})


def test_server_is_told_everything_it_reads_but_the_listed_rest(made: Stacks) -> None:
    """A setting that the server gains is set by the stack, or listed with its reason."""
    secrets = {each["Name"] for each in server_container(made)["Secrets"]}
    assert secrets == set(SECRETS)
    assert told_to_the_server(made).keys() | secrets | LEFT_TO_THE_SERVER.keys() == set(
        server_variables()
    )
    assert told_to_the_server(made).keys().isdisjoint(LEFT_TO_THE_SERVER)


def test_server_reads_what_the_environment_says(
    settings: Settings, environment: Environment
) -> None:
    """Each value arrives where it was meant to, in the server's own units."""
    limits, conversations = settings.limits, environment.conversations
    assert limits.max_conversations == conversations.max_conversations
    assert limits.first_chunk_seconds == conversations.first_chunk_seconds
    assert limits.idle_seconds == conversations.idle_seconds
    assert limits.conversation_seconds == timing.conversation_seconds(environment)
    assert settings.stop_grace_seconds == conversations.stop_grace_seconds
    assert (settings.agent, settings.log_level) == ("echo:answer", "warning")
    assert settings.environment == environment.name
    assert settings.transcript_table == "table"
    assert (settings.transcript_days, settings.transcript_shards) == (45, 9)
    assert settings.transcript_text == "drop"
    transcripts = environment.transcripts
    assert settings.transcript_buffer_mib == transcripts.buffer_mib
    assert settings.transcript_redaction == transcripts.redaction
    assert list(settings.transcript_redaction_locales) == transcripts.redaction_locales
    assert settings.transcript_redaction_patterns == transcripts.redaction_patterns


def test_server_and_settings_know_the_same_kinds_to_redact() -> None:
    """A name that is taken at one end is taken at the other."""
    assert OWN_KINDS == KINDS


def test_server_and_settings_know_the_same_locales() -> None:
    """A language or a territory that is refused at one end is refused at the other."""
    assert sorted(SERVER_LANGUAGES) == list(LANGUAGES)
    codes = map("".join, itertools.product(string.ascii_uppercase, repeat=2))
    assert {code for code in codes if is_territory(code)} == TERRITORIES


def test_server_asks_the_models_of_the_environment(
    settings: Settings, environment: Environment
) -> None:
    """Models, manner and sentences arrive as they were written."""
    told, agent = settings.assistant, environment.agent
    assert [str(name) for name in told.models] == agent.models
    assert (told.instructions, told.language) == (agent.instructions, "pt-br")
    assert (told.temperature, told.max_tokens, told.reasoning_effort) == (0.5, 300, "minimal")
    assert (told.filler, told.apology) == (agent.filler, agent.apology)
    assert told.first_words_seconds == 1.25


def test_server_reaches_providers_as_the_environment_says(
    settings: Settings, environment: Environment
) -> None:
    """Each provider has its own key; addresses, region and guardrail are the settings'."""
    accesses = settings.assistant.accesses
    keys = [accesses[name].api_key for name in ("openai", "openai_chat", "anthropic", "gemini")]
    assert keys == [f"sk_test_{name}" for name in MODEL_KEYS]
    assert accesses["openai"].base_url == environment.agent.openai_base_url
    assert accesses["openai_chat"].base_url == environment.agent.openai_chat_base_url
    assert accesses["bedrock"].region == environment.aws.region
    assert accesses["bedrock"].guardrail == ("gr1a2b3c", "DRAFT")


def test_server_and_settings_know_the_same_providers() -> None:
    """Names, groups of packages, keys and examples are the same at both ends."""
    assert {
        name: (each.packages, each.key.variable if each.key else None, each.example)
        for name, each in PROVIDERS.items()
    } == {
        name: (each.packages, each.key_variable, each.example)
        for name, each in SERVER_PROVIDERS.items()
    }


def test_server_and_settings_know_the_same_ready_made_agents() -> None:
    """What needs no file in the fork is the same at both ends."""
    assert READY_MADE == SERVER_READY_MADE


def test_server_and_settings_know_the_same_efforts() -> None:
    """A word for how long a model may think is the same at both ends."""
    assert get_args(ReasoningEffort) == REASONING_EFFORTS


def test_server_stands_where_the_balancer_looks(settings: Settings, made: Stacks) -> None:
    """Port and path of the server are those of port mapping, target group and rule."""
    realtime = made.part("Realtime")
    (port,) = server_container(made)["PortMappings"]
    (group,) = realtime.properties("AWS::ElasticLoadBalancingV2::TargetGroup")
    assert settings.port == port["ContainerPort"] == group["Port"]
    (condition,) = realtime.only("AWS::ElasticLoadBalancingV2::ListenerRule")["Conditions"]
    assert condition["PathPatternConfig"]["Values"] == [settings.ws_path]
    assert settings.host == "0.0.0.0"


def test_engine_sends_the_headers_that_the_server_expects(settings: Settings, made: Stacks) -> None:
    """Names of the secret's and the id's header are the same at both ends."""
    engine = made.part("Api").only("Custom::SpeechEngine")
    assert engine["HeaderName"] == settings.header_name
    assert engine["IdHeader"] == settings.engine_id_header


def test_token_function_is_told_everything_it_reads_but_the_listed_rest(made: Stacks) -> None:
    """A variable that the function gains is set by the stack, or listed with its reason."""
    function = made.part("Api").named("TokenFunction", "AWS::Lambda::Function")
    told = set(function["Environment"]["Variables"])
    assert told | LEFT_TO_THE_TOKEN_FUNCTION.keys() == set(token_variables())
    assert told.isdisjoint(LEFT_TO_THE_TOKEN_FUNCTION)


def test_engine_function_is_told_what_it_reads(made: Stacks) -> None:
    """Each name that its source takes from the environment is set, and no other."""
    function = made.part("Api").named("EngineFunction", "AWS::Lambda::Function")
    assert set(function["Environment"]["Variables"]) == names_read("engine", "environ")


@pytest.mark.parametrize(
    ("function", "part", "kind"),
    [
        ("engine", "Api", "Custom::SpeechEngine"),
        ("key_gate", "Realtime", "Custom::KeyGate"),
        ("origin_access", "Realtime", "Custom::OriginAccess"),
    ],
)
def test_custom_resources_have_the_properties_that_functions_read(
    function: str, part: str, kind: str, made: Stacks
) -> None:
    """Each property is read by the function behind it, and what is read is there."""
    for properties in made.part(part).properties(kind):
        told = set(properties) - {"ServiceToken", "ServiceTimeout"}
        assert told == names_read(function, "request")


def names_read(function: str, source: str) -> set[str]:
    """Literal names that a function's code takes from `environ`, or from its `request`."""
    trees = [ast.parse(path.read_text()) for path in (FUNCTIONS / function).glob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    return {name for node in nodes if (name := _name_read(node, source))}


def _name_read(node: ast.AST, source: str) -> str | None:
    """`os.environ["X"]`, `request.text("X")`, `request.properties.get("X")`."""
    if source == "environ" and isinstance(node, ast.Subscript):
        taken_from, key = node.value, node.slice
    elif source == "request" and isinstance(node, ast.Call) and node.args:
        taken_from, key = node.func, node.args[0]
    else:
        return None
    wanted = {"environ": (".environ",), "request": (".text", ".properties.get")}[source]
    fits = f".{ast.unparse(taken_from)}".endswith(wanted)
    return str(key.value) if fits and isinstance(key, ast.Constant) else None
