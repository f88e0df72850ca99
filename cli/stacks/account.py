"""The AWS account behind a command: who is asking, where, and what a stack holds there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cli.errors import CommandError

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

    from infra.settings import Environment

# In the order of deployment: each needs only those before it.
STACKS = ("Foundation", "Realtime", "Api", "Site")
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
_FAILED_CREATION = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}
# https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
_BAD_CREDENTIALS = {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId"}
_RENEW = "; renew the credentials (`aws sso login`), or set AWS_PROFILE to others"


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a deployed stack."""

    kind: str
    logical_id: str
    physical_id: str


class Account:
    """One environment's stacks in the account and region of the caller's credentials."""

    def __init__(self, session: boto3.Session, environment: Environment) -> None:
        self.session = session
        self.environment = environment

    def place(self) -> str:
        """Account and region, for questions that must not be answered about the wrong ones."""
        number = self.session.client("sts").get_caller_identity()["Account"]
        return f"account {number}, {self.environment.aws.region}"

    def prefix(self) -> str:
        """The name that the environment's stacks begin with."""
        return f"SpeechEngine-{self.environment.name}"

    def stack_name(self, stack: str) -> str:
        """The name of one stack, for CloudFormation and the CDK command alike."""
        return f"{self.prefix()}-{stack}"

    def exists(self, stack: str) -> bool:
        """Whether the stack is there, in whatever state."""
        return self._describe(stack) is not None

    def failed_creation(self, stack: str) -> bool:
        """Whether the stack never came up and holds nothing but what could not be undone."""
        description = self._describe(stack)
        return bool(description and description["StackStatus"] in _FAILED_CREATION)

    def is_being_created(self, stack: str) -> bool:
        """Whether the stack's first creation is under way."""
        description = self._describe(stack)
        return bool(description and description["StackStatus"] == "CREATE_IN_PROGRESS")

    def refuses_deletion(self, stack: str) -> bool:
        """Whether the stack, as it is deployed, is protected from being deleted."""
        description = self._describe(stack)
        return bool(description and description.get("EnableTerminationProtection"))

    def template(self, stack: str) -> dict[str, Any]:
        """What the stack was last deployed with; empty for one that never was, or is not there."""
        if not self.exists(stack):
            return {}
        client = self.session.client("cloudformation")
        answer = client.get_template(StackName=self.stack_name(stack), TemplateStage="Original")
        return dict(answer["TemplateBody"] or {})

    def outputs(self, stack: str) -> dict[str, str]:
        """The outputs of a stack by name; empty while it is not there."""
        description = self._describe(stack)
        found = description.get("Outputs", []) if description else []
        return {output["OutputKey"]: output["OutputValue"] for output in found}

    def resources(self, stack: str) -> list[Resource]:
        """What a stack has made so far; empty while it is not there.

        A stack that could not be deleted as a whole still lists what is gone already.
        """
        if not self.exists(stack):
            return []
        pages = self.session.client("cloudformation").get_paginator("list_stack_resources")
        return [
            Resource(found["ResourceType"], found["LogicalResourceId"], found["PhysicalResourceId"])
            for page in pages.paginate(StackName=self.stack_name(stack))
            for found in page["StackResourceSummaries"]
            if found.get("PhysicalResourceId") and found["ResourceStatus"] != "DELETE_COMPLETE"
        ]

    def first(self, stack: str, kind: str) -> Resource | None:
        """The stack's first resource of a CloudFormation type."""
        return next((item for item in self.resources(stack) if item.kind == kind), None)

    def _describe(self, stack: str) -> StackTypeDef | None:
        from botocore.exceptions import ClientError

        client = self.session.client("cloudformation")
        try:
            return client.describe_stacks(StackName=self.stack_name(stack))["Stacks"][0]
        except ClientError as error:
            # CloudFormation has no error code of its own for a stack that is not there.
            if "does not exist" in str(error):
                return None
            raise


def open_account(environment: Environment) -> Account:
    """Check the caller's credentials against the environment. Raises CommandError."""
    import boto3

    session = boto3.Session(region_name=environment.aws.region)
    try:
        identity = session.client("sts").get_caller_identity()
    except ValueError as error:
        # The SDK's own word for an endpoint that is no URL, where others are of its error classes.
        raise CommandError(
            f"AWS can't be asked: {error}; mend AWS_ENDPOINT_URL, or unset it"
        ) from None
    wanted = environment.aws.account
    if wanted is not None and identity["Account"] != wanted:
        raise CommandError(
            f"the credentials are of account {identity['Account']}, environment"
            f" {environment.name} belongs to {wanted}; choose the other profile (AWS_PROFILE)"
        )
    return Account(session, environment)


@contextmanager
def readable_errors() -> Iterator[None]:
    """Turn what the AWS SDK raises into one line with a remedy."""
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        CredentialRetrievalError,
        NoCredentialsError,
        NoRegionError,
        PartialCredentialsError,
        ProfileNotFound,
        SSOError,
        TokenRetrievalError,
    )

    unusable = (
        CredentialRetrievalError,
        PartialCredentialsError,
        SSOError,
        TokenRetrievalError,
    )

    try:
        yield
    except NoCredentialsError:
        raise CommandError("no AWS credentials; run `aws sso login`, or set AWS_PROFILE") from None
    except NoRegionError:
        raise CommandError("no AWS region; set AWS_REGION") from None
    except ProfileNotFound as error:
        raise CommandError(f"{error}; set AWS_PROFILE to one that exists") from None
    except ClientError as error:
        detail = error.response.get("Error", {})
        told = f"AWS refused {error.operation_name}: {detail.get('Message') or detail.get('Code')}"
        remedy = _RENEW if detail.get("Code") in _BAD_CREDENTIALS else ""
        raise CommandError(told + remedy) from None
    except BotoCoreError as error:
        remedy = _RENEW if isinstance(error, unusable) else ""
        raise CommandError(f"AWS can't be asked: {' '.join(str(error).split())}{remedy}") from None
