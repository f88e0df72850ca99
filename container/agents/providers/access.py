"""How a provider is reached: what settings say of it, read by the service and handed in."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Where a provider answers, and as whom it is asked; None is the provider's own default."""

    api_key: str | None = field(default=None, repr=False)
    base_url: str | None = None
    region: str | None = None
    """Of Amazon Bedrock; credentials come from the task role, or where the AWS SDK finds them."""
    guardrail: tuple[str, str] | None = None
    """Id and version of an Amazon Bedrock Guardrail."""
