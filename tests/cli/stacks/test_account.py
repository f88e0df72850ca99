from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, NoCredentialsError, SSOTokenLoadError

from cli.errors import CommandError
from cli.stacks.account import readable_errors

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
