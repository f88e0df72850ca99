"""The arguments of a tool: a function's signature as a JSON schema, and a model's text against it.

It knows pydantic, and imports it when the first tool is made; it does not call the function.
"""

from __future__ import annotations

import dataclasses
import inspect
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, get_type_hints

from speech_engine import SpeechEngineSession

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic import TypeAdapter, ValidationError

_SESSION_TYPE = SpeechEngineSession.__name__
_BY_NAME = {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}


class ToolError(Exception):
    """A function can't be a tool; the message is one line with the reason and the remedy."""


class BadArguments(Exception):
    """A model's arguments don't fit. The message is for the model and quotes nothing of them."""


class ToolArguments:
    """Which arguments a function takes from a model, and which parameters take the session."""

    def __init__(self, function: Callable[..., Any], descriptions: Mapping[str, str]) -> None:
        """`descriptions` are of parameters that don't describe themselves. Raises ToolError."""
        parameters = inspect.signature(function).parameters
        self._session_names = [
            name for name, parameter in parameters.items() if _takes_session(parameter)
        ]
        given = {
            name: parameter
            for name, parameter in parameters.items()
            if name not in self._session_names
        }
        self._names = list(given)
        self._adapter = _build_adapter(function, given)
        self.schema = _describe(self._adapter, descriptions, function)

    def read(self, text: str, session: SpeechEngineSession) -> dict[str, Any]:
        """The keyword arguments of one call. Raises BadArguments."""
        from pydantic import ValidationError

        try:
            values = vars(self._adapter.validate_json(text.strip() or "{}"))
        except ValidationError as error:
            raise BadArguments(self._explain(error)) from None
        return {**values, **dict.fromkeys(self._session_names, session)}

    def _explain(self, error: ValidationError) -> str:
        # The places name keys that the model has made up, too: only our own are repeated.
        details = error.errors(include_url=False, include_context=False, include_input=False)
        places = {detail["loc"][0] for detail in details if detail["loc"]}
        wrong = [name for name in self._names if name in places]
        hint = f" Look at: {', '.join(wrong)}." if wrong else ""
        return f"The arguments do not match the tool's schema.{hint} Correct them and call again."


def _takes_session(parameter: inspect.Parameter) -> bool:
    annotation = parameter.annotation
    # As text it may be a name that only type checkers import.
    written = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    return parameter.name == "session" or written.rpartition(".")[2] == _SESSION_TYPE


def _build_adapter(
    function: Callable[..., Any], parameters: Mapping[str, inspect.Parameter]
) -> TypeAdapter[Any]:
    """What validates the parameters together: a dataclass has no names of its own to clash with."""
    from pydantic import ConfigDict, PydanticUserError, TypeAdapter

    types = _resolve_types(function, parameters)
    try:
        arguments = dataclasses.make_dataclass(
            "arguments",
            [_as_field(parameter, types[name]) for name, parameter in parameters.items()],
            namespace={"__pydantic_config__": ConfigDict(extra="forbid", allow_inf_nan=False)},
            kw_only=True,
        )
        return TypeAdapter(arguments)
    except (PydanticUserError, TypeError, ValueError) as error:
        raise _unusable(function, f"has parameters that no JSON describes ({error})") from None


def _resolve_types(
    function: Callable[..., Any], parameters: Mapping[str, inspect.Parameter]
) -> dict[str, Any]:
    for name, parameter in parameters.items():
        if parameter.kind not in _BY_NAME:
            raise _unusable(function, f"has the parameter {name}, which can't be given by name")
        if parameter.annotation is inspect.Parameter.empty:
            raise _unusable(function, f"has the parameter {name} without a type")
    written = {name: parameter.annotation for name, parameter in parameters.items()}
    # One by one: the types of the session and of the result may be unknown when it runs.
    stand_in = SimpleNamespace(__annotations__=written)
    try:
        return get_type_hints(stand_in, getattr(function, "__globals__", {}), include_extras=True)
    except (AttributeError, NameError, SyntaxError, TypeError) as error:
        raise _unusable(function, f"has a type that can't be read ({error})") from None


def _as_field(parameter: inspect.Parameter, kind: Any) -> tuple[str, Any, Any]:
    required = parameter.default is inspect.Parameter.empty
    default = dataclasses.field() if required else dataclasses.field(default=parameter.default)
    return parameter.name, kind, default


def _describe(
    adapter: TypeAdapter[Any], descriptions: Mapping[str, str], function: Callable[..., Any]
) -> dict[str, Any]:
    from pydantic import PydanticUserError
    from pydantic.json_schema import GenerateJsonSchema

    class WithoutTitles(GenerateJsonSchema):
        """A title repeats the name of what it stands in, and costs tokens at every call."""

        def field_title_should_be_set(self, schema: Any) -> bool:
            return False

    try:
        schema = adapter.json_schema(schema_generator=WithoutTitles)
    except PydanticUserError as error:
        raise _unusable(function, f"has parameters that no JSON describes ({error})") from None
    schema.pop("title", None)
    properties: dict[str, Any] = schema.setdefault("properties", {})
    for name in properties.keys() & descriptions.keys():
        properties[name].setdefault("description", descriptions[name])
    return schema


def _unusable(function: Callable[..., Any], reason: str) -> ToolError:
    name = getattr(function, "__name__", "?")
    return ToolError(f"tool {name!r} {' '.join(reason.split())}")
