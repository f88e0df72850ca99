"""An image that is not there is said to be not there.

The emulator answers `DescribeImages` for an unknown tag with an empty list; the CDK CLI takes that
for a published image and never builds.
https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html#API_DescribeImages_Errors
"""

# ruff: noqa: SLF001 - a patch reaches inside
from __future__ import annotations

from typing import Any


def add() -> None:
    """Answer `ImageNotFoundException` when one of the asked-for images is unknown."""
    from ministack.core.responses import error_response_json  # type: ignore[import-not-found]
    from ministack.services import ecr  # type: ignore[import-not-found]

    inner = ecr._describe_images

    def describe(data: dict[str, Any]) -> Any:
        name = data.get("repositoryName", "")
        asked = data.get("imageIds") or []
        if name in ecr._repositories and not all(ecr._find_image(name, image) for image in asked):
            message = f"The image does not exist within the repository with name '{name}'"
            return error_response_json("ImageNotFoundException", message, 400)
        return inner(data)

    ecr._describe_images = describe
