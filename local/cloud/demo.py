"""The demo's story from the first process to the last: deploy, talk, change, destroy.

Owns the order of things and what each step proves. How each is done is next door.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from shlex import quote
from typing import TYPE_CHECKING, Any

from local.cloud.checks import (
    BOOTSTRAP_STACK,
    ask_token_api,
    expect,
    find_leftovers,
    read_site,
    read_transcript,
    wait_for_enter,
)
from local.cloud.cloud import API, FOUNDATION, SITE, Cloud, open_cloud
from local.cloud.errors import CloudError
from local.cloud.proof import Proof
from local.cloud.speechctl import Speechctl
from local.cloud.transcripts import check_exports, check_reading, delete, restore
from local.platform.rest.models import ListQuery

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path

    from functions.transcripts.reader import Conversation
    from local.cloud.options import Options
    from local.cloud.progress import Progress

_BUCKET = "AWS::S3::Bucket"
_TEXTS = ("Hello from the demo", "And goodbye")
_LANGUAGE = "de"
_CHANGES = {"conversations.max_conversations": 123, "engine.language": _LANGUAGE}


async def run_demo(options: Options, folder: Path, progress: Progress) -> Proof:
    """Run everything; whatever happens, nothing is left running. Raises CloudError.

    `folder` holds all that is written.
    """
    proof = Proof()
    async with contextlib.AsyncExitStack() as ending:
        with progress.step("Start the ElevenLabs simulator and the AWS emulator"):
            cloud = await ending.enter_async_context(open_cloud(options, folder, progress.stack))
            progress.note(f"ElevenLabs at {cloud.platform.url}, AWS at {cloud.emulator.endpoint}")
        demo = _Demo(cloud, progress, proof)
        await demo.deploy()
        engine_id = await demo.visit()
        await demo.talk()
        await demo.change(engine_id)
        if options.stay:
            await demo.stay()
        await demo.destroy()
    _check_processes()
    proof.add("nothing is left", "in AWS, at ElevenLabs or on this machine")
    return proof


class _Demo:
    def __init__(self, cloud: Cloud, progress: Progress, proof: Proof) -> None:
        self._cloud = cloud
        self._progress = progress
        self._proof = proof

    async def deploy(self) -> None:
        cloud, account = self._cloud, self._cloud.account
        with self._progress.step("Bootstrap the account and synthesize the stacks"):
            bootstrap = cloud.toolkit.bootstrap(account.number, account.region)
            await _do_both(bootstrap, cloud.synthesize({}))
        with self._progress.step("Deploy what outlives everything else"):
            await cloud.toolkit.deploy(FOUNDATION)
        with self._progress.step("Put the API key into its secret"):
            arn = (await cloud.outputs(FOUNDATION))["ApiKeySecretArn"]
            await asyncio.to_thread(cloud.deployed.put_secret, arn, cloud.platform.api_key)
        with self._progress.step("Deploy the rest"):
            await cloud.toolkit.deploy()
        names = set(await asyncio.to_thread(cloud.deployed.stacks)) - {BOOTSTRAP_STACK}
        self._proof.add("the stacks deploy", f"{len(names)}, by the CDK's CLI, in change sets")
        with self._progress.step("Run what the task definition says"):
            await cloud.follow_service()
            self._progress.note(cloud.how_tasks_run)
        self._proof.add("the task definition runs", cloud.how_tasks_run)

    async def visit(self) -> str:
        """Look at what a browser gets first; returns the engine's id."""
        cloud = self._cloud
        outputs = await cloud.outputs(API)
        engine_id = outputs["EngineId"]
        with self._progress.step("Read the site in its bucket"):
            bucket = await asyncio.to_thread(cloud.deployed.resource, SITE, _BUCKET)
            config = await asyncio.to_thread(read_site, cloud.deployed, bucket)
            expect("the engine in the site's config.json", config.get("engineId"), engine_id)
        self._proof.add("the site is in its bucket", f"index.html, config.json with {engine_id}")
        with self._progress.step("Get a token through the HTTP API"):
            await self._ask("/api/token")
        self._proof.add("the token function answers", "with the key that is in the secret")
        return engine_id

    async def talk(self) -> None:
        conversation_id = await self._converse()
        address = self._cloud.address
        self._proof.add(
            "a conversation goes through",
            f"by ElevenLabs' own client and wss://localhost:{address.port}/ws ({address.kind}),"
            " certificate checked",
        )
        with self._progress.step("Read the transcript back from the table"):
            table = (await self._cloud.outputs(FOUNDATION))["TranscriptTable"]
            conversation = await read_transcript(
                self._cloud.deployed, table, conversation_id, messages=2 * len(_TEXTS)
            )
            outcomes = [message.outcome for message in conversation.messages if message.outcome]
            expect("how the answers ended", outcomes, ["complete"] * len(_TEXTS))
        self._proof.add(
            "the transcript is in the table",
            f"{len(conversation.messages)} messages, listed by day, read as the read API does",
        )
        await self._use_speechctl(conversation)

    async def _use_speechctl(self, conversation: Conversation) -> None:
        """Read, export, delete and restore a conversation as a person would."""
        cloud, progress, name = self._cloud, self._progress, conversation.conversation_id
        speechctl = Speechctl(
            checkout=cloud.options.checkout,
            environment=cloud.environment,
            variables=self._variables(),
        )
        with progress.step("Read and export it with speechctl"):
            await check_reading(speechctl, conversation)
            rows = await check_exports(speechctl, conversation, cloud.folder)
        self._proof.add("speechctl reads it", f"speechctl transcripts list; show {name}")
        self._proof.add("speechctl exports it", f"{rows} rows of JSON Lines, {rows} of CSV")
        with progress.step("Delete it, and restore it from ElevenLabs' record"):
            items, refusal = await delete(speechctl, conversation)
            progress.note(f"{items} items deleted; show now says: {refusal}")
            record = cloud.platform.workspace.conversations[name].record
            said = [(message.role, message.text) for message in record.messages]
            messages = await restore(speechctl, name, said)
        self._proof.add("speechctl deletes it", f"{items} items, and none is left")
        self._proof.add(
            "speechctl restores it",
            f"{messages} messages of ElevenLabs' record, asked for with the key in the secret",
        )

    def _variables(self) -> dict[str, str]:
        return self._cloud.account.variables(self._cloud.emulator.endpoint)

    async def stay(self) -> None:
        """Tell how to look around, and wait for Enter or a signal."""
        with self._progress.step("Stay until Enter"):
            named = [f"{name}={quote(value)}" for name, value in self._variables().items()]
            environment = quote(str(self._cloud.environment))
            self._progress.show(
                *(f"export {each}" for each in named),
                f"./speechctl transcripts list -e {environment}",
            )
            await wait_for_enter()

    async def change(self, engine_id: str) -> None:
        cloud = self._cloud
        with self._progress.step(f"Deploy a change of {' and '.join(_CHANGES)}"):
            await cloud.synthesize(_CHANGES)
            await cloud.toolkit.deploy()
            await cloud.follow_service()
            expect("the engine's id", (await cloud.outputs(API))["EngineId"], engine_id)
            engine = cloud.platform.workspace.engines.get(engine_id)
            expect("the engine's language", engine.settings.language, _LANGUAGE)
            self._progress.note(f"the engine is still {engine_id}")
        await self._converse()
        self._proof.add("a change is an update", f"a new task talks, the engine is {engine_id}")

    async def destroy(self) -> None:
        cloud = self._cloud
        with self._progress.step("Destroy everything"):
            await cloud.tasks.stop()
            await cloud.toolkit.destroy()
            left = await asyncio.to_thread(find_leftovers, cloud.deployed)
            left += await cloud.find_containers()
            engines, _ = cloud.platform.workspace.engines.page(ListQuery())
            left += [f"engine {engine.id}" for engine in engines]
            if left:
                raise CloudError(f"destroyed, and still there: {', '.join(left)}")

    async def _converse(self) -> str:
        """Talk as a browser would, with a fresh signed URL; returns the conversation's id."""
        with self._progress.step("Talk"):
            from local.cloud.conversation import converse

            signed_url = (await self._ask("/api/signed-url"))["signedUrl"]
            conversation_id, answers = await asyncio.to_thread(
                converse, self._cloud.platform.url, signed_url, list(_TEXTS)
            )
            for text, answer in zip(_TEXTS, answers, strict=True):
                self._progress.note(f'said "{text}", heard "{answer}"')
        return conversation_id

    async def _ask(self, path: str) -> dict[str, str]:
        token_url = (await self._cloud.outputs(API))["TokenUrl"]
        return await ask_token_api(self._cloud.emulator.endpoint, token_url, path)


async def _do_both(first: Coroutine[Any, Any, None], second: Coroutine[Any, Any, None]) -> None:
    """Do both at the same time; when one fails, the other is cancelled."""
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(first)
            group.create_task(second)
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None


def _check_processes() -> None:
    """Raise CloudError when a child of this process is still there."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
        raise CloudError("a process that this run started is still there")
