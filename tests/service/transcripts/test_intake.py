from __future__ import annotations

from service.transcripts.events import Began, Call
from service.transcripts.intake import Intake


def begun(name: str) -> Began:
    return Began(Call(conversation_id=name, started_at=0.0))


def test_intake_gives_events_in_order() -> None:
    """What was put first is taken first, and then there is nothing."""
    intake = Intake()
    events = [begun("1"), begun("2")]
    for event in events:
        intake.put(event)
    assert len(intake) == 2
    assert [intake.take(), intake.take(), intake.take()] == [*events, None]


def test_intake_counts_what_finds_no_room() -> None:
    """The bound is in bytes; what goes beyond is let go and counted once, then there is room."""
    intake = Intake(1000)
    intake.put(begun("1"), 700)
    intake.put(begun("2"), 400)
    intake.put(begun("3"), 300)
    assert (intake.count_lost(), intake.count_lost()) == (1, 0)
    assert intake.take() is not None
    intake.put(begun("4"), 700)
    left = [intake.take(), intake.take()]
    assert [event.call.conversation_id for event in left if event] == ["3", "4"]
    assert intake.take() is None


def test_intake_has_room_for_one_event_of_any_size() -> None:
    """What is larger than the bound is taken in while nothing else waits."""
    intake = Intake(1000)
    intake.put(begun("1"), 5000)
    intake.put(begun("2"), 1)
    assert intake.count_lost() == 1
    assert intake.take() is not None
    intake.put(begun("3"), 1000)
    assert intake.count_lost() == 0


def test_intake_takes_nothing_once_closed() -> None:
    """What comes after the close is counted."""
    intake = Intake()
    intake.close()
    intake.put(begun("1"))
    assert (intake.take(), intake.count_lost()) == (None, 1)
