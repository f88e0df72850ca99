"""What every section of an environment file is: frozen, and strict about its keys and values."""

from __future__ import annotations

import re

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

# The type of the errors below; their message is what to give instead.
UNFIT = "unfit"


class Section(BaseModel):
    """A table of the file. Unknown keys are refused, so that a typing mistake is no default."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


def shaped(pattern: str, remedy: str) -> AfterValidator:
    """Accept only text of this shape; `remedy` says in a few words what to give instead."""
    shape = re.compile(pattern)

    def check(text: str) -> str:
        if shape.fullmatch(text) is None:
            raise PydanticCustomError(UNFIT, "{remedy}", {"remedy": remedy})
        return text

    return AfterValidator(check)
