from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.agents.providers import conformance
from tests.agents.providers.candidates import CANDIDATES

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from tests.agents.providers.candidates import Candidate, Serving

PROMISES = {
    name.removeprefix("check_"): check
    for name, check in vars(conformance).items()
    if name.startswith("check_")
}


@pytest.mark.usefixtures("aws_account")
@pytest.mark.parametrize("check", PROMISES.values(), ids=PROMISES)
@pytest.mark.parametrize("serve", CANDIDATES.values(), ids=CANDIDATES)
async def test_provider_keeps_its_promise(
    serve: Callable[[], Serving], check: Callable[[Candidate], Coroutine[Any, Any, None]]
) -> None:
    """Each promise of the contract holds with the provider's real SDK against its wire format."""
    async with serve() as candidate:
        await check(candidate)
