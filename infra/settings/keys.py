"""The keys that an environment file may have, as dotted paths; read off the sections themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from infra.settings.environment import Environment
from infra.settings.section import Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo


def settings_keys() -> dict[str, FieldInfo]:
    """Every key and every table of an environment file, by dotted path."""
    return dict(_walk(Environment, ""))


def section_of(field: FieldInfo) -> type[Section] | None:
    """The section behind a key whose value is a table, None for a plain value."""
    kinds = (field.annotation, *get_args(field.annotation))
    return next((kind for kind in kinds if _is_section(kind)), None)


def _walk(section: type[Section], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in section.model_fields.items():
        yield prefix + name, field
        if (inner := section_of(field)) is not None:
            yield from _walk(inner, f"{prefix}{name}.")


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Section)
