"""What the template says about the engine, as the REST API's request body. Does no I/O.

Source: https://elevenlabs.io/docs/api-reference/speech-engine/create
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from functions.custom_resource.failure import Failure

if TYPE_CHECKING:
    from functions.custom_resource.request import Request


def tag_of(request: Request) -> str:
    """The tag that only this resource's engine bears, for as long as the stack lives.

    Names are not unique and the API has no idempotency key: this is how an engine is found whose
    id never came back.
    """
    digest = hashlib.sha256(f"{request.stack_id}/{request.logical_id}".encode()).hexdigest()
    return f"aws-stack-{digest[:24]}"


def read_settings(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The property Engine, a JSON object as text. Raises Failure."""
    try:
        settings = json.loads(properties.get("Engine", ""))
    except (ValueError, TypeError):
        settings = None
    if not isinstance(settings, dict):
        raise Failure("The property Engine is not the text of a JSON object")
    return settings


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """The engine as the template wants it."""

    settings: Mapping[str, Any] = field(repr=False)
    ws_url: str
    header_name: str
    header_secret: str = field(repr=False)
    id_header: str
    tag: str

    def write_body(self, engine_id: str | None = None) -> dict[str, Any]:
        """The body of a create, or with the engine's own id of an update.

        Clients need a signed URL or token unless the settings say otherwise: with an open engine
        whoever reads the id may talk at the owner's expense.
        """
        headers = {
            **self.settings.get("speech_engine", {}).get("request_headers", {}),
            self.header_name: self.header_secret,
            **({self.id_header: engine_id} if engine_id else {}),
        }
        target = {"ws_url": self.ws_url, "request_headers": headers}
        return {
            **self.settings,
            "speech_engine": {**self.settings.get("speech_engine", {}), **target},
            "tags": [*self.settings.get("tags", []), self.tag],
            "auth": {"enable_auth": True, **self.settings.get("auth", {})},
        }


def read_spec(request: Request, header_secret: str) -> EngineSpec:
    """Read the properties of a Create or Update. Raises Failure."""
    return EngineSpec(
        settings=read_settings(request.properties),
        ws_url=request.text("WsUrl"),
        header_name=request.text("HeaderName"),
        header_secret=header_secret,
        id_header=request.text("IdHeader"),
        tag=tag_of(request),
    )
