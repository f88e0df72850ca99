"""What all sessions of one server share."""

from __future__ import annotations

from dataclasses import dataclass, field

from . import debug_log
from .handlers import Handlers
from .limits import Limits
from .tasks import Tasks
from .threads import ThreadPool


@dataclass(slots=True, kw_only=True)
class SessionContext:
    """Handlers, bounds, and the tasks and threads in which handlers run."""

    handlers: Handlers = field(default_factory=Handlers)
    limits: Limits = field(default_factory=Limits)
    debug: bool = False
    tasks: Tasks = field(default_factory=Tasks)
    threads: ThreadPool = field(init=False)
    is_return_hinted: bool = field(init=False, default=False)
    """Whether it was told that an asynchronous on_transcript returns what it should send."""

    def __post_init__(self) -> None:
        self.threads = ThreadPool(self.limits.max_threads)
        if self.debug:
            debug_log.enable()
