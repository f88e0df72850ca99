"""The function as Lambda runs it. The one place where its parts are put together.

What stands here at import goes into a SnapStart snapshot: the application, and nothing that was
read from the environment, from a secret or from the network.
https://docs.aws.amazon.com/lambda/latest/dg/snapstart-best-practices.html
"""

from __future__ import annotations

import functools
import os

from mangum import Mangum

from functions.token.app import TEXT_TYPES, build_app
from functions.token.issuer import Issuer, build_issuer
from functions.token.logs import LOGGER, configure_logs
from functions.token.settings import read_settings


@functools.cache
def open_issuer() -> Issuer:
    """Return the issuer of this process, made at the first request. Raises SettingsError."""
    configure_logs()
    settings = read_settings(os.environ)
    LOGGER.setLevel(settings.log_level)
    return build_issuer(settings, os.environ)


handler = Mangum(build_app(open_issuer), lifespan="off", text_mime_types=TEXT_TYPES)
