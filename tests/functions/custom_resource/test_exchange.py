from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions.custom_resource.exchange import NoAnswer, NotSent, exchange
from tests.fakes.cloudformation import open_mailbox
from tests.fakes.faulty_platform import Fault, open_faulty_platform
from tests.fakes.loopback_server import QuietHandler, serve_loopback
from tests.fakes.platform_certificates import make_contexts

if TYPE_CHECKING:
    from pathlib import Path


class Greeter(QuietHandler):
    """Answers every request."""

    def do_GET(self) -> None:  # noqa: N802 - named by http.server
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()


@pytest.mark.parametrize(
    "url",
    ["http://example.com/x", "http://10.0.0.1/x", "ftp://localhost/x", "file:///etc/hosts", "x"],
)
def test_exchange_sends_nothing_in_clear_to_others(url: str) -> None:
    """Keys travel by https, or by http within the machine; any other address is refused."""
    with pytest.raises(ValueError, match="https, or http on loopback"):
        exchange("GET", url, seconds=1)


def test_exchange_tells_unsent_from_unanswered() -> None:
    """What nobody can have seen may be repeated; a request without answer perhaps not."""
    with open_faulty_platform("http://127.0.0.1:1", Fault("GET")) as line:
        with pytest.raises(NoAnswer):
            exchange("GET", line.url, seconds=5)
        gone = line.url
    with pytest.raises(NotSent, match="Connection refused"):
        exchange("GET", gone, seconds=5)


def test_exchange_waits_for_a_limited_time() -> None:
    """A line that stays open without an answer ends as a time-out."""
    hanging = Fault("GET", hangs=True)
    with (
        open_faulty_platform("http://127.0.0.1:1", hanging) as line,
        pytest.raises(NoAnswer, match="timed out"),
    ):
        exchange("GET", line.url, seconds=0.2)


def test_exchange_trusts_known_certificates_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate that the machine does not trust gets no request; one that it trusts does."""
    server, _ = make_contexts(tmp_path)
    with serve_loopback(Greeter, server) as url:
        with pytest.raises(NotSent, match="CERTIFICATE_VERIFY_FAILED"):
            exchange("GET", url, seconds=5)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        assert exchange("GET", url, seconds=5).status == 200


def test_exchange_uses_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment does not get to see keys."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with open_mailbox() as mailbox:
        answer = exchange("PUT", f"{mailbox.url}/a?b=c", seconds=5, body=b"{}")
    assert (answer.status, mailbox.bodies) == (200, [b"{}"])
