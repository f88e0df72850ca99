from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.settings import (
    Environment,
    SettingsError,
    environment_names,
    load_environment,
    parse_environment,
)
from tests.fakes.environments import FROZEN, content_with, environment_with, problems_with

PROJECT = Path(__file__).resolve().parents[3]
GOOD = '[aws]\nregion = "us-east-1"\navailability_zones = ["us-east-1a", "us-east-1b"]\n'


def problem_of(name_or_path: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load_environment(name_or_path)
    (problem,) = caught.value.problems
    assert "\n" not in problem
    return problem


@pytest.mark.parametrize("name", environment_names())
def test_load_reads_every_environment(name: str) -> None:
    """Each file in environments/ is valid."""
    assert isinstance(load_environment(name), Environment)


def test_load_finds_environments_by_their_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are called what their files are called; only production needs to say that it is."""
    monkeypatch.setattr("infra.settings.load.ENVIRONMENTS", FROZEN)
    found = [load_environment(name) for name in environment_names()]
    assert [each.name for each in found] == ["dev", "local", "preview", "prod"]
    assert [each.name for each in found if each.production] == ["prod"]


def test_load_reads_a_file_anywhere(tmp_path: Path) -> None:
    """A path that ends in .toml is read as it is."""
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    assert load_environment(str(path)) == environment_with(name="mine")


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("prd", "did you mean prod? There are"),
        ("staging-9", "there are"),
        ("../environments/dev", "there are"),
        ("", "there are"),
    ],
)
def test_load_names_the_environments_there_are(
    name: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown name is answered with the known ones, and the nearest if there is one."""
    monkeypatch.setattr("infra.settings.load.ENVIRONMENTS", FROZEN)
    assert problem_of(name) == (
        f"there is no environment {name!r}; {remedy}: dev, local, preview, prod"
    )


def test_load_tells_a_missing_file() -> None:
    """A path where nothing is names the path and the reason."""
    problem = problem_of("/nowhere/at/all.toml")
    assert problem.startswith("/nowhere/at/all.toml: can't be read: No such file")


def test_load_tells_a_directory(tmp_path: Path) -> None:
    """A directory with a file's name is one line as well."""
    (tmp_path / "folder.toml").mkdir()
    assert "can't be read: Is a directory" in problem_of(str(tmp_path / "folder.toml"))


def test_load_tells_the_line_of_malformed_toml(tmp_path: Path) -> None:
    """What is no TOML is told with its line."""
    path = tmp_path / "broken.toml"
    path.write_text(GOOD + "[service\n")
    problem = problem_of(str(path))
    assert problem.startswith(f"{path}: is not TOML")
    assert "line 4" in problem


@pytest.mark.parametrize(
    "value", ["9" * 5000, "[" * 3000 + "]" * 3000], ids=["endless number", "endless nesting"]
)
def test_load_tells_what_no_parser_bears(tmp_path: Path, value: str) -> None:
    """A file that breaks the parser itself is one line as well."""
    path = tmp_path / "odd.toml"
    path.write_text(f"{GOOD}\n[engine]\ntags = {value}\n")
    assert problem_of(str(path)).startswith(f"{path}: is ")


def test_load_passes_over_a_byte_order_mark(tmp_path: Path) -> None:
    """The mark that some editors put before UTF-8 is no mistake."""
    path = tmp_path / "marked.toml"
    path.write_text(GOOD, encoding="utf-8-sig")
    assert load_environment(str(path)).name == "marked"


def test_load_tells_another_encoding(tmp_path: Path) -> None:
    """A file that isn't UTF-8 is told so."""
    path = tmp_path / "latin.toml"
    path.write_bytes(b'title = "Gr\xfc\xdfe"\n')
    assert "is not UTF-8 at byte 11; save it as UTF-8" in problem_of(str(path))


def test_load_begins_each_line_with_the_file(tmp_path: Path) -> None:
    """Several mistakes are all told, each with the file they are in."""
    path = tmp_path / "two.toml"
    path.write_text(GOOD + '[service]\ntasks = "2"\nspot = 1\n')
    with pytest.raises(SettingsError) as caught:
        load_environment(str(path))
    assert [problem.partition(" is ")[0] for problem in caught.value.problems] == [
        f"{path}: service.tasks",
        f"{path}: service.spot",
    ]


def test_load_tells_broken_rules_beside_mistakes() -> None:
    """A mistake in one value hides no contradiction elsewhere, and causes none."""
    changes = {
        "service.tasks": "2",
        "service.autoscaling.max_tasks": 2,
        "address.domain": 5,
        "address.hosted_zone_id": "Z0123456789",
        "token.cors_origins": ["https://example.com", "x"],
        "token.user_ticket": True,
    }
    assert [problem.split()[0] for problem in problems_with(changes)] == [
        "address.domain",
        "service.tasks",
        "token.cors_origins[1]",
        "token.user_ticket",
    ]


def test_load_shows_project_files_from_the_project() -> None:
    """A file of this project is named as a person would name it."""
    inside = PROJECT / "environments" / "nothing-here.toml"
    assert problem_of(str(inside)).startswith("environments/nothing-here.toml: ")


@pytest.mark.parametrize(
    ("module", "remedy"),
    [("agnet", "did you mean agent?"), ("my.own:answer", "there is no container/my/own.py; write")],
)
def test_load_tells_an_agent_that_is_not_there(module: str, remedy: str, tmp_path: Path) -> None:
    """A module that no image would hold is told before anything is built."""
    path = tmp_path / "mine.toml"
    path.write_text(f'{GOOD}[agent]\nmodule = "{module}"\n')
    assert remedy in problem_of(str(path))


@pytest.mark.parametrize("module", ["agent", "agents.order_desk:on_transcript", "order_desk"])
def test_load_finds_an_agent_that_is_there(module: str, tmp_path: Path) -> None:
    """The fork's file, a module of a package and a ready-made agent are all found."""
    path = tmp_path / "mine.toml"
    path.write_text(f'{GOOD}[agent]\nmodule = "{module}"\n')
    assert load_environment(str(path)).agent.module == module


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"service.cpuu": 256}, "service.cpuu is unknown; did you mean service.cpu?"),
    ({"cpu": 256}, "cpu is unknown; did you mean service.cpu?"),
    ({"wibble": 1}, "wibble is unknown; see docs/configuration.md"),
    ({"service.tasks": "2"}, "service.tasks is '2'; give a whole number, without quotes"),
    ({"service.tasks": True}, "service.tasks is true; give a whole number, without quotes"),
    ({"service.tasks": 1.5}, "service.tasks is 1.5; give a whole number, without quotes"),
    ({"service.tasks": 0}, "service.tasks is 0; give 1 or more"),
    ({"service.tasks": 1001}, "service.tasks is 1001; give 1000 or less"),
    ({"service.spot": "yes"}, "service.spot is 'yes'; give true or false, without quotes"),
    ({"service.agent": "echo"}, "service.agent is unknown; did you mean agent.module?"),
    ({"agent": "echo"}, "agent is 'echo'; give a table of keys"),
    ({"agent.module": 3}, "agent.module is 3; give a text, in quotes"),
    ({"agent.module": "a b"}, "agent.module is 'a b'; give a module such as agent"),
    ({"agent.module": {"name": "x"}}, "agent.module is a table; give a text, in quotes"),
    ({"agent.models": "echo"}, "agent.models is 'echo'; give a list, in brackets"),
    ({"agent.models": []}, "agent.models is a list of 0; give at least 1"),
    (
        {"agent.models": ["echo", "opnai/gpt-5.4-mini"]},
        (
            "agent.models[1] is 'opnai/gpt-5.4-mini'; give a known provider: echo, openai,"
            " openai_chat, anthropic, gemini, bedrock; did you mean openai/gpt-5.4-mini?"
        ),
    ),
    ({"agent.models": ["ecko"]}, "agent.models[0] is 'ecko'; give a known provider: echo, "),
    ({"agent.models": ["anthropic"]}, "agent.models[0] is 'anthropic'; give its model as well, su"),
    ({"agent.models": ["openai/"]}, "agent.models[0] is 'openai/'; give its model as well, such "),
    ({"agent.models": ["echo/loud"]}, "agent.models[0] is 'echo/loud'; give echo alone"),
    ({"agent.models": ["openai/a,b"]}, "agent.models[0] is 'openai/a,b'; give a model's name wit"),
    ({"agent.models": ["bedrock/arn:aws:s3:::x"]}, "agent.models[0] is 'bedrock/arn:aws:s3:::x'; "),
    ({"agent.models": ["gpt-5.4"]}, "agent.models[0] is 'gpt-5.4'; give a known provider: "),
    ({"agent.instructions": " "}, "agent.instructions is ' '; give a text, or leave it out"),
    ({"agent.instructions": "ä" * 8193}, "agent.instructions is 'ä"),
    ({"agent.instructions": "{{resolve:ssm:x}}"}, "agent.instructions is '{{resolve:ssm:x}}'; gi"),
    ({"agent.apology": "\x1b[2J"}, "agent.apology is '\\x1b[2J'; give a text without control"),
    ({"agent.temperature": 2.1}, "agent.temperature is 2.1; give 2.0 or less"),
    ({"agent.reasoning_effort": "little"}, "agent.reasoning_effort is 'little'; give 'none', 'mi"),
    ({"agent.max_tokens": 0}, "agent.max_tokens is 0; give 1 or more"),
    ({"agent.bedrock_guardrail": "gr1"}, "agent.bedrock_guardrail is 'gr1'; give id/version, su"),
    ({"agent.openai_base_url": "http://llm.example.com/v1"}, "agent.openai_base_url is 'http://"),
    (
        {"agent.openai_base_url": "https://me:secret@example.com/v1"},
        "agent.openai_base_url is an address with credentials; give an https:// address",
    ),
    ({"agent.openai_base_url": "https://x:y"}, "agent.openai_base_url is 'https://x:y'; give an "),
    ({"service.cpu": 300}, "service.cpu is 300; give 256, 512, 1024"),
    ({"service": 1}, "service is 1; give a table of keys"),
    ({"tags": ["a"]}, "tags is a list of 1; give a table of keys"),
    ({"tags.team": 1}, "tags.team is 1; give a text, in quotes"),
    ({"token.cors_origins": "x"}, "token.cors_origins is 'x'; give a list, in brackets"),
    ({"token.cors_origins": ["x"]}, "token.cors_origins[0] is 'x'; give an origin"),
    ({"conversations.idle_seconds": float("nan")}, "conversations.idle_seconds is nan; give a fin"),
    ({"conversations.first_chunk_seconds": 0}, "conversations.first_chunk_seconds is 0; give more"),
    ({"aws": None}, "aws is missing; add [aws] with region and availability_zones"),
    ({"aws.region": None}, "aws.region is missing; add region to [aws]"),
    ({"aws.region": "Frankfurt"}, "aws.region is 'Frankfurt'; give a region such as us-east-1"),
    ({"aws.availability_zones": ["us-east-1a"]}, "aws.availability_zones is a list of 1; give at"),
    ({"aws.account": 123456789012}, "aws.account is 123456789012; give a text, in quotes"),
    ({"aws.account": "12"}, "aws.account is '12'; give the 12 digits"),
    ({"budget.monthly_usd": 5}, "budget.email is missing; add email to [budget]"),
    ({"elevenlabs.host": "https://elevenlabs.io"}, "elevenlabs.host is 'https://elevenlabs.io'; "),
    ({"engine.tts.speed": 2}, "engine.tts.speed is 2; give 1.2 or less"),
    ({"engine.name": ""}, "engine.name is ''; give at least 1 character"),
    ({"engine.request_headers.X-A": 1}, "engine.request_headers.X-A is 1; give a text, { variable"),
    (
        {"engine.request_headers.X-A": {"variable": "x"}},
        "engine.request_headers.X-A.secret_id is missing; add secret_id to",
    ),
    ({"network.cidr": "10.0.0.0/255.255.0.0"}, "network.cidr is '10.0.0.0/255.255.0.0'; give"),
    ({"network.cidr": "10.20.1.0/16"}, "network.cidr is '10.20.1.0/16'; give a block"),
    ({"network.cidr": "10.0.0.0/8"}, "network.cidr is '10.0.0.0/8'; give a block"),
    ({"network.cidr": "10.0.0.0/24"}, "network.cidr is '10.0.0.0/24'; give a block"),
    (
        {"transcripts.redaction_locales": ["en_US", "de_XX"]},
        "transcripts.redaction_locales[1] is 'de_XX'; give the code of a territory",
    ),
    (
        {"transcripts.redaction_locales": ["xx_DE"]},
        "transcripts.redaction_locales[0] is 'xx_DE'; give a language whose digits are understood",
    ),
    ({"name": "Not Small"}, "name is 'Not Small'; give small letters"),
    ({"agent.module": "a\nb" * 999}, "agent.module is 'a\\nba"),
]


@pytest.mark.parametrize(("changes", "told"), MISTAKES)
def test_load_tells_a_mistake_in_plain_words(changes: dict[str, Any], told: str) -> None:
    """A value that can't be used is told by key, value and remedy, on one short line."""
    problem = problems_with(changes)[0]
    assert problem.startswith(told)
    assert "\n" not in problem
    assert len(problem) < 250


def test_load_makes_an_environment_that_nobody_changes() -> None:
    """Settings are frozen: no stack can change them for the next one."""
    environment = environment_with()
    with pytest.raises(ValueError, match="frozen"):
        environment.service.tasks = 2


def test_load_takes_a_name_from_the_file() -> None:
    """A copy of a file under another path can keep its environment's name."""
    assert parse_environment({**content_with(), "name": "other"}, name="copy").name == "other"


def test_load_is_free_of_the_cdk() -> None:
    """Commands read settings without the CDK, which takes seconds to import."""
    program = (
        "import sys, infra.settings, infra.settings.placeholders, infra.settings.timing;"
        "print([name for name in ('aws_cdk', 'jsii', 'boto3') if name in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert ended.stdout == "[]\n"


def test_load_defaults_to_the_smallest_deployment() -> None:
    """A file with a place alone is one small task, without anything that is billed by the hour."""
    environment = environment_with()
    assert isinstance(environment, Environment)
    assert (environment.service.cpu, environment.service.memory_mib) == (256, 512)
    assert (environment.service.tasks, environment.network.nat_gateways) == (1, 0)
    assert (environment.waf, environment.budget) == (None, None)
