"""The state file: how `make talk` finds the run of `make dev` that is going on now."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class DevState:
    """Where a run can be reached. No secret is kept in it."""

    base_url: str
    """REST address of the platform: the simulator's, or the real one's."""
    engine_id: str
    requires_auth: bool
    """Whether a conversation needs an API key (the real platform) or not (the simulator)."""
    process_id: int


def write_state(file: Path, state: DevState) -> None:
    """Put the state where `read_state` finds it, in one step."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    draft.write_text(json.dumps(asdict(state), indent=2) + "\n")
    draft.replace(file)


def read_state(file: Path) -> DevState | None:
    """The state of the run going on now; None without a file, or when its process is gone."""
    try:
        state = DevState(**json.loads(file.read_text()))
        os.kill(state.process_id, 0)
    except (OSError, ValueError, TypeError):
        return None
    return state


def remove_state(file: Path) -> None:
    """Forget this process's run; another's is left alone."""
    state = read_state(file)
    if state is not None and state.process_id == os.getpid():
        file.unlink(missing_ok=True)
