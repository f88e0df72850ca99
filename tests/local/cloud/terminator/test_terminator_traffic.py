from __future__ import annotations

import asyncio
import ssl
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Literal

import pytest
from websockets.exceptions import ConnectionClosed

from local.cloud.terminator import (
    Condition,
    FixedResponse,
    Forward,
    Listener,
    LoadBalancer,
    Redirect,
    Rule,
    TargetGroup,
)
from tests.fakes.load_balancers import (
    HTTP,
    HTTPS,
    KINDS,
    NOT_FOUND,
    Front,
    ask,
    balance,
    echo_target,
    path_is,
    serve_front,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.parametrize("kind", KINDS)


async def test_websocket_passes_over_tls(kind: str, tmp_path: Path) -> None:
    """A `wss` client with the authority's certificate talks to the target, both ways, at length."""
    long = "x" * 300_000
    async with (
        echo_target("a") as a,
        serve_front(kind, balance(a.target), tmp_path) as front,
        front.connect() as socket,
    ):
        assert await ask(socket, "hello") == "a: 'hello'"
        assert await ask(socket, long) == f"a: {long!r}"
    assert a.seen[0]["x-forwarded-proto"] == ["https"]
    assert a.seen[0]["x-forwarded-port"] == ["443"]
    assert a.seen[0]["x-forwarded-for"] == ["127.0.0.1"]


async def test_forwarded_headers_cannot_be_forged(kind: str, tmp_path: Path) -> None:
    """What a client says of protocol and port is replaced; of its address, it is added to."""
    forged = {"X-Forwarded-Proto": "ftp", "X-Forwarded-Port": "1", "X-Forwarded-For": "10.9.8.7"}
    async with echo_target("a") as a, serve_front(kind, balance(a.target), tmp_path) as front:
        assert (await front.get("/any", headers=forged)).text == "a"
    assert a.seen[0]["x-forwarded-proto"] == ["https"]
    assert a.seen[0]["x-forwarded-port"] == ["443"]
    assert ", ".join(a.seen[0]["x-forwarded-for"]) == "10.9.8.7, 127.0.0.1"


@pytest.mark.parametrize("drops", [True, False])
async def test_invalid_headers_are_dropped_where_told(
    kind: str, drops: bool, tmp_path: Path
) -> None:
    """A name with more than letters, digits and hyphens passes only where the attribute is off."""
    async with echo_target("a") as a:
        balancer = balance(a.target, drops_invalid_headers=drops)
        async with serve_front(kind, balancer, tmp_path) as front:
            await front.get("/any", headers={"under_score": "1", "plain-1": "2"})
    assert ("under_score" in a.seen[0]) is not drops
    assert a.seen[0]["plain-1"] == ["2"]


async def test_plain_http_is_redirected(kind: str, tmp_path: Path) -> None:
    """The redirect keeps host, path and query, and names the port where TLS really is."""
    upgrade = Redirect(status=301, protocol="HTTPS", port="443")
    balancer = LoadBalancer(
        listeners=(
            Listener(port=HTTP, protocol="HTTP", default=upgrade),
            Listener(port=HTTPS, protocol="HTTPS", default=NOT_FOUND),
        ),
        groups={},
    )
    async with serve_front(kind, balancer, tmp_path) as front:
        with_query = await front.get("/a%20b?x=1&y=%25", port=HTTP)
        bare = await front.get("/", port=HTTP)
        elsewhere = await front.get("/unknown")
        expected = [front.address(path) for path in ("/a%20b?x=1&y=%25", "/")]
    assert [each.headers["location"] for each in (with_query, bare)] == expected
    assert (with_query.status_code, bare.status_code) == (301, 301)
    assert (elsewhere.status_code, elsewhere.text) == (404, "it's not here\n")


async def test_redirects_may_change_every_part(kind: str, tmp_path: Path) -> None:
    """Literal text and placeholders are combined; ports that are no listener's stay."""
    moved = Redirect(
        status=302, host="new.#{host}", port="8443", path="/100%/#{path}/#{port}", query="a=1"
    )
    async with serve_front(kind, balance(default=moved), tmp_path) as front:
        answer = await front.get("/old?b=2")
    assert answer.headers["location"] == "https://new.localhost:8443/100%/old/443?a=1"


async def test_first_rule_that_fits_decides(kind: str, tmp_path: Path) -> None:
    """Rules are tried in their order, all conditions of one have to hold, else the default acts."""

    def answer(text: str, *conditions: Condition) -> Rule:
        return Rule(conditions=conditions, action=FixedResponse(status=200, body=text))

    rules = (
        answer("both", path_is("/ws"), Condition(subject="method", expression="^POST$")),
        answer("path", path_is("/ws")),
        answer("host", Condition(subject="host", expression="^EXAMPLE\\.test$")),
        answer("header", Condition(subject="header", header="X-Key", expression="^it's ?me$")),
        answer("query", Condition(subject="query", expression="(?:^|&)v=2(?:&|$)")),
        answer("never", path_is("/ws")),
    )
    async with serve_front(kind, balance(default=NOT_FOUND, rules=rules), tmp_path) as front:
        answers = [
            await front.get("/ws", method="POST"),
            await front.get("/ws"),
            await front.get("/", headers={"host": "example.test:1"}),
            await front.get("/", headers={"x-key": "IT'S me"}),
            await front.get("/?a=1&v=2"),
            await front.get("/WS?v=22"),
        ]
    assert [each.text for each in answers[:5]] == ["both", "path", "host", "header", "query"]
    assert answers[5].status_code == 404


async def test_target_groups_share_by_weight(kind: str, tmp_path: Path) -> None:
    """A weight of nothing gets nothing, equal weights get something each, no weight is a 503."""

    def share(*weights: int) -> LoadBalancer:
        forward = Forward(tuple(zip(["blue", "green"], weights, strict=True)))
        listener = Listener(port=HTTPS, protocol="HTTPS", default=forward)
        return LoadBalancer(listeners=(listener,), groups=groups)

    async def count(front: Front, requests: int) -> Counter[str]:
        answers = await asyncio.gather(*(front.get("/") for _ in range(requests)))
        return Counter(each.text for each in answers)

    async with echo_target("b") as blue, echo_target("g") as green:
        groups = {
            "blue": TargetGroup(targets=(blue.target,)),
            "green": TargetGroup(targets=(green.target,)),
        }
        async with serve_front(kind, share(0, 100), tmp_path) as front:
            assert await count(front, 5) == {"g": 5}
            await front.reload(share(1, 1))
            assert set(await count(front, 30)) == {"b", "g"}  # one in a billion runs sees one only
            await front.reload(share(0, 0))
            assert (await front.get("/")).status_code == 503


async def test_silent_connections_are_ended(kind: str, tmp_path: Path) -> None:
    """A socket that is used outlives the idle limit, one that is silent for so long does not."""
    idle_seconds = 0.8
    async with echo_target("a") as a:
        balancer = balance(a.target, idle_seconds=idle_seconds)
        async with serve_front(kind, balancer, tmp_path) as front, front.connect() as socket:
            clock = asyncio.get_running_loop().time
            longer_than_the_limit = clock() + idle_seconds * 1.3
            while clock() < longer_than_the_limit:
                assert await ask(socket, "still here") == "a: 'still here'"
                await asyncio.sleep(idle_seconds / 10)
            with pytest.raises(ConnectionClosed):
                async with asyncio.timeout(10):
                    await socket.recv()


@pytest.mark.parametrize("least", ["1.2", "1.3"])
async def test_old_tls_is_refused(kind: str, least: Literal["1.2", "1.3"], tmp_path: Path) -> None:
    """The server itself ends a handshake below the policy's version, and takes that version."""
    versions = [ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
    refused = 1 if least == "1.2" else 2
    listener = Listener(port=HTTPS, protocol="HTTPS", default=NOT_FOUND, min_tls=least)
    balancer = LoadBalancer(listeners=(listener,), groups={})
    async with serve_front(kind, balancer, tmp_path) as front:
        port = front.terminator.ports[HTTPS]
        for version in versions[:refused]:
            with pytest.raises((ssl.SSLError, ConnectionResetError)) as refusal:
                await shake_hands(port, front.trust, version)
            # asyncio resets the connection in place of an alert.
            alert = getattr(refusal.value, "reason", "TLSV1_ALERT_PROTOCOL_VERSION")
            assert alert == "TLSV1_ALERT_PROTOCOL_VERSION"
        await shake_hands(port, front.trust, versions[refused])


async def test_connections_that_are_no_http_end_as_bad_requests(kind: str, tmp_path: Path) -> None:
    """Junk gets a 400, and a client that leaves in the middle of a head hurts nobody."""
    balancer = LoadBalancer(
        listeners=(Listener(port=HTTP, protocol="HTTP", default=NOT_FOUND),), groups={}
    )
    async with serve_front(kind, balancer, tmp_path) as front:
        _, leaving = await asyncio.open_connection("127.0.0.1", front.terminator.ports[HTTP])
        leaving.write(b"GET / HT")
        leaving.close()
        for junk in (b"no request\r\n\r\n", b"GET / HTTP/1.1\r\nno header\r\n\r\n"):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", front.terminator.ports[HTTP]
            )
            writer.write(junk)
            assert (await reader.readline()).startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))
            writer.close()
        assert (await front.get("/", port=HTTP)).status_code == 404


async def shake_hands(port: int, trust: ssl.SSLContext, version: ssl.TLSVersion) -> None:
    """Open a connection with exactly one version of TLS, however old."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers("DEFAULT@SECLEVEL=0")  # else the client itself would refuse
    context.load_verify_locations(cadata=trust.get_ca_certs(binary_form=True)[0])
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version = context.maximum_version = version
    _, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname="localhost"
    )
    writer.transport.abort()
