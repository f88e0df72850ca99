"""Which tokens and secret headers open a conversation, and the reason given for the others."""

from __future__ import annotations

import base64
import hashlib
import hmac
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers as StarletteHeaders
from websockets.datastructures import Headers as WebSocketsHeaders

from speech_engine.tokens import (
    AUTHORIZATION_HEADER,
    SecretHeader,
    TokenVerifier,
    find_header,
    verify_speech_engine_jwt,
)
from tests.fakes.tokens import (
    API_KEY,
    HEADER,
    OTHER_API_KEY,
    compute_signature,
    encode_segment,
    sign_token,
)

NOW = 1_800_000_000


def clock() -> float:
    return NOW + 0.9


def verify(token: str, api_key: str = API_KEY) -> dict[str, Any]:
    return verify_speech_engine_jwt(token, api_key, now=clock)


def sign(**overrides: Any) -> str:
    return sign_token(**{"iat": NOW, "exp": NOW + 300, **overrides})


def test_token_of_another_implementation_is_accepted() -> None:
    """A token that pyjwt has signed passes, so that no two mistakes of our own agree."""
    claims = {
        "iss": "https://api.elevenlabs.io/convai/speech-engine",
        "sub": "convai_speech_engine_upstream",
        "iat": NOW,
        "exp": NOW + 300,
    }
    secret = hashlib.sha256(API_KEY.encode()).digest()
    assert verify(jwt.encode(claims, secret, algorithm="HS256")) == claims
    for algorithm in ("HS384", "HS512"):
        with pytest.raises(ValueError, match="alg must be HS256"):
            verify(jwt.encode(claims, secret + secret, algorithm=algorithm))


def test_token_that_is_in_order_yields_its_claims() -> None:
    """A properly signed token yields everything it claims, also claims nobody checks."""
    claims = verify(sign(engine="seng_1"))
    assert claims["sub"] == "convai_speech_engine_upstream"
    assert claims["engine"] == "seng_1"


def test_token_is_measured_by_the_real_clock_unless_told_otherwise() -> None:
    """Without a clock of its own the check uses the time of day."""
    assert verify_speech_engine_jwt(sign_token(), API_KEY)
    with pytest.raises(ValueError, match="expired"):
        verify_speech_engine_jwt(sign_token(exp=int(time.time()) - 120), API_KEY)


@pytest.mark.parametrize("prefix", ["", "Bearer ", "bearer ", "BEARER ", "bEaReR   ", "  Bearer "])
def test_token_may_follow_bearer_in_any_case(prefix: str) -> None:
    """The word Bearer in any letter case and surrounding whitespace are ignored."""
    assert verify(f"{prefix}{sign()} \t")


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "a", "a.b", "a.b.c.d", "..."])
def test_token_without_three_parts_is_refused(value: str) -> None:
    """Anything but three parts is refused with that reason."""
    with pytest.raises(ValueError, match="expected 3 parts"):
        verify(value)


@pytest.mark.parametrize("middle", ["!!!!", "a", "é", "\ud800", "", "bm8", "A" * 5, "e30=e30="])
def test_token_with_an_unreadable_payload_is_refused(middle: str) -> None:
    """A payload that is not base64url of JSON is refused with that reason."""
    first, _, last = sign().split(".")
    with pytest.raises(ValueError, match="failed to decode payload"):
        verify(f"{first}.{middle}.{last}")


@pytest.mark.parametrize("payload", [[], "text", 5, True, b"null", b"[" * 200_000, b"\xff\xfe"])
def test_token_whose_payload_is_no_object_is_refused(payload: Any) -> None:
    """A properly signed payload that is no JSON object is refused like an unreadable one."""
    with pytest.raises(ValueError, match="failed to decode payload"):
        verify(sign(payload=payload))


@pytest.mark.parametrize("header", [b"junk", b"", [], "HS256"])
def test_token_with_an_unreadable_header_is_refused(header: Any) -> None:
    """A header that is no JSON object is refused with that reason, though properly signed."""
    with pytest.raises(ValueError, match="failed to decode header"):
        verify(sign(header=header))


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"alg": "none"},
        {"alg": "None"},
        {"alg": "hs256"},
        {"alg": "HS512"},
        {"alg": "RS256"},
        {"alg": ["HS256"]},
        {"alg": None},
        {"alg": "HS256", "crit": ["b64"], "b64": False},
    ],
)
def test_token_of_another_algorithm_is_refused(header: dict[str, Any]) -> None:
    """Only HS256 is accepted, even when the signature itself is right."""
    with pytest.raises(ValueError, match="alg must be HS256"):
        verify(sign(header=header))


def test_token_signed_with_another_key_is_refused() -> None:
    """Another key's signature is a mismatch."""
    with pytest.raises(ValueError, match="signature mismatch"):
        verify(sign(), OTHER_API_KEY)


@pytest.mark.parametrize("signature", ["", "AAAA", "!!", "é", "\udfff", "a"])
def test_token_with_a_broken_signature_is_refused(signature: str) -> None:
    """A missing, short or unreadable signature is a mismatch."""
    with pytest.raises(ValueError, match="signature mismatch"):
        verify(f"{sign().rpartition('.')[0]}.{signature}")


def test_token_whose_claims_were_altered_is_refused() -> None:
    """A signature proves the very claims it was made for."""
    first, _, last = sign().split(".")
    altered = encode_segment({"iss": "x"})
    with pytest.raises(ValueError, match="signature mismatch"):
        verify(f"{first}.{altered}.{last}")


def test_token_signature_is_made_with_the_raw_digest() -> None:
    """Neither the key itself nor its digest in hexadecimal digits is the signing secret."""
    signed = sign().rpartition(".")[0]
    hexadecimal = hashlib.sha256(API_KEY.encode()).hexdigest().encode()
    for secret in (API_KEY.encode(), hexadecimal):
        signature = encode_segment(hmac.digest(secret, signed.encode(), "sha256"))
        with pytest.raises(ValueError, match="signature mismatch"):
            verify(f"{signed}.{signature}")


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": None}, "expected issuer"),
        ({"iss": "https://api.elevenlabs.io"}, "expected issuer"),
        ({"iss": ["https://api.elevenlabs.io/convai/speech-engine"]}, "expected issuer"),
        ({"sub": None}, "expected subject"),
        ({"sub": "someone"}, "expected subject"),
        ({"exp": None}, "missing exp"),
        ({"iat": None}, "missing iat"),
        ({"exp": NOW - 61}, "expired"),
        ({"iat": NOW + 61}, "iat is in the future"),
    ],
)
def test_token_is_refused_for_the_reason_named(claims: dict[str, Any], reason: str) -> None:
    """Each claim that is out of order has its own reason."""
    with pytest.raises(ValueError, match=reason):
        verify(sign(**claims))


@pytest.mark.parametrize("claim", ["exp", "iat"])
@pytest.mark.parametrize(
    "moment",
    [True, float("nan"), float("inf"), float("-inf"), "1800000300", [1], {}],
)
def test_token_whose_times_are_no_finite_numbers_is_refused(claim: str, moment: Any) -> None:
    """Booleans, NaN, infinities and strings count as a missing time."""
    with pytest.raises(ValueError, match=f"missing {claim}"):
        verify(sign(**{claim: moment}))


def test_token_times_have_a_leeway_of_sixty_seconds() -> None:
    """A minute late or a minute early is still in time."""
    assert verify(sign(exp=NOW - 60))
    assert verify(sign(iat=NOW + 60))
    assert verify(sign(exp=float(NOW - 60), iat=float(NOW + 60)))


def test_token_times_may_be_huge() -> None:
    """An expiry beyond the range of floating point is a number like any other."""
    assert verify(sign(exp=10**400))


@pytest.mark.parametrize("api_key", [f" {API_KEY}\n", f"{API_KEY}_residency_eu"])
def test_token_key_is_trimmed_and_freed_of_its_residency(api_key: str) -> None:
    """Whitespace and a residency suffix of the configured key make no difference."""
    assert verify(sign(), api_key)


def test_token_key_keeps_what_only_resembles_a_residency() -> None:
    """Only a lower-case suffix at the very end is a residency."""
    for api_key in ("sk_test_residency_EU", "sk_test_residency_", "sk_residency_eu_test_key_"):
        assert verify(sign(api_key=api_key), api_key)


@pytest.mark.parametrize("api_key", ["", "  ", "_residency_eu"])
def test_token_is_never_accepted_with_an_empty_key(api_key: str) -> None:
    """A server without a key does not accept what anybody could sign."""
    with pytest.raises(ValueError, match="no API key"):
        verify(sign(api_key=""), api_key)


def test_token_refusal_tells_no_secrets() -> None:
    """The reason contains neither the key nor the token."""
    token = sign()
    with pytest.raises(ValueError, match="mismatch") as refusal:
        verify(token, OTHER_API_KEY)
    assert OTHER_API_KEY not in str(refusal.value)
    assert token.split(".")[1] not in str(refusal.value)


@given(st.text(st.characters(exclude_categories=())))
def test_token_check_of_any_text_raises_nothing_but_value_error(text: str) -> None:
    """Any text at all is refused with a ValueError."""
    with pytest.raises(ValueError, match="Invalid JWT"):
        verify(text)


SEGMENTS = (
    st.text(st.characters(exclude_categories=()), max_size=20)
    | st.binary(max_size=40).map(encode_segment)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["alg", "crit", "iss", "sub", "exp", "iat"]), inner, max_size=4
            )
        ),
        max_leaves=6,
    ).map(encode_segment)
    | st.just(encode_segment({"alg": "HS256"}))
)


@given(SEGMENTS, SEGMENTS, SEGMENTS)
def test_token_check_of_any_three_parts_raises_nothing_but_value_error(
    header: str, payload: str, signature: str
) -> None:
    """Any three parts are refused with a ValueError."""
    with pytest.raises(ValueError, match="Invalid JWT"):
        verify(f"{header}.{payload}.{signature}")


CLAIMS = st.dictionaries(
    st.sampled_from(["iss", "sub", "exp", "iat", "nbf"]),
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.text(max_size=5)
    | st.just("https://api.elevenlabs.io/convai/speech-engine")
    | st.just("convai_speech_engine_upstream")
    | st.just(NOW),
)


@given(CLAIMS)
def test_token_check_of_any_signed_claims_raises_nothing_but_value_error(
    claims: dict[str, Any],
) -> None:
    """Claims of any kind, properly signed, are accepted or refused with a ValueError."""
    try:
        assert verify(sign(payload=claims)) == claims
    except ValueError as refusal:
        assert str(refusal).startswith("Invalid JWT")  # noqa: PT017 - either outcome is right


@given(st.binary(max_size=60))
def test_token_accepts_signature_bytes_of_its_key_only(signature: bytes) -> None:
    """No signature but the right one opens a conversation."""
    signed = sign().rpartition(".")[0]
    with pytest.raises(ValueError, match="signature mismatch"):
        verify(f"{signed}.{encode_segment(signature)}")


def test_token_signature_in_standard_base64_is_accepted() -> None:
    """The standard alphabet and padding, which the official SDK takes too, are no obstacle."""
    signed = sign().rpartition(".")[0]
    signature = base64.b64encode(compute_signature(API_KEY, signed)).decode()
    assert verify(f"{signed}.{signature.rstrip('=')}")


def test_verifier_accepts_a_token_of_any_of_its_keys() -> None:
    """While a key is rotated, tokens of the old and of the new one pass."""
    verifier = TokenVerifier([OTHER_API_KEY, API_KEY], now=clock)
    assert verifier.verify(sign(api_key=API_KEY))
    assert verifier.verify(sign(api_key=OTHER_API_KEY))
    with pytest.raises(ValueError, match="signature mismatch"):
        verifier.verify(sign(api_key="sk_test_third"))


def test_verifier_prefers_the_reason_that_tells_more() -> None:
    """An expired token of one key is called expired, not a mismatch with the other key."""
    for keys in ([API_KEY, OTHER_API_KEY], [OTHER_API_KEY, API_KEY]):
        with pytest.raises(ValueError, match="expired"):
            TokenVerifier(keys, now=clock).verify(sign(exp=NOW - 61))


def test_verifier_asks_its_callable_for_each_token() -> None:
    """Keys from a callable take effect, and end, with the next token."""
    keys: list[Any] = [API_KEY]
    verifier = TokenVerifier(lambda: keys[0], now=clock)
    assert verifier.verify(sign())
    keys[0] = (OTHER_API_KEY,)
    assert verifier.verify(sign(api_key=OTHER_API_KEY))
    with pytest.raises(ValueError, match="signature mismatch"):
        verifier.verify(sign())


@pytest.mark.parametrize("keys", [None, [], "", ["", " "], lambda: None, list])
def test_verifier_without_keys_accepts_nothing(keys: Any) -> None:
    """A verifier that has no key refuses every token and says so."""
    with pytest.raises(ValueError, match="no API key"):
        TokenVerifier(keys, now=clock).verify(sign())


def test_verifier_skips_blank_keys() -> None:
    """A blank entry among the keys accepts nothing and harms nothing."""
    verifier = TokenVerifier(["", "_residency_us", API_KEY], now=clock)
    assert verifier.verify(sign())
    with pytest.raises(ValueError, match="signature mismatch"):
        verifier.verify(sign(api_key=""))


def test_tokens_module_imports_without_pyjwt() -> None:
    """Importing the module does not import pyjwt, which only a verifier needs."""
    code = "import sys, speech_engine.tokens; sys.exit('jwt' in sys.modules)"
    container = Path(__file__).parents[2] / "container"
    run = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(container)}, check=False
    )
    assert run.returncode == 0


class BareHeaders:
    """Header objects of a framework nobody knows: exact names, and nothing but `get`."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def get(self, name: str) -> Any:
        return self.value if name == AUTHORIZATION_HEADER else None


@pytest.mark.parametrize(
    "headers",
    [
        {AUTHORIZATION_HEADER: "token"},
        {HEADER: "token"},
        {"X-ElevenLabs-Speech-Engine-Authorization": "token"},
        {"Host": "h", HEADER.upper(): ["token", "other"]},
        {HEADER: ("token",)},
        WebSocketsHeaders({HEADER: "token"}),
        WebSocketsHeaders([("cookie", "a"), ("cookie", "b"), (HEADER, "token"), (HEADER, "x")]),
        StarletteHeaders({HEADER: "token"}),
        BareHeaders("token"),
        BareHeaders(["token"]),
    ],
)
def test_header_is_found_however_it_is_spelt(headers: Any) -> None:
    """A header is found in any letter case, in any mapping, and first of several."""
    assert find_header(headers, AUTHORIZATION_HEADER) == "token"
    assert find_header(headers, AUTHORIZATION_HEADER.lower()) == "token"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {HEADER: ""},
        {HEADER: None},
        {HEADER: []},
        {HEADER: b"token"},
        {1: "token"},
        WebSocketsHeaders([("cookie", "a"), ("cookie", "b")]),
        StarletteHeaders({}),
        BareHeaders(None),
        BareHeaders(7),
    ],
)
def test_header_that_is_absent_or_empty_is_not_found(headers: Any) -> None:
    """An absent, empty or non-text header is not there."""
    assert find_header(headers, AUTHORIZATION_HEADER) is None


def test_secret_header_matches_its_value_only() -> None:
    """A request passes with the secret, trimmed, and with nothing else."""
    secret = SecretHeader("X-Environment-Secret", "s3cret\n")
    assert secret.matches({"x-environment-secret": " s3cret "})
    for headers in ({}, {"x-environment-secret": "s3cre"}, {"x-environment-secret": "é\ud800"}):
        assert not secret.matches(headers)


def test_secret_header_accepts_any_of_several_values() -> None:
    """While a secret is rotated, the old and the new one pass."""
    secret = SecretHeader("x-secret", ["old", "new"])
    assert secret.matches({"X-Secret": "old"})
    assert secret.matches({"X-Secret": "new"})
    assert not secret.matches({"X-Secret": "other"})


def test_secret_header_asks_its_callable_for_each_request() -> None:
    """Values from a callable take effect, and end, with the next request."""
    values: list[str | None] = ["one"]
    secret = SecretHeader("x-secret", lambda: values[0])
    assert secret.matches({"x-secret": "one"})
    values[0] = None
    assert not secret.matches({"x-secret": "one"})
    assert not secret.matches({"x-secret": ""})


@pytest.mark.parametrize("values", ["", " ", [], [""], None])
def test_secret_header_without_a_value_is_an_error(values: Any) -> None:
    """A secret header that could never match is refused when it is configured."""
    with pytest.raises(ValueError, match="x-secret"):
        SecretHeader("x-secret", values)
