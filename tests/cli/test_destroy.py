from __future__ import annotations

import sys

import pytest

from cli.__main__ import main
from cli.destroy import list_kept, refuse_protected
from cli.errors import CommandError
from tests.fakes.aws_account import FakeAws, FakeStack, fake_account


class ClosedTerminal:
    """Somebody at a terminal who presses Ctrl-D."""

    def isatty(self) -> bool:
        return True

    def readline(self) -> str:
        return ""


def test_destroy_respects_a_protection_that_only_the_file_has_off() -> None:
    """A stack deployed with protection is left whole, in one line with what to do."""
    aws = FakeAws(stacks={"SpeechEngine-dev-Foundation": FakeStack(protected=True)})
    with pytest.raises(CommandError, match=r"Foundation.*make deploy ENV=dev") as refusal:
        refuse_protected(fake_account(aws))
    assert "\n" not in str(refusal.value)


def test_destroy_respects_the_protection_of_the_file() -> None:
    """With the switch on in the file nothing is asked of the stacks."""
    data = {"retain": True, "deletion_protection": True}
    with pytest.raises(CommandError, match=r"data\.deletion_protection is on"):
        refuse_protected(fake_account(FakeAws(), data=data))


def test_destroy_names_all_that_deployed_templates_retain() -> None:
    """What stays is told by what is deployed, in every stack, whatever the file says now."""
    kept = {"DeletionPolicy": "Retain", "Type": "any"}
    foundation = FakeStack(
        resources=[("AWS::DynamoDB::GlobalTable", "Table", "table-1"), ("AWS::EC2::VPC", "V", "v")],
        template={"Resources": {"Table": kept, "V": {"Type": "AWS::EC2::VPC"}}},
    )
    site = FakeStack(
        resources=[("AWS::S3::Bucket", "Files", "bucket-1")],
        template={"Resources": {"Files": kept}},
    )
    stacks = {"SpeechEngine-dev-Foundation": foundation, "SpeechEngine-dev-Site": site}
    assert list_kept(fake_account(FakeAws(stacks=stacks))) == ["table-1", "bucket-1"]


def test_destroy_takes_the_end_of_input_for_a_no(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-D at the question deletes nothing, in one line."""
    monkeypatch.setattr("cli.destroy.open_account", lambda _: fake_account(FakeAws()))
    monkeypatch.setattr(sys, "stdin", ClosedTerminal())
    assert main(["destroy", "-e", "dev"]) == 1
    assert capsys.readouterr().err == "speechctl destroy: nothing was deleted\n"


def test_destroy_asks_by_account_and_region(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who is asked sees where it would be deleted, not only what."""
    monkeypatch.setattr("cli.destroy.open_account", lambda _: fake_account(FakeAws()))
    monkeypatch.setattr(sys, "stdin", ClosedTerminal())
    main(["destroy", "-e", "dev"])
    assert "SpeechEngine-dev in account 000000000000, us-east-1: " in capsys.readouterr().out
