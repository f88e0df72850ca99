from __future__ import annotations

import json
import os
import sys

import pytest

from bench.contestants import SERVERS
from bench.process import ServerFailed, read_resident_bytes, run_program
from bench.run import Plan
from bench.scenarios.start import Start
from bench.scenarios.token import Token
from bench.secret_store import answer
from bench.servers.first_token import read_peak_bytes, report

SIGNED = (
    b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: secretsmanager.GetSecretValue\r\n"
    b"Authorization: AWS4-HMAC-SHA256 Credential=a/b\r\n\r\n"
)


def test_only_servers_with_a_token_endpoint_take_part() -> None:
    """The others are left out of this scenario, and of no other."""
    plan = Plan((Start(), Token()), tuple(SERVERS.values()), rounds=3)
    names = [[server.name for server in plan.round_of(Token(), n)] for n in (1, 2)]
    assert names == [["python-sdk", "ours"], ["ours", "python-sdk"]]
    assert len(plan.round_of(Start(), 1)) == len(SERVERS)
    assert plan.trials() == 3 * (len(SERVERS) + 2)


def test_secret_is_given_to_signed_requests() -> None:
    """Whoever does not sign, or asks for something else, gets an error."""
    assert answer(SIGNED, "sk_test").endswith(b'{"SecretString": "sk_test"}')
    for name in (b"Authorization", b"X-Amz-Target"):
        assert answer(SIGNED.replace(name, b"X-Other"), "sk_test").startswith(b"HTTP/1.1 400")


def test_peak_is_never_below_what_is_resident(capsys: pytest.CaptureFixture[str]) -> None:
    """The report has the process's own peak in MB, and its CPU time in ms."""
    block = b"x" * (8 << 20)
    resident = read_resident_bytes(os.getpid())
    del block
    assert read_peak_bytes() >= resident * 0.99
    report("tok")
    shown = json.loads(capsys.readouterr().out)
    assert (shown["token"], shown["peak_mb"] > 8, shown["cpu_ms"] > 1) == ("tok", True, True)


def test_program_that_fails_says_why() -> None:
    """The last line of its error stream is the reason."""
    with pytest.raises(ServerFailed, match="no such thing"):
        run_program([sys.executable, "-c", "raise SystemExit('no such thing')"], {}, None)
