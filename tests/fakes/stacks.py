"""Synthesized stacks for tests, made once for each environment however many processes ask.

Synthesis starts a Node process and takes seconds, so what it made is kept as JSON beside a lock;
only the process that synthesizes imports the CDK.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infra.settings import Environment

CDK_JSON = Path(__file__).parents[2] / "cdk.json"

Resource = dict[str, Any]

# Changes to the smallest environment, for `environment_with`: whatever reaches a program, and the
# other way wherever the settings of Api and Site offer two. One variant for many tests, because a
# synthesis takes seconds.
GUARDED: dict[str, Any] = {
    "alarms.email": "oncall@example.com",
    "agent.apology": "Sorry, please try again.",
    "agent.bedrock_guardrail": "gr1a2b3c/DRAFT",
    "agent.filler": "One moment …",
    "agent.first_words_seconds": 1.25,
    "agent.instructions": "Be brief.\nNever say “{}”, $HOME or 100%.",
    "agent.max_tokens": 300,
    "agent.models": [
        "bedrock/us.amazon.nova-lite-v1:0",
        "openai/gpt-5.4-mini",
        "openai_chat/meta/llama-3.3",
        "anthropic/claude-haiku-5-5",
        "gemini/gemini-3.1-flash-lite",
    ],
    "agent.module": "echo:answer",
    "agent.openai_base_url": "https://one.example.org:8443/v1",
    "agent.openai_chat_base_url": "https://two.example.org/v1",
    "agent.reasoning_effort": "minimal",
    "agent.temperature": 0.5,
    "conversations.first_chunk_seconds": 1.5,
    "conversations.idle_seconds": 120,
    "conversations.max_conversations": 7,
    "conversations.stop_grace_seconds": 60,
    "data.retain": True,
    "elevenlabs.host": "https://api.eu.residency.elevenlabs.io",
    "engine.conversation.max_duration_seconds": 120,
    "engine.language": "pt-br",
    "engine.on_key_refused": "orphan",
    "engine.privacy.record_voice": False,
    "engine.request_headers": {"X-Plan": "gold"},
    "engine.tts.stability": 0.25,
    "functions.log_days": 90,
    "functions.memory_mib": 1024,
    "service.log_level": "warning",
    "site.first_message": "Hello!",
    "token.burst": 9,
    "token.cors_origins": ["https://app.example.com"],
    "token.jwt.audience": ["voice", "admin"],
    "token.jwt.issuer": "https://auth.example.com/",
    "token.jwt.scopes": ["talk"],
    "token.requests_per_second": 7,
    "token.snap_start": True,
    "token.user_ticket": True,
    "transcripts.api": True,
    "transcripts.api_scope": "transcripts:read",
    "transcripts.buffer_mib": 8,
    "transcripts.days": 45,
    "transcripts.redaction_locales": ["de_DE", "en_GB"],
    "transcripts.redaction_patterns": {"order": r"ORD-\d{6}", "quote": r"[\"'“,]{1,3}x"},
    "transcripts.shards": 9,
    "transcripts.text": "drop",
}


@dataclass(frozen=True)
class Template:
    """One stack's template."""

    content: dict[str, Any]

    @property
    def text(self) -> str:
        return json.dumps(self.content)

    @property
    def outputs(self) -> dict[str, Any]:
        return {name: each["Value"] for name, each in self.content.get("Outputs", {}).items()}

    def resources(self, kind: str | None = None) -> dict[str, Resource]:
        """Resources by logical id, all or those of one type."""
        found: dict[str, Resource] = self.content.get("Resources") or {}
        return {name: each for name, each in found.items() if kind in (None, each["Type"])}

    def properties(self, kind: str) -> list[dict[str, Any]]:
        return [each.get("Properties", {}) for each in self.resources(kind).values()]

    def only(self, kind: str) -> dict[str, Any]:
        """The properties of the one resource of that type."""
        (properties,) = self.properties(kind)
        return properties

    def named(self, prefix: str, kind: str) -> dict[str, Any]:
        """The properties of the one resource of that type whose logical id begins so."""
        found: list[dict[str, Any]] = [
            each.get("Properties", {})
            for name, each in self.resources(kind).items()
            if name.startswith(prefix)
        ]
        (properties,) = found
        return properties


@dataclass(frozen=True)
class Image:
    """What an image is built from: build arguments, and the lock files in its context."""

    arguments: dict[str, str]
    locks: list[str]


@dataclass(frozen=True)
class Stacks:
    """The templates of one environment by part: Foundation, Realtime, Api, Site.

    `needs` says which parts are deployed before each, `images` what each image is built from,
    `protected` which stacks refuse to be deleted, `lookups` what an account would be asked for.
    """

    templates: dict[str, Template]
    needs: dict[str, set[str]]
    images: list[Image]
    protected: set[str]
    lookups: list[str]

    def part(self, name: str) -> Template:
        return self.templates[name]


class StackShelf:
    """Synthesizes environments at most once among all processes that share `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, Stacks] = {}

    def __call__(self, environment: Environment) -> Stacks:
        content = environment.model_dump_json()
        key = hashlib.sha256(content.encode()).hexdigest()[:16]
        if key not in self._known:
            self._known[key] = self._fetch(self._folder / f"{key}.json", environment)
        return self._known[key]

    def _fetch(self, file: Path, environment: Environment) -> Stacks:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / f"{file.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not file.exists():
                file.write_text(json.dumps(synthesize(environment)), encoding="utf-8")
        parts = json.loads(file.read_text(encoding="utf-8"))
        return Stacks(
            templates={part: Template(each["template"]) for part, each in parts.items()},
            needs={part: set(each["needs"]) for part, each in parts.items()},
            images=[Image(**image) for each in parts.values() for image in each["images"]],
            protected={part for part, each in parts.items() if each["protected"]},
            lookups=[key for each in parts.values() for key in each["lookups"]],
        )


def synthesize(environment: Environment) -> dict[str, Any]:
    """Template and needs of each part. Fails as `cdk synth` does, at a finding too."""
    os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")
    # The CDK's own checks of templates take five seconds each time; cfn-lint knows more.
    os.environ.setdefault("CDK_VALIDATION", "false")
    import aws_cdk as cdk

    from infra.app import synthesize

    with tempfile.TemporaryDirectory() as folder:
        context = json.loads(CDK_JSON.read_text(encoding="utf-8"))["context"]
        app = cdk.App(outdir=folder, context=context, analytics_reporting=False)
        stacks = synthesize(app, environment).stacks
        manifest = json.loads((Path(folder) / "manifest.json").read_text(encoding="utf-8"))
        lookups = [each["key"] for each in manifest.get("missing", [])]
        names = {stack.id for stack in stacks}
        return {
            _part(stack.id): {
                "template": stack.template,
                # A stack also depends on its assets, which are no stacks.
                "needs": [_part(each.id) for each in stack.dependencies if each.id in names],
                "images": _images(Path(folder), stack.id),
                "protected": bool(stack.termination_protection),
                "lookups": lookups,
            }
            for stack in stacks
        }


def _images(assembly: Path, stack_name: str) -> list[dict[str, Any]]:
    manifest = json.loads((assembly / f"{stack_name}.assets.json").read_text(encoding="utf-8"))
    sources = [image["source"] for image in manifest["dockerImages"].values()]
    return [
        {
            "arguments": source.get("dockerBuildArgs", {}),
            "locks": sorted(
                path.name for path in (assembly / source["directory"] / "requirements").iterdir()
            ),
        }
        for source in sources
    ]


def _part(stack_name: str) -> str:
    return stack_name.rsplit("-", 1)[-1]
