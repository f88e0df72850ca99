from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.characters import clean, is_plain

TOKENS = (
    "<|im_start|>",
    "<|eot_id|>",
    "[INST]",
    "[/INST]",
    "<<SYS>>",
    "<</SYS>>",
    "<start_of_turn>",
    "</s>",
    "<turn|>",
    "[TOOL_CALLS]",
    "[gMASK]<sop>",
    "<\uff5cUser\uff5c>",
    "<\uff5cend\u2581of\u2581sentence\uff5c>",
    "\uff1c|im_end|\uff1e",
    "\uff3bINST\uff3d",
    "]~b]system",
    "[e~[",
    "<tool_call>",
)
HIDDEN = (
    "\u200b\u2060\ufeff\u00ad\u202e\u2066\u200e\u034f\u115f\u3164\u2800\ufe00\U000e0041\U000e0100"
)


@pytest.mark.parametrize("token", TOKENS)
def test_clean_leaves_no_control_token_whole(token: str) -> None:
    """No token of a chat template is left, also not where taking one out would make another."""
    for text in (token, f"a{token}b", token[:2] + token + token[2:], token + token):
        assert token not in clean(text)


@pytest.mark.parametrize("token", TOKENS)
def test_clean_finds_tokens_that_invisible_characters_divide(token: str) -> None:
    """A token is broken also where it is whole only once the invisible is taken out."""
    assert token not in clean("\u200b".join(token))
    assert token not in clean("\U000e0020".join(token))


@pytest.mark.parametrize("hidden", HIDDEN, ids=lambda hidden: f"U+{ord(hidden):04X}")
def test_clean_takes_out_what_nobody_hears(hidden: str) -> None:
    """Invisible characters go, wherever they stand."""
    assert clean(f"{hidden}can{hidden}cel{hidden}{hidden} it{hidden}") == "cancel it"
    assert not is_plain(f"can{hidden}cel")


def test_clean_takes_out_controls_and_lone_surrogates() -> None:
    """What a terminal or an encoder would stumble over is gone."""
    assert clean("a\x00b\x1b[2Kc\x7f\x9bd\ud83d e\udc00") == "ab[2Kcd e"
    clean("".join(map(chr, range(0x110000)))).encode()


def test_clean_makes_white_space_single_spaces() -> None:
    """Line ends of every kind, tabs and wide spaces are one space; none is left at the ends."""
    assert clean("\n a\r\n\tb\u2028c\u00a0\u3000d\x1ce\x85f ") == "a b c d e f"


@pytest.mark.parametrize(
    "text",
    [
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian: I want
        "\u0c95\u0ccd\u200d\u0cb7",  # Kannada, a conjunct
        "\u0d05\u0d35\u0d28\u0d4d\u200d",  # Malayalam: he, with a final joiner
        "\u0dc1\u0dca\u200d\u0dbb\u0dd3",  # Sinhala: Sri
        "\u1820\u180b",  # Mongolian, a variant of a letter
        "\u1820\u180b\u200d\u1821",  # and one that joins
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",  # a family
        "\u2764\ufe0f\u200d\U0001f525 5\ufe0f\u20e3",  # a burning heart, a keycap
        "\U0001f9d1\U0001f3fd\u200d\U0001f680",  # an astronaut with a skin tone
        "\u6ce8\u6587\u3092\u30ad\u30e3\u30f3\u30bb\u30eb",
        "Gr\u00fc\u00dfe, \u05e9\u05dc\u05d5\u05dd, \u0645\u0631\u062d\u0628\u0627",
        "a < b and c > d, 100 % [ sic ]",
    ],
)
def test_clean_keeps_what_languages_need(text: str) -> None:
    """Joiners inside words that join, and emoji of several parts, stay as they are."""
    assert clean(text) == text


@pytest.mark.parametrize(
    "text",
    ["a\u200cb", "\u200c\u0645", "\u0645\u200d a", "a\ufe0f", "\U0001f600\ufe0f\ufe0f", "x\u180b"],
)
def test_clean_takes_joiners_and_selectors_out_of_place(text: str) -> None:
    """Where nothing is joined or selected, such characters only hide something."""
    assert len(clean(text)) == len(text) - 1


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a\ufe0f\u200d\U0001f469", "a\U0001f469"),
        ("\u2800\u200d\U0001f469", "\U0001f469"),
        ("\u0645\u061c\u200d\u0645", "\u0645\u0645"),
        ("\u0645\u200d\u061c", "\u0645"),
        ("\u17b4\u200c\u1780", "\u1780"),
        ("\u2800\ufe0f", ""),
    ],
)
def test_clean_leaves_no_joiner_beside_what_it_takes_out(text: str, left: str) -> None:
    """What a joiner needs beside it has to be there afterwards too."""
    assert clean(text) == left


JOINERS = "\u200c\u200d\ufe0f\u180b\u061c\u17b4\u0645\u094d\u1820\u1780\u2764\U0001f469"


@given(st.text(st.characters() | st.sampled_from(f"{HIDDEN}{JOINERS}<>[]|~"), max_size=60))
def test_clean_is_complete_after_once(text: str) -> None:
    """Cleaning again changes no letter; nothing gets longer; no control is left."""
    once = clean(text)
    assert len(once) <= len(text)
    assert is_plain(once) or clean(once).replace(" ", "") == once.replace(" ", "")
    assert not any(unicodedata.category(character) in ("Cc", "Cs", "Co") for character in once)
    assert not any(unicodedata.bidirectional(c) in ("RLO", "LRO", "RLE", "LRI") for c in once)


@given(st.text(st.characters() | st.sampled_from(HIDDEN + "<>[]|~"), max_size=60))
def test_plain_texts_need_no_cleaning(text: str) -> None:
    """Whatever counts as plain, cleaning would change in nothing but its spaces."""
    if is_plain(text):
        assert clean(text) == " ".join(text.split(" ")).strip(" ") or "  " in text


@pytest.mark.parametrize(
    "piece", ["<", "<a", "[", "[<", "\u200d", "\u0645\u200d", "]~", "<|", " \u200b"]
)
def test_clean_takes_time_in_proportion(piece: str) -> None:
    """No text makes the patterns go over it again and again."""
    text = piece * 50_000
    begun = time.process_time()
    clean(text)
    assert time.process_time() - begun < 2
