from __future__ import annotations

from dataclasses import replace

from functions.custom_resource.request import Request
from functions.engine.body import EngineSpec, tag_of

REQUEST = Request("Create", "arn:aws:cloudformation:r:1:stack/a/1", "Engine", "1", "http://x")
SPEC = EngineSpec(
    settings={"tags": ["a"], "speech_engine": {"request_headers": {"X-Id": "mine", "X-A": "a"}}},
    ws_url="wss://example.com/ws",
    header_name="X-Secret",
    header_secret="h3ader",
    id_header="X-Id",
    tag="aws-stack-1",
)


def test_tag_stays_with_stack_and_resource() -> None:
    """Every request of one resource bears the same tag, any other resource another."""
    later = replace(REQUEST, kind="Delete", request_id="2", physical_id="seng_1")
    other_stack = replace(REQUEST, stack_id="arn:aws:cloudformation:r:1:stack/a/2")
    assert tag_of(REQUEST) == tag_of(later)
    assert (
        len({tag_of(each) for each in (REQUEST, other_stack, replace(REQUEST, logical_id="B"))})
        == 3
    )


def test_body_lets_no_setting_replace_the_stacks_headers() -> None:
    """The file's headers travel along; the stack's own win over one of the same name."""
    headers = SPEC.write_body("seng_1")["speech_engine"]["request_headers"]
    assert headers == {"X-A": "a", "X-Secret": "h3ader", "X-Id": "seng_1"}


def test_body_adds_its_tag_to_the_files() -> None:
    """A developer's tags stay in front."""
    assert SPEC.write_body()["tags"] == ["a", "aws-stack-1"]


def test_spec_does_not_print_the_header_secret() -> None:
    """A spec in a log line or traceback shows no secret."""
    assert "h3ader" not in repr(SPEC)
