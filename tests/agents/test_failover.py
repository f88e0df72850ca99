from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from agents import failover
from agents.failover import Asking, Failover
from agents.prompt import ModelError, ModelRefused, Prompt, ToolCall
from speech_engine import ConversationMessage
from tests.fakes.scripted_models import SILENCE, ScriptedModel

if TYPE_CHECKING:
    from collections.abc import Sequence

PROMPT = Prompt(instructions="", messages=(ConversationMessage("user", "secret words"),))
SOON = 0.05


async def ask(asked: Failover, asking: Asking | None = None) -> list[str | ToolCall]:
    async with aclosing(asked.stream(PROMPT, asking or Asking())) as answer:
        return [piece async for piece in answer]


def models(*plans: Sequence[object]) -> list[ScriptedModel]:
    return [ScriptedModel(f"model/{number}", [plan]) for number, plan in enumerate(plans)]


async def test_failover_asks_the_first_model_alone() -> None:
    """While all is well only the first of the list is asked."""
    first, second = models(["Hi", " there"], ["no"])
    asking = Asking()
    assert await ask(Failover([first, second], SOON), asking) == ["Hi", " there"]
    assert second.prompts == []
    assert (asking.model, asking.switches) == ("model/0", 0)


async def test_failover_switches_when_the_first_piece_is_late() -> None:
    """A silent model is left after its time, its stream closed, and the next one answers."""
    first, second = models([SILENCE], ["Hi"])
    asking = Asking()
    assert await ask(Failover([first, second], SOON), asking) == ["Hi"]
    assert first.open_streams == 0
    assert (asking.model, asking.switches) == ("model/1", 1)


@pytest.mark.parametrize(
    "failing", [[ModelError("down")], [ModelRefused("gone")], []], ids=["error", "refused", "empty"]
)
async def test_failover_switches_when_the_first_model_fails(failing: list[object]) -> None:
    """An error before the first piece, or an answer without one, passes the turn on at once."""
    first, second = models(failing, ["Hi"])
    assert await ask(Failover([first, second], 5)) == ["Hi"]


@pytest.mark.parametrize(
    "end", [ModelError("down"), SILENCE, 0], ids=["error", "stall", "nothing more"]
)
async def test_failover_takes_no_white_space_for_an_answer(end: object) -> None:
    """What nobody hears has not begun to answer: the next model still may, and alone is heard."""
    first, second = models(["", " ", "\n", end], ["Hi"])
    asking = Asking()
    assert await ask(Failover([first, second], SOON), asking) == ["Hi"]
    assert asking.model == "model/1"


async def test_failover_does_not_wait_longer_for_white_space() -> None:
    """A model that sends nothing else, time and again, has only the time to its first words."""
    first, second = models([SOON / 2, " "] * 40, ["Hi"])
    asked = Failover([first, second], SOON)
    async with asyncio.timeout(10 * SOON):
        assert await ask(asked) == ["Hi"]


async def test_failover_hands_on_white_space_before_words() -> None:
    """It is said with the first words, and dropped before a call of a tool."""
    call = ToolCall("1", "weather", "{}")
    assert await ask(Failover(models(["\n", " ", "Hi", " ", "you"]), 5)) == ["\n Hi", " ", "you"]
    assert await ask(Failover(models(["\n\n", call]), 5)) == [call]


async def test_failover_switches_when_a_model_s_module_is_wrong(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An error that no module should raise costs the turn nothing; its name is in the log."""
    first, second = models([KeyError("secret words")], ["Hi"])
    assert await ask(Failover([first, second], 5)) == ["Hi"]
    failed, switched = caplog.records
    assert failed.exc_info
    assert vars(switched)["reason"] == "model/0 failed (KeyError)"


async def test_failover_leaves_a_model_that_asks_for_a_pause_while_old_answers_end() -> None:
    """An answer that had begun before the rest does not end it."""
    first = ScriptedModel(
        "model/0", [["Well,", 2 * SOON, "now"], [ModelError("limited", retry_after_seconds=9)]]
    )
    asked = Failover([first, ScriptedModel("model/1", [["Hi"]])], 5)
    early = asyncio.ensure_future(ask(asked))
    await asyncio.sleep(SOON)
    assert await ask(asked) == ["Hi"]
    assert await early == ["Well,", "now"]
    assert await ask(asked) == ["Hi"]
    assert len(first.prompts) == 2


async def test_failover_gives_the_last_model_more_time() -> None:
    """Nobody is left who could answer sooner."""
    asked = Failover(models([SILENCE], [3 * SOON, "Hi"]), SOON)
    assert await ask(asked) == ["Hi"]


async def test_failover_gives_up_on_the_last_model_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of silent models ends in an error."""
    monkeypatch.setattr(failover, "GIVE_UP_SECONDS", SOON)
    with pytest.raises(ModelError, match=r"model/1 was silent for 0\.05 s"):
        await ask(Failover(models([SILENCE], [SILENCE]), SOON))


@pytest.mark.parametrize("end", [ModelError("cut"), SILENCE], ids=["error", "stall"])
async def test_failover_never_switches_after_the_first_piece(
    end: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was begun is not begun again by another model."""
    monkeypatch.setattr(failover, "STALL_SECONDS", SOON)
    first, second = models(["Well,", end], ["no"])
    heard = []
    with pytest.raises(ModelError):  # noqa: PT012 - what came before the failure counts
        async for piece in Failover([first, second], SOON).stream(PROMPT, Asking()):
            heard.append(piece)  # noqa: PERF401
    assert heard == ["Well,"]
    assert second.prompts == []


async def test_failover_asks_once_more_after_a_hiccup() -> None:
    """A single model that fails fast is asked a second time, and no third."""
    model = ScriptedModel("model/0", [[ModelError("reset")], ["Hi"]])
    assert await ask(Failover([model], 5)) == ["Hi"]
    model = ScriptedModel("model/0", [[ModelError("reset")]])
    with pytest.raises(ModelError, match="reset"):
        await ask(Failover([model], 5))
    assert len(model.prompts) == 2


@pytest.mark.parametrize(
    "error", [ModelRefused("key"), ModelError("limited", retry_after_seconds=1)], ids=str
)
async def test_failover_does_not_insist(error: ModelError) -> None:
    """Neither a refusal nor a provider that asks for a pause is answered with the same again."""
    (model,) = models([error])
    with pytest.raises(ModelError):
        await ask(Failover([model], 5))
    assert len(model.prompts) == 1


async def test_failover_rests_a_model_that_keeps_failing() -> None:
    """After five failures in a row the turns go to the next model at once."""
    first, second = models([ModelError("down")], ["Hi"])
    asked = Failover([first, second], 5)
    for _ in range(8):
        assert await ask(asked) == ["Hi"]
    assert (len(first.prompts), len(second.prompts)) == (5, 8)


async def test_failover_counts_a_failure_in_the_middle() -> None:
    """A model whose answers break off one after the other is rested as well."""
    first, second = models(["Well,", ModelError("cut")], ["Hi"])
    asked = Failover([first, second], 5)
    for _ in range(5):
        with pytest.raises(ModelError):
            await ask(asked)
    assert await ask(asked) == ["Hi"]


async def test_failover_asks_a_resting_model_rather_than_none() -> None:
    """When all others fail, the one that rests gets its try."""
    first, second = models(["Hi"], [ModelError("down")])
    asked = Failover([first, second], 5)
    asked.rest(first, 60)
    assert await ask(asked) == ["Hi"]
    assert len(second.prompts) == 1


async def test_failover_tries_a_rested_model_with_one_turn() -> None:
    """When the rest is over, one turn tries the model and the others don't wait for it."""
    first, second = models([SOON, "first"], ["second"])
    asked = Failover([first, second], 5)
    asked.rest(first, 0)
    answers = await asyncio.gather(*(ask(asked) for _ in range(3)))
    assert answers == [["first"], ["second"], ["second"]]
    assert await ask(asked) == ["first"]


async def test_failover_takes_no_interruption_for_a_failure() -> None:
    """A turn that its user ends says nothing about the model, whose stream is closed."""
    first, second = models([SILENCE], ["Hi"])
    asked = Failover([first, second], 60)
    for _ in range(6):
        turn = asyncio.ensure_future(ask(asked))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        turn.cancel()
        with pytest.raises(asyncio.CancelledError):
            await turn
    assert (len(first.prompts), first.open_streams) == (6, 0)


async def test_failover_tells_of_a_refusal_at_once_and_at_each_rest(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A key revoked while another model answers is an error of the log, not of each turn."""
    first = ScriptedModel("model/0", [["Hi"], [ModelRefused("model/0: the key is not accepted")]])
    asked = Failover([first, ScriptedModel("model/1")], 5)
    told = []
    for _ in range(8):
        await ask(asked)
        told.append([vars(r) for r in caplog.records if r.levelno == logging.ERROR])
        caplog.clear()
    assert [len(records) for records in told] == [0, 1, 0, 0, 0, 1, 0, 0]
    (record,) = told[1]
    expected = {"model": "model/0", "reason": "model/0: the key is not accepted"}
    assert record["msg"] == "model refused"
    assert record.items() >= expected.items()


async def test_failover_logs_each_switch_without_words(caplog: pytest.LogCaptureFixture) -> None:
    """The log says which model gave way to which, and why; not what was said."""
    caplog.set_level(logging.WARNING)
    asked = Failover(models([ModelError("model/0 is overloaded")], ["Hi"]), 5)
    await ask(asked, Asking({"conversation_id": "conv_1"}))
    (record,) = caplog.records
    assert record.getMessage() == "model switched"
    assert (
        vars(record).items()
        >= {
            "from": "model/0",
            "to": "model/1",
            "reason": "model/0 is overloaded",
            "conversation_id": "conv_1",
        }.items()
    )
    assert "secret" not in str(vars(record))


async def test_failover_calls_a_second_attempt_no_switch(caplog: pytest.LogCaptureFixture) -> None:
    """A single model that is asked once more has not given way to anybody."""
    caplog.set_level(logging.WARNING)
    asking = Asking()
    model = ScriptedModel("model/0", [[ModelError("reset")], ["Hi"]])
    await ask(Failover([model], 5), asking)
    assert [record.getMessage() for record in caplog.records] == ["model asked again"]
    assert asking.switches == 0


async def test_failover_hands_on_tool_calls() -> None:
    """A call is a piece like any other: it counts as the model's beginning."""
    call = ToolCall("1", "weather", "{}")
    assert await ask(Failover(models([call]), 5)) == [call]
