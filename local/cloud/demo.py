"""The demo's story from the first process to the last: deploy, talk, change, destroy.

Owns the order of things and what each step proves. How each is done is next door.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform as machine
import secrets
import sys
import tomllib
from typing import TYPE_CHECKING, Any

from local.cloud.address import Address
from local.cloud.checks import ask_token_api, find_leftovers, read_site, read_transcript
from local.cloud.deployed import Deployed
from local.cloud.emulator import Account, Emulator
from local.cloud.errors import CloudError
from local.cloud.proof import Proof
from local.cloud.settings_file import write_settings
from local.cloud.tasks import ProcessTasks
from local.cloud.toolkit import Toolkit
from local.platform import Platform
from local.platform.rest.models import ListQuery

if TYPE_CHECKING:
    from pathlib import Path

    from local.cloud.options import Options
    from local.cloud.progress import Progress

FOUNDATION, REALTIME, API, SITE = (
    f"SpeechEngine-local-{part}" for part in ("Foundation", "Realtime", "Api", "Site")
)
_LOAD_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_BUCKET = "AWS::S3::Bucket"
_TEXTS = ("Hello from the demo", "And goodbye")
_CHANGES = {"conversations.max_conversations": 123, "engine.language": "de"}


class Demo:
    """One run. `folder` holds all that it writes."""

    def __init__(self, options: Options, folder: Path, progress: Progress) -> None:
        self._options = options
        self._folder = folder
        self._progress = progress
        self._proof = Proof()
        self._source = options.checkout / "environments" / "local.toml"
        self._account = _read_account(self._source)
        self._address = Address(folder)
        self._platform = Platform(
            api_key=f"sk_test_{secrets.token_hex(16)}", upstream_ssl=self._address.authority
        )
        self._emulator = Emulator(
            folder=folder,
            python=options.checkout / ".venv-cloud" / "bin" / "python",
            checkout=options.checkout,
            account=self._account,
            docker_host=options.docker_host,
        )

    async def run(self) -> Proof:
        """Run everything; whatever happens, nothing is left running. Raises CloudError."""
        async with contextlib.AsyncExitStack() as ending:
            await self._start(ending)
            await self._deploy()
            engine_id = await self._talk()
            await self._change(engine_id)
            await self._destroy()
        _check_processes()
        self._proof.add("nothing is left", "no stack, table, secret, engine or process")
        return self._proof

    async def _start(self, ending: contextlib.AsyncExitStack) -> None:
        with self._progress.step("Start the ElevenLabs simulator and the AWS emulator"):
            ending.push_async_callback(self._address.close)
            await ending.enter_async_context(self._platform)
            await ending.enter_async_context(self._emulator)
            self._progress.note(f"ElevenLabs at {self._platform.url}")
            self._progress.note(f"AWS at {self._emulator.endpoint}")
        self._deployed = Deployed(self._account, self._emulator.endpoint)
        self._toolkit = Toolkit(
            checkout=self._options.checkout,
            folder=self._folder,
            variables={
                **self._account.variables(self._emulator.endpoint),
                "CDK_DOCKER": str(self._options.checkout / "local/cloud/images/none.sh"),
            },
            on_progress=self._progress.stack,
        )
        self._tasks = ProcessTasks(
            deployed=self._deployed,
            checkout=self._options.checkout,
            folder=self._folder,
            variables=self._account.variables(self._emulator.endpoint),
            on_targets=self._follow_targets,
        )
        ending.push_async_callback(self._tasks.stop)

    async def _deploy(self) -> None:
        with self._progress.step("Bootstrap the account and synthesize the stacks"):
            _, self._assembly = await asyncio.gather(
                self._toolkit.bootstrap(self._account.number, self._account.region),
                self._synthesize({}),
            )
        with self._progress.step("Deploy what outlives everything else"):
            await self._toolkit.deploy(self._assembly, FOUNDATION)
        with self._progress.step("Put the API key into its secret"):
            arn = (await self._outputs(FOUNDATION))["ApiKeySecretArn"]
            await asyncio.to_thread(self._deployed.put_secret, arn, self._platform.api_key)
        with self._progress.step("Deploy the rest"):
            await self._toolkit.deploy(self._assembly, "--all")
        self._proof.add("the stacks deploy", "4, by the CDK's own CLI, through change sets")
        with self._progress.step("Run what the task definition says"):
            await self._run_tasks()
        self._proof.add(
            "the task definition runs",
            "its command, environment and secrets, as a process: no Docker engine was given",
        )

    async def _talk(self) -> str:
        """Go the way of a browser; returns the engine's id."""
        outputs = await self._outputs(API)
        engine_id = outputs["EngineId"]
        with self._progress.step("Read the site in its bucket"):
            bucket = await asyncio.to_thread(self._deployed.resource, SITE, _BUCKET)
            config = await asyncio.to_thread(read_site, self._deployed, bucket)
            _expect("the site's config.json names the engine", config.get("engineId"), engine_id)
        self._proof.add("the site is in its bucket", f"index.html, config.json with {engine_id}")
        with self._progress.step("Get a token and a signed URL through the HTTP API"):
            token_url = outputs["TokenUrl"]
            await self._ask(token_url, "/api/token")
            signed_url = (await self._ask(token_url, "/api/signed-url"))["signedUrl"]
        self._proof.add("the token function answers", "token and signed URL, with the secret's key")
        await self._converse(signed_url)
        return engine_id

    async def _converse(self, signed_url: str) -> None:
        with self._progress.step("Talk, by ElevenLabs' own client"):
            from local.cloud.conversation import converse

            conversation_id, answers = await asyncio.to_thread(
                converse, self._platform.url, signed_url, list(_TEXTS)
            )
            for text, answer in zip(_TEXTS, answers, strict=True):
                self._progress.note(f'said "{text}", heard "{answer}"')
        self._proof.add(
            "a conversation goes through",
            f"wss://localhost:{self._address.port}/ws, certificate checked ({self._address.kind})",
        )
        with self._progress.step("Read the transcript back from the table"):
            table = (await self._outputs(FOUNDATION))["TranscriptTable"]
            items = await read_transcript(
                self._deployed, table, conversation_id, messages=2 * len(_TEXTS)
            )
        self._proof.add("the transcript is in the table", f"{len(items)} items, read by boto3")

    async def _change(self, engine_id: str) -> None:
        with self._progress.step(f"Deploy a change: {', '.join(_CHANGES)}"):
            self._assembly = await self._synthesize(_CHANGES)
            await self._toolkit.deploy(self._assembly, "--all")
            await self._run_tasks()
        outputs = await self._outputs(API)
        _expect("the engine's id", outputs["EngineId"], engine_id)
        engine = self._platform.workspace.engines.get(engine_id)
        _expect("the engine's language", engine.settings.language, _CHANGES["engine.language"])
        signed_url = (await self._ask(outputs["TokenUrl"], "/api/signed-url"))["signedUrl"]
        await self._converse(signed_url)
        self._proof.add("a change is an update", f"new task, the engine is still {engine_id}")

    async def _destroy(self) -> None:
        with self._progress.step("Destroy everything"):
            await self._tasks.stop()
            await self._toolkit.destroy(self._assembly, "--all")
            left = await asyncio.to_thread(find_leftovers, self._deployed)
            engines, _ = self._platform.workspace.engines.page(ListQuery())
            left += [f"engine {engine.id}" for engine in engines]
            if left:
                raise CloudError(f"destroyed, and still there: {', '.join(left)}")

    async def _synthesize(self, changes: dict[str, Any]) -> Path:
        settings = self._folder / "local.toml"
        architecture = _architecture()
        own = {
            "elevenlabs.host": self._platform.url,
            "address.https_port": self._address.port,
            "service.architecture": architecture,
            "functions.architecture": architecture,
            # Functions run in the emulator's Python, which is this one.
            "functions.python": f"{sys.version_info.major}.{sys.version_info.minor}",
        }
        write_settings(self._source, settings, {**own, **changes})
        app = f"{sys.executable} {self._options.checkout / 'app.py'}"
        return await self._toolkit.synthesize(app, f"env={settings}")

    async def _run_tasks(self) -> None:
        outputs = await self._outputs(REALTIME)
        await self._tasks.follow(outputs["ClusterName"], outputs["ServiceName"])

    async def _follow_targets(self) -> None:
        arn = await asyncio.to_thread(self._deployed.resource, REALTIME, _LOAD_BALANCER)
        await self._address.follow(self._deployed, arn)

    async def _ask(self, token_url: str, path: str) -> dict[str, str]:
        return await ask_token_api(self._emulator.endpoint, token_url, path)

    async def _outputs(self, stack: str) -> dict[str, str]:
        return await asyncio.to_thread(self._deployed.outputs, stack)


def _read_account(file: Path) -> Account:
    aws = tomllib.loads(file.read_text(encoding="utf-8"))["aws"]
    return Account(number=aws["account"], region=aws["region"])


def _architecture() -> str:
    return "arm64" if machine.machine() in {"arm64", "aarch64"} else "x86_64"


def _expect(what: str, seen: object, promised: object) -> None:
    if seen != promised:
        raise CloudError(f"{what} is {seen}, not {promised}")


def _check_processes() -> None:
    """Raise CloudError when a child of this process is still there."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
        raise CloudError("a process that this run started is still there")
