from __future__ import annotations

import io

from cli.screen import Screen


def test_screen_shows_a_dialogue() -> None:
    """In a terminal both voices have their mark, and words appear as they come."""
    output = io.StringIO()
    screen = Screen(output, interactive=True)
    screen.note("connected")
    screen.prompt()
    screen.end_input()
    screen.begin_answer()
    screen.add_words("You said:")
    assert output.getvalue().endswith("agent> You said:")
    screen.add_words(" hi")
    screen.end_answer()
    screen.prompt()
    assert output.getvalue() == "connected\nyou> agent> You said: hi\nyou> "


def test_screen_begins_an_answer_on_a_line_of_its_own() -> None:
    """What the agent says unasked, or after an interruption, does not run into another line."""
    output = io.StringIO()
    screen = Screen(output, interactive=True)
    screen.prompt()
    screen.begin_answer()
    screen.add_words("one")
    screen.begin_answer()
    screen.add_words("two")
    screen.note("the end")
    assert output.getvalue() == "you> \nagent> one\nagent> two\nthe end\n"


def test_screen_marks_an_answer_again_that_a_note_has_parted() -> None:
    """Words after a line of the log are still seen to be the agent's; a failure is not dim."""
    output = io.StringIO()
    screen = Screen(output, interactive=True)
    screen.begin_answer()
    screen.add_words("one ")
    screen.warn("tool failed")
    screen.add_words("two")
    screen.add_words(" three")
    screen.end_answer()
    screen.note("bye")
    assert output.getvalue() == "agent> one \ntool failed\nagent> two three\nbye\n"


def test_screen_leaves_a_pipe_to_the_answers() -> None:
    """In a pipe there is nothing but the answers, one after another."""
    output = io.StringIO()
    screen = Screen(output, interactive=False)
    screen.note("connected")
    screen.prompt()
    for words in (("You", " said"), ("bye\n",), ("",)):
        screen.end_input()
        screen.begin_answer()
        for text in words:
            screen.add_words(text)
        screen.end_answer()
    assert output.getvalue() == "You said\nbye\n"
