from __future__ import annotations

import pytest

from service.redaction import Redactor
from service.redaction.patterns import Pattern


@pytest.mark.parametrize(
    ("expression", "text", "found"),
    [
        (r"ORD-\d{6,8}", "it is ord-1234567.", "ord-1234567"),
        (r"\bAB ?[0-9]{2}(?:[A-F]|X{2,3})\b", "about AB 12XX and", "AB 12XX"),
        (r"(red|green) key", "the GREEN key", "GREEN key"),
        (r"[^\s,]{3}-[]x]", "abc-], x", "abc-]"),
        (r"a\.b\u00e9?", "a.bé", "a.bé"),
        (r"x{2}?y", "xxy", "xxy"),
        ("a{b", "a{b", "a{b"),
    ],
)
def test_patterns_find_what_they_mean(expression: str, text: str, found: str) -> None:
    """Literals, classes, alternatives and bounded repetitions work, in any letter case."""
    (finding,) = Pattern("order", expression).find(text)
    assert (finding.kind, text[finding.start : finding.end]) == ("order", found)


@pytest.mark.parametrize(
    ("expression", "remedy"),
    [
        ("(a+)+$", "{1,20}"),
        ("a*b", "{1,20}"),
        ("a{2,}", "{2,20}"),
        ("(a|a){0,30}b", "narrower bounds"),
        ("a{0,50}a{0,50}a{0,50}b", "narrower bounds"),
        ("((a{1,9}){1,9}){1,9}", "narrower bounds"),
        ("a{1,5000}", "at most|lower bound"),
        ("(?=a)b", "(?:…)"),
        ("(?P<x>a)", "(?:…)"),
        (r"(a)\1", "not understood"),
        ("a{2,3}+", "both bounds"),
        ("a?{2}", "both bounds"),
        ("a{0,3}", "one character"),
        ("", "one character"),
        ("a|", "one character"),
        ("(a", "too many"),
        ("a)", "too many"),
        ("[a", "not understood"),
        ("?", "repeats nothing"),
        ("[z-a]", "no regular expression"),
        ("(" * 20 + "a" + ")" * 20, "simpler"),
        ("a" * 1001, "1000"),
    ],
)
def test_patterns_refuse_what_may_never_end(expression: str, remedy: str) -> None:
    """A pattern that may be slow, matches nothing, or is wrong is refused in one line."""
    with pytest.raises(ValueError, match=r"^order ") as refused:
        Redactor(patterns={"order": expression})
    assert any(part in str(refused.value) for part in remedy.split("|"))
    assert "\n" not in str(refused.value)


def test_patterns_never_touch_placeholders() -> None:
    """A pattern that would match a placeholder leaves it."""
    redactor = Redactor(patterns={"word": r"[^ ]{3,40}"})
    assert redactor.redact("[card] [word] it")[0] == "[card] [word] it"
