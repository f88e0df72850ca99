from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import pytest

from service.redaction import KINDS, Redactor
from tests.service.redaction.corpus import Score, Utterance, read_corpus

CORPORA = sorted(Path(__file__).parent.glob("corpus_*.toml"))
BOUND = 0.98


@cache
def redactor_of(locales: tuple[str, ...]) -> Redactor:
    return Redactor(locales)


@cache
def score_of(path: Path) -> Score:
    score = Score()
    for utterance in read_corpus(path):
        score.add(utterance, redactor_of(utterance.locales).find(utterance.text))
    return score


@pytest.mark.parametrize("path", CORPORA, ids=lambda path: path.stem)
def test_corpus_is_redacted(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of each corpus at least 98% is found, and at least 98% of what is found is right."""
    score = score_of(path)
    with capsys.disabled():  # On standard error also the workers of a parallel run are heard.
        sys.stderr.write("\n  ".join([f"\n{path.name}", *score.rows()]) + "\n")
    right, missed, wrong = (sum(one.values()) for one in (score.right, score.missed, score.wrong))
    assert right >= BOUND * (right + missed), "\n".join(score.failures)
    assert right >= BOUND * (right + wrong), "\n".join(score.failures)


@pytest.mark.parametrize("kind", KINDS)
def test_corpus_is_redacted_by_kind(kind: str) -> None:
    """Of each kind at least 98% is found in all corpora, and 98% of what is found is right."""
    scores = [score_of(path) for path in CORPORA]
    right, missed, wrong = (
        sum(getattr(score, count)[kind] for score in scores)
        for count in ("right", "missed", "wrong")
    )
    failures = "\n".join(failure for score in scores for failure in score.failures)
    assert right >= BOUND * (right + missed), failures
    assert right >= BOUND * (right + wrong), failures


def test_corpus_redacted_twice_stays() -> None:
    """A redacted utterance is not changed by redacting it again."""
    for utterance in (one for path in CORPORA for one in read_corpus(path)):
        redactor = redactor_of(utterance.locales)
        once, _ = redactor.redact(utterance.text)
        assert redactor.redact(once) == (once, ())


def test_corpus_score_tells_right_from_wrong() -> None:
    """A finding of another kind or at another place counts as missed and as wrong."""
    redactor = redactor_of(("en_US",))
    text = "write to kim@example.com"
    found = redactor.find(text)
    score = Score()
    score.add(Utterance(("en_US",), text, tuple(found)), found)
    score.add(Utterance(("en_US",), text, (found[0]._replace(kind="phone"),)), found)
    score.add(Utterance(("en_US",), text, (found[0]._replace(start=0, end=5),)), found)
    assert (score.recall("email"), score.precision("email")) == (1 / 2, 1 / 3)
    assert (score.recall("phone"), len(score.failures)) == (0, 4)
