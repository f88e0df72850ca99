"""What Amazon Bedrock, its SDK or the network did wrong, said in one line with the remedy.

Neither the service's own words nor the error itself go on: they may quote the conversation.
https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
from botocore import exceptions
from botocore.eventstream import ParserError
from botocore.parsers import ResponseParserError

from agents.prompt import ModelError, ModelRefused
from agents.providers.failures import explain_exception, parse_retry_after

if TYPE_CHECKING:
    from collections.abc import Iterator

_CREDENTIALS = (
    "AWS has no valid credentials for it: give the task a role, or sign in and name the profile"
)
_REMEDIES = {
    "AccessDeniedException": "grant the role bedrock:InvokeModelWithResponseStream on the model"
    " (and bedrock:ApplyGuardrail on the guardrail), or enable the model in the account",
    "ResourceNotFoundException": "check the model's id and the region",
    "ValidationException": "check that the region offers the model under this id (many need the id"
    " of an inference profile), and that it takes the temperature, the tokens and the tools given",
} | dict.fromkeys(
    (
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignatureException",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "UnrecognizedClientException",
    ),
    _CREDENTIALS,
)
_LIMITS = ("ServiceQuotaExceededException", "ThrottlingException", "TooManyRequestsException")
_BUSY = "the model is busy or the account's quota is used up; have it raised"
_FAILING = "Amazon Bedrock fails at the moment; the AWS Health Dashboard may say why"
_WITHOUT_CREDENTIALS = (
    exceptions.LoginError,
    exceptions.NoCredentialsError,
    exceptions.PartialCredentialsError,
    exceptions.ProfileNotFound,
    exceptions.SSOError,
    exceptions.TokenRetrievalError,
)
# A connection that is lost, and bytes that are no event stream or no JSON.
_BROKEN = (aiohttp.ClientError, OSError, ParserError, ResponseParserError, ValueError)


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Raise ModelError, or ModelRefused, about the model `name` for any failure in the block."""
    try:
        yield
    except exceptions.ClientError as error:
        raise _explain_answer(name, error.response) from None
    except exceptions.BotoCoreError as error:
        raise _explain_sdk(name, error) from None
    except _BROKEN as error:
        raise explain_exception(name, error, "AWS_REGION") from None


def _explain_answer(name: str, response: Any) -> ModelError:
    """An error response, or an exception inside the stream."""
    metadata = response.get("ResponseMetadata", {})
    status = metadata.get("HTTPStatusCode")
    code = _read_code(response)
    if code in _REMEDIES:
        return ModelRefused(f"{name} refused ({code}): {_REMEDIES[code]}")
    if status in {401, 403}:
        return ModelRefused(f"{name} refused ({code}): {_CREDENTIALS}")
    retry_after = parse_retry_after(metadata.get("HTTPHeaders", {}).get("retry-after"))
    reason = _BUSY if code in _LIMITS or status == 429 else _FAILING
    return ModelError(f"{name}: {reason} ({code})", retry_after_seconds=retry_after)


def _read_code(response: Any) -> str:
    # Inside a stream the same names begin with a small letter.
    code = str(response.get("Error", {}).get("Code", ""))
    return code[0].upper() + code[1:] if re.fullmatch(r"\w{1,60}", code) else "no code"


def _explain_sdk(name: str, error: exceptions.BotoCoreError) -> ModelError:
    """What happened before an answer came."""
    if isinstance(error, _WITHOUT_CREDENTIALS):
        return ModelRefused(f"{name}: {_CREDENTIALS}")
    if isinstance(error, (exceptions.CredentialRetrievalError, exceptions.MetadataRetrievalError)):
        return ModelError(f"{name}: its role's credentials can't be fetched now")
    return explain_exception(name, error, "AWS_REGION")
