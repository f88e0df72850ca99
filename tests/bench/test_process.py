from __future__ import annotations

import mmap
import os
import sys
import time

import pytest

from bench.process import (
    ServerFailed,
    choose_cores,
    pinned,
    read_cpu_ns,
    read_resident_bytes,
    run_server,
)


def test_cpu_time_of_a_process_is_its_own_clock() -> None:
    """What is read from outside is what the process itself would read, threads included."""
    before = time.process_time_ns()
    seen = read_cpu_ns(os.getpid())
    assert before <= seen <= time.process_time_ns()


def test_resident_memory_follows_what_a_process_touches() -> None:
    """Eight touched megabytes show up as about that much."""
    # A mapping of its own: the allocator may hold memory that was touched before.
    with mmap.mmap(-1, 8 << 20) as block:
        before = read_resident_bytes(os.getpid())
        block.write(b"x" * len(block))
        grown = read_resident_bytes(os.getpid()) - before
        assert len(block) * 0.9 < grown < len(block) * 3


def test_pinned_restores_the_cores() -> None:
    """Only inside the context does the process keep to one core."""
    before = os.sched_getaffinity(0)
    core = min(before)
    with pinned(core):
        assert os.sched_getaffinity(0) == {core}
    assert os.sched_getaffinity(0) == before


def test_cores_of_server_and_load_differ() -> None:
    """Server and load never share a core, unless there is only one."""
    cores = choose_cores()
    assert cores.server is None or cores.server != cores.load


async def test_server_runs_on_its_core_and_ends_with_the_context() -> None:
    """The child inherits the core, its port is read, and nothing of it is left behind."""
    program = "import time; print('port 4711', flush=True); time.sleep(60)"
    core = min(os.sched_getaffinity(0))
    async with run_server([sys.executable, "-c", program], {}, core) as server:
        assert server.port == 4711
        assert os.sched_getaffinity(server.process.pid) == {core}
        assert server.waited_ns() >= 0
    assert server.process.poll() is not None


async def test_server_that_fails_says_why() -> None:
    """The last line of the error stream is the message."""
    program = "raise SystemExit('no such engine')"
    with pytest.raises(ServerFailed, match=r"^no such engine$"):
        async with run_server([sys.executable, "-c", program], {}, None):
            pytest.fail("the server cannot have started")
