"""Characters that a listener never hears: taken out of a text before a model reads it.

What writing systems need stays: joiners inside words of scripts that join, emoji and their
sequences. It knows texts, and neither messages nor models.
"""

from __future__ import annotations

import re

# Nothing in a text of these bytes alone has to be looked at: Latin-1 without controls, the
# no-break space, the soft hyphen, and the brackets that control tokens are made of.
_PLAIN = bytes(
    code for code in (*range(0x20, 0x7F), *range(0xA1, 0x100)) if code not in b"<>[]\xad"
)

# Scripts in which U+200C and U+200D change what a word looks like or means; none of what is taken
# out: a joiner that is left has to stand beside what is left.
# https://www.unicode.org/reports/tr31/#Layout_and_Format_Control_Characters
_JOINING = (
    "\u0600-\u061b\u061d-\u0dff\u0f00-\u109f\u1780-\u17b3\u17b6-\u180a\u1810-\u18af"
    "\u1a20-\u1aad\u1b00-\u1c4f\ua840-\ua9ff\ufb50-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc"
    "\U00010a00-\U00011fff\U0001e900-\U0001e95f"
)
_VIRAMA = "\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca"
_EMOJI = "\u2190-\u27ff\u2801-\u2bff\U0001f000-\U0001faff"
_HAS_EMOJI_FORM = f"#*0-9\u00a9\u00ae\u203c\u2049\u2122\u2139\u3030\u303d\u3297\u3299{_EMOJI}"

# Never needed: controls that are no white space, what Unicode calls ignorable by default (among
# it bidirectional controls, zero-width characters, tags and variation selectors, each of which can
# carry a hidden message), fillers that look empty, surrogates, private use and non-characters.
# https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt
_NEVER = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u200b\u200e"
    "\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ud800-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0e\ufeff"
    "\uffa0\ufff0-\ufffc\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U0001fffe\U0001ffff\U0002fffe\U0002ffff\U0003fffe-\U0010ffff"
)
_SOMETIMES = "\u180b-\u180f\u200c\u200d\ufe0f"
_IN_ITS_PLACE = (
    f"(?<=[{_JOINING}][\u200c\u200d])(?=[{_JOINING}])"
    f"|(?<=[{_VIRAMA}][\u200c\u200d])"
    f"|(?<=[{_EMOJI}]\u200d)(?=[{_EMOJI}])"
    f"|(?<=[{_HAS_EMOJI_FORM}]\ufe0f\u200d)(?=[{_EMOJI}])"
    f"|(?<=[{_HAS_EMOJI_FORM}]\ufe0f)"
    "|(?<=[\u1820-\u18aa][\u180b-\u180f])"
    f"|(?<=[\u1820-\u18aa][\u180b-\u180f][\u200c\u200d])(?=[{_JOINING}])"
)
# The class comes first, which makes the search fast; its context is looked at where it matches.
_INVISIBLE = re.compile(f"[{_NEVER}{_SOMETIMES}](?!{_IN_ITS_PLACE})")

# Servers of open models read such tokens also in the text of a message: <|im_start|>, [INST],
# <<SYS>>, <start_of_turn>, </s>, ]~b]. None has white space inside; some normalise wide forms.
# https://huggingface.co/docs/transformers/chat_templating
_TOKEN = re.compile(
    "[<\uff1c\ufe64][^\\s<>\uff1c\uff1e\ufe64\ufe65]+[>\uff1e\ufe65]"
    "|[\\[\uff3b][^\\s\\[\\]\uff3b\uff3d]+[\\]\uff3d]"
    r"|\]~!?b[\[\]]|\[e~\["
)
_BRACKETS = str.maketrans(dict.fromkeys("<>[]~\uff1c\uff1e\ufe64\ufe65\uff3b\uff3d", " "))
_WHITE_SPACE = "\x09-\x0d\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_SPECIAL = re.compile(
    f"[{_NEVER}{_SOMETIMES}{_WHITE_SPACE}<>\\[\\]\uff1c\uff1e\ufe64\ufe65\uff3b\uff3d]"
)


def is_plain(text: str) -> bool:
    """Whether `clean` would change nothing but spaces; False also where it can't be told fast."""
    try:
        return not text.encode("latin-1").translate(None, _PLAIN)
    except UnicodeEncodeError:
        return _SPECIAL.search(text) is None


def clean(text: str) -> str:
    """Take out what nobody hears, break control tokens, and make white space single spaces.

    It never lengthens a text, and cleaning twice changes no more than cleaning once.
    """
    seen = _INVISIBLE.sub("", text)
    # Brackets become spaces: taken out, they could let their neighbours form a new token.
    broken = _TOKEN.sub(lambda token: token.group().translate(_BRACKETS), seen)
    return " ".join(broken.split())
