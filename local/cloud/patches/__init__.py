"""What the emulator lacks, one module a lack; each says why it is needed.

Runs in the emulator's process only. Everything hangs on its registration points.
"""

from __future__ import annotations

from local.cloud.patches import (
    containers,
    custom_resources,
    image_tags,
    recorded_types,
    secrets,
    tables,
    target_groups,
    task_definitions,
)

_PATCHES = (
    containers,
    custom_resources,
    image_tags,
    recorded_types,
    secrets,
    tables,
    target_groups,
    task_definitions,
)


def apply() -> None:
    """Add everything, once, before the emulator serves."""
    for patch in _PATCHES:
        patch.add()
