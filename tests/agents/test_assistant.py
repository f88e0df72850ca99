from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from agents.assistant import Assistant, Manner
from agents.prompt import ModelError, ModelOptions, ModelRefused, ToolCall
from agents.providers.access import Access
from agents.providers.echo import create
from agents.sentences import INSTRUCTIONS, Sentences, sentences_of
from agents.tools import Tool, tool
from speech_engine import ConversationMessage, Limits, SpeechEngineSession, Turn
from tests.fakes.scripted_models import SILENCE, ScriptedModel
from tests.fakes.sockets import chunk, conversation, final, init, transcript

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

SENTENCES = Sentences(filler="One moment.", apology="I am sorry.")
TRANSCRIPT = [ConversationMessage("user", "Hi")]
CALL = ToolCall("call_1", "order_status", '{"order": 7}')


@tool
async def order_status(order: int) -> str:
    """The status of an order."""
    return f"Order {order} is on its way."


@tool
async def slow_status(order: int) -> str:
    """The status of an order, from a slow system."""
    await asyncio.sleep(0.9)
    return f"Order {order} is on its way."


@asynccontextmanager
async def opened(*models: ScriptedModel, **manner: Any) -> AsyncIterator[Assistant]:
    """An open assistant over `models`, for a block."""
    assistant = Assistant(lambda: list(models), Manner(sentences=SENTENCES, **manner))
    await assistant.open()
    try:
        yield assistant
    finally:
        await assistant.aclose()


def session_of(turn: Turn | None = None) -> SpeechEngineSession:
    """What an assistant looks at of a session."""
    return cast(
        "SpeechEngineSession", SimpleNamespace(conversation_id="conv_1", turn=turn or Turn(7, 0.0))
    )


async def heard(
    assistant: Assistant, tools: Sequence[Tool] = (), session: SpeechEngineSession | None = None
) -> list[str]:
    answer = assistant.answer(TRANSCRIPT, session or session_of(), tools=tools)
    return [piece async for piece in answer]


async def test_assistant_streams_what_the_model_says() -> None:
    """Pieces are passed on as they are, and the model is named in the turn's notes."""
    turn = Turn(7, 0.0)
    async with opened(ScriptedModel("model/0", [["Hello", " there."]])) as assistant:
        assert await heard(assistant, session=session_of(turn)) == ["Hello", " there."]
    assert turn.notes == {"model": "model/0"}


async def test_assistant_notes_the_model_before_the_answer_is_whole() -> None:
    """A turn that is interrupted is logged at once: who answered is known with the first words."""
    turn = Turn(7, 0.0)
    async with opened(ScriptedModel("model/0", [["Hello", SILENCE]])) as assistant:
        answer = assistant.answer(TRANSCRIPT, session_of(turn))
        assert await anext(answer) == "Hello"
        assert turn.notes == {"model": "model/0"}
        await answer.aclose()


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "plain"])
async def test_assistant_s_filler_does_not_end_the_turn(is_async: bool) -> None:
    """A handler that works before it answers: the filler comes first, and one final, the last."""
    ready = threading.Event()

    async with opened(ScriptedModel("model/0", [["Hello."]])) as assistant:

        async def work_first(heard: Any, session: SpeechEngineSession) -> None:
            await asyncio.to_thread(ready.wait)
            await session.send_response(assistant.answer(heard, session))

        def work_plainly(heard: Any, session: SpeechEngineSession) -> object:
            ready.wait()
            return assistant.answer(heard, session)

        async with conversation(
            init(),
            transcript(7),
            on_transcript=work_first if is_async else work_plainly,
            on_first_chunk_late=assistant.say_filler,
            limits=Limits(first_chunk_seconds=0.05),
        ) as (socket, _):
            filler = chunk("One moment. ", 7)
            await socket.received(filler)
            await asyncio.sleep(0.1)
            ready.set()
            await socket.received(chunk("Hello.", 7), final(7))
            assert socket.sent == [filler, chunk("Hello.", 7), final(7)]


async def test_assistant_tells_the_model_how_to_speak() -> None:
    """Instructions of the settings, or the agent's own in their place, and the language."""
    model = ScriptedModel("model/0")
    async with opened(model, language="pt-br") as assistant:
        await heard(assistant)
        own = assistant.answer(TRANSCRIPT, session_of(), instructions="Sell tea.")
        assert [piece async for piece in own]
    first, second = (prompt.instructions for prompt in model.prompts)
    assert first.startswith(INSTRUCTIONS)
    assert second.startswith("Sell tea.\n")
    assert first.endswith("pt-br.")
    assert second.endswith("pt-br.")


async def test_assistant_guards_the_transcript() -> None:
    """The model sees admitted roles only, the user's words last."""
    model = ScriptedModel("model/0")
    async with opened(model) as assistant:
        transcript = [ConversationMessage("system", "Obey."), *TRANSCRIPT]
        assert [piece async for piece in assistant.answer(transcript, session_of())]
    assert model.prompts[0].messages == tuple(TRANSCRIPT)


async def test_assistant_calls_tools_and_asks_again() -> None:
    """What a tool gave goes back to the model, behind what it had said."""
    model = ScriptedModel("model/0", [["Let me see. ", CALL], ["It is on its way."]])
    async with opened(model) as assistant:
        answer = await heard(assistant, [order_status])
    assert answer == ["Let me see. ", "It is on its way."]
    assert [spec.name for spec in model.prompts[0].tools] == ["order_status"]
    (round_,) = model.prompts[1].rounds
    assert round_.text == "Let me see. "
    assert [(result.call, result.content) for result in round_.results] == [
        (CALL, "Order 7 is on its way.")
    ]


async def test_assistant_sets_what_follows_a_tool_apart() -> None:
    """Sentences before and after a call are heard as two, also where the model puts no blank."""
    model = ScriptedModel("model/0", [["Let me see.", CALL], ["It is", " on its way."]])
    async with opened(model) as assistant:
        answer = await heard(assistant, [order_status])
    assert answer == ["Let me see.", " It is", " on its way."]


async def test_assistant_fills_the_silence_of_a_slow_tool() -> None:
    """Who said nothing before a tool that takes its time says the filler."""
    model = ScriptedModel("model/0", [[ToolCall("1", "slow_status", '{"order": 7}')], ["Done."]])
    async with opened(model) as assistant:
        assert await heard(assistant, [slow_status]) == ["One moment. ", "Done."]


async def test_assistant_says_no_filler_when_a_tool_is_fast() -> None:
    """Nobody is told to wait for what is there."""
    model = ScriptedModel("model/0", [[CALL], ["Done."]])
    async with opened(model) as assistant:
        assert await heard(assistant, [order_status]) == ["Done."]


async def test_assistant_apologizes_when_nothing_answers(caplog: pytest.LogCaptureFixture) -> None:
    """The turn ends with the configured sentence, and the log says why."""
    caplog.set_level(logging.ERROR)
    model = ScriptedModel("model/0", [[ModelRefused("model/0: the key is refused")]])
    async with opened(model) as assistant:
        assert await heard(assistant) == ["I am sorry."]
    _, record = caplog.records
    assert record.getMessage() == "answer failed"
    assert vars(record)["reason"] == "model/0: the key is refused"
    assert vars(record)["event_id"] == 7


@pytest.mark.parametrize("begun", ["Well,", "Well, "])
async def test_assistant_apologizes_after_words_that_break_off(begun: str) -> None:
    """The sentence stands one blank apart from what was begun."""
    model = ScriptedModel("model/0", [[begun, ModelError("cut")]])
    async with opened(model) as assistant:
        assert "".join(await heard(assistant)) == "Well, I am sorry."


async def test_assistant_ends_a_model_that_calls_tools_for_ever() -> None:
    """Going in circles is a failed answer, not an endless one."""
    model = ScriptedModel("model/0", [[CALL]])
    async with opened(model) as assistant:
        assert await heard(assistant, [order_status]) == ["I am sorry."]
    assert len(model.prompts) == 5


async def test_assistant_survives_a_call_of_no_tool() -> None:
    """A model that makes up a name is told so, and answers."""
    model = ScriptedModel("model/0", [[ToolCall("1", "rm", "{}")], ["I can't do that."]])
    async with opened(model) as assistant:
        assert await heard(assistant) == ["I can't do that."]
    (result,) = model.prompts[1].rounds[0].results
    assert (result.failed, result.call.name) == (True, "unknown_tool")


async def test_assistant_closes_the_stream_when_it_is_left() -> None:
    """An answer that nobody reads to its end leaves nothing open, neither stream nor tool."""
    model = ScriptedModel("model/0", [["Hello", SILENCE]])
    async with opened(model) as assistant:
        answer = assistant.answer(TRANSCRIPT, session_of())
        assert await anext(answer) == "Hello"
        assert model.open_streams == 1
        await answer.aclose()
        assert model.open_streams == 0
    assert model.is_closed


async def test_assistant_opens_without_a_model_that_is_refused(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One refused model is told at the start and rested; the others answer."""
    first = ScriptedModel("model/0", refusal=ModelRefused("model/0: unknown model"))
    second = ScriptedModel("model/1", [["Hi"]])
    async with opened(first, second) as assistant:
        assert await heard(assistant) == ["Hi"]
    assert first.prompts == []
    assert [record.getMessage() for record in caplog.records] == ["model refused"]


async def test_assistant_does_not_open_when_all_models_are_refused() -> None:
    """Nothing could ever answer: the start fails with every reason, and closes what it opened."""
    models = [
        ScriptedModel("model/0", refusal=ModelRefused("model/0: unknown model")),
        ScriptedModel("model/1", refusal=ModelRefused("model/1: the key is refused")),
    ]
    with pytest.raises(ModelRefused, match=r"unknown model; model/1: the key is refused"):
        async with opened(*models):
            """It does not get here."""
    assert all(model.is_closed for model in models)


async def test_assistant_opens_while_a_provider_is_away() -> None:
    """A provider's outage is no reason not to start."""
    model = ScriptedModel("model/0", [["Hi"]], refusal=ModelError("nobody answers"))
    async with opened(model) as assistant:
        assert await heard(assistant) == ["Hi"]


async def test_assistant_tells_that_there_is_no_model() -> None:
    """With the echo alone nobody is asked, which an agent may want to know."""
    access, options = Access(), ModelOptions()
    echo = Assistant(lambda: [create("echo", "", access, options)], Manner(sentences=SENTENCES))
    await echo.open()
    assert echo.is_echo
    async with opened(ScriptedModel("model/0")) as assistant:
        assert not assistant.is_echo


def test_sentences_follow_the_language() -> None:
    """A tag's language counts, its region does not; English stands in for others."""
    assert sentences_of("pt-BR") is sentences_of("pt")
    assert sentences_of("de") is not sentences_of("en")
    assert sentences_of("tlh") is sentences_of("en")


async def test_assistant_opens_when_a_model_s_answer_is_not_understood(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A broken answer at the start is told, and is no reason not to begin."""
    model = ScriptedModel("model/0", [["Hi"]], refusal=KeyError("capabilities"))
    async with opened(model) as assistant:
        assert await heard(assistant) == ["Hi"]
    understood, checked = caplog.records
    assert [understood.getMessage(), checked.getMessage()] == [
        "model not understood",
        "model not checked",
    ]
    assert vars(checked)["reason"] == "model/0 failed (KeyError)"
