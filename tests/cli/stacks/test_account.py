from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, NoCredentialsError, SSOTokenLoadError

from cli.errors import CommandError
from cli.stacks.account import open_account, readable_errors
from infra.settings import load_environment

EXPIRED = {"Error": {"Code": "ExpiredToken", "Message": "The token is expired"}}


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (NoCredentialsError(), r"no AWS credentials; run `aws sso login`"),
        (SSOTokenLoadError(error_msg="none"), r"can't be asked: .*none; renew .*`aws sso login`"),
        (ClientError(EXPIRED, "GetCallerIdentity"), r"is expired; renew .*`aws sso login`"),  # type: ignore[arg-type]
    ],
)
def test_readable_errors_say_how_to_get_credentials(error: Exception, told: str) -> None:
    """Credentials that are missing or expired are one line with the way to new ones."""
    with pytest.raises(CommandError, match=told), readable_errors():
        raise error


@pytest.mark.parametrize("url", ["nonsense", "http://", "http://[", "http://127.0.0.1:99999"])
def test_open_account_names_an_endpoint_that_is_no_url(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistyped AWS_ENDPOINT_URL is one line that names the variable."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    with pytest.raises(CommandError, match=r"^[^\n]*mend AWS_ENDPOINT_URL[^\n]*$"):
        open_account(load_environment("dev"))
