from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest

from tests.fakes.moto_account import open_account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_ec2 import EC2Client


@pytest.fixture(scope="module")
def ec2() -> Iterator[EC2Client]:
    """The account with the network."""
    with open_account():
        yield boto3.client("ec2")
