from __future__ import annotations

import pytest

from bench.spread import percentile
from tests.fakes.stumbling_models import WORDS, fate_of
from tests.service.failover_load import (
    CONVERSATIONS,
    FIRST_WORDS_SECONDS,
    TURNS,
    Run,
    hold_conversations,
)

PLANNED = {number for number in range(TURNS) if fate_of(number) != "answer"}


@pytest.fixture(scope="module")
def run() -> Run:
    """Conversations with a primary that stalls in every tenth turn and fails in another tenth."""
    with pytest.MonkeyPatch.context() as patch:
        # A tracer in the service would be the load that is measured.
        patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        held = hold_conversations()
    assert held.most_at_once == CONVERSATIONS
    return held


def test_no_turn_of_many_is_without_its_whole_answer(run: Run) -> None:
    """Under load each turn gets one final, after the whole answer of one of the models."""
    assert [turn.finals for turn in run.turns] == [1] * TURNS
    # On a busy machine the filler may come first.
    assert all(turn.text.endswith("".join(WORDS)) for turn in run.turns)


def test_no_turn_of_many_is_sent_again(run: Run) -> None:
    """No first chunk comes after the 4 s in which the platform repeats a transcript."""
    assert [len(turn.sent_times) for turn in run.turns] == [1] * TURNS


def test_first_chunk_of_many_comes_in_time(run: Run) -> None:
    """The p99 of all first chunks is within the deadline and the secondary's own time.

    first chunk p99 <= deadline + secondary p99 + service p99, where the secondary's time is its
    server's, from a request to the first piece, and the service's is what the turns that the
    primary answered took above the primary's own time. All are of this run.
    """
    added = [run.wait_seconds(n) - seconds for n, seconds in run.primary.seconds.items()]
    secondary = percentile(list(run.secondary.seconds.values()), 99)
    bound = FIRST_WORDS_SECONDS + secondary + percentile(added, 99)
    assert percentile([run.wait_seconds(number) for number in range(TURNS)], 99) <= bound


def test_every_switch_of_many_is_logged(run: Run) -> None:
    """The log has one line for each turn that the primary left, and names who answered it."""
    switched = {
        (event["conversation_id"], event["event_id"]) for event in run.events("model switched")
    }
    left = {
        (t.upstream.conversation_id, t.event_id)
        for t in map(run.turns.__getitem__, run.primary.stumbled)
    }
    assert switched == left
    assert len(run.events("model switched")) == len(run.primary.stumbled)
    answered = [event["model"] for event in run.events("turn ended")]
    assert answered.count("openai_chat/test-model") == len(run.secondary.seconds)
    assert len(answered) == TURNS


def test_breaker_lets_a_primary_that_stumbles_now_and_then_work(run: Run) -> None:
    """With a failure in every fifth turn nearly all turns still ask the primary first."""
    asked = {*run.primary.seconds, *run.primary.stumbled}
    assert set(run.primary.stumbled) <= PLANNED
    assert len(asked) >= 0.9 * TURNS
