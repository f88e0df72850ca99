"""CloudFormation's request, read once. Knows nothing of what the properties mean.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from functions.custom_resource.failure import Failure


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be done to one resource; `kind` is Create, Update or Delete."""

    kind: str
    stack_id: str
    logical_id: str
    request_id: str
    response_url: str = field(repr=False)  # pre-signed: whoever has it may answer
    physical_id: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict, repr=False)
    old_properties: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def text(self, name: str) -> str:
        """A property that must be there. Raises Failure."""
        value = self.properties.get(name)
        if not isinstance(value, str) or not value:
            raise Failure(f"The template gives {self.logical_id} no property {name}; set it")
        return value


def read_request(event: Mapping[str, Any]) -> Request:
    """Read the function's event. Raises KeyError if it isn't CloudFormation's."""
    return Request(
        kind=event["RequestType"],
        stack_id=event["StackId"],
        logical_id=event["LogicalResourceId"],
        request_id=event["RequestId"],
        response_url=event["ResponseURL"],
        physical_id=event.get("PhysicalResourceId"),
        properties=event.get("ResourceProperties", {}),
        old_properties=event.get("OldResourceProperties", {}),
    )
