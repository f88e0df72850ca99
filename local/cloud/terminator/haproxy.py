"""The terminator that runs HAProxy: one process serves, the ones before it finish what they have.

The listening sockets are this process's own and are inherited by each HAProxy, so that a reload
refuses nobody. Needs no root. Knows nothing of what the configuration says.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from local.cloud.terminator.doors import Doors
from local.cloud.terminator.haproxy_config import Surroundings, list_bodies, write_configuration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.cloud.terminator.certificates import Certificate
    from local.cloud.terminator.model import LoadBalancer

_START_SECONDS = 10.0
_STOP_SECONDS = 3.0
_POLL_SECONDS = 0.01


class TerminatorError(Exception):
    """The terminator can't serve; the message is one line."""


class HaproxyTerminator:
    """Serves a load balancer with HAProxy. See the package for the methods' promises."""

    def __init__(
        self,
        load_balancer: LoadBalancer,
        *,
        certificate: Certificate,
        reserved: Mapping[int, socket.socket] | None = None,
        check_seconds: float = 1.0,
        program: str = "haproxy",
    ) -> None:
        self._load_balancer = load_balancer
        self._certificate = certificate
        self._doors = Doors(reserved)
        self._check_seconds = check_seconds
        self._program = program
        self._folder: Path | None = None
        self._serving: _Process | None = None
        self._finishing: list[_Process] = []
        self._generation = 0

    @property
    def ports(self) -> dict[int, int]:
        """The load balancer's ports and where they are on loopback."""
        return self._doors.ports

    def start(self) -> dict[int, int]:
        """Begin to serve; returns the ports. Raises TerminatorError, or OSError for a port."""
        self._folder = Path(tempfile.mkdtemp(prefix="haproxy-"))
        try:
            return self.reload(self._load_balancer)
        except BaseException:
            self.stop()
            raise

    def reload(self, load_balancer: LoadBalancer) -> dict[int, int]:
        """Serve new connections as `load_balancer` says; open ones stay. Returns the ports."""
        before, self._serving = self._serving, self._launch(load_balancer)
        if before is not None:
            before.finish()
            self._finishing = [each for each in (*self._finishing, before) if each.is_running]
        self._doors.close_others([each.port for each in load_balancer.listeners])
        self._load_balancer = load_balancer
        return self.ports

    def stop(self) -> None:
        """End every process and connection, and give the ports back; may be called twice."""
        processes = [each for each in (self._serving, *self._finishing) if each is not None]
        self._serving, self._finishing = None, []
        for process in processes:
            process.stop()
        self._doors.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _launch(self, load_balancer: LoadBalancer) -> _Process:
        assert self._folder is not None, "start() comes first"
        self._generation += 1
        folder = self._folder / str(self._generation)
        folder.mkdir()
        doors = self._doors.open([each.port for each in load_balancer.listeners])
        descriptors = {port: door.fileno() for port, door in doors.items()}
        admin, its_admin = socket.socketpair()
        with its_admin, contextlib.ExitStack() as undo:
            undo.enter_context(admin)
            around = Surroundings(
                admin_descriptor=its_admin.fileno(),
                bundle=self._certificate.bundle,
                bodies=folder,
                descriptors=descriptors,
                ports=self.ports,
                check_seconds=self._check_seconds,
            )
            for name, body in list_bodies(load_balancer).items():
                (folder / name).write_text(body)
            (folder / "haproxy.cfg").write_text(write_configuration(load_balancer, around))
            # Both ends: without the other one HAProxy spins, should this process be killed.
            inherited = (admin.fileno(), its_admin.fileno(), *descriptors.values())
            process = _Process(self._program, folder, admin, inherited)
            undo.pop_all()
        process.settle()
        return process


class _Process:
    """One run of HAProxy, ended by its own id and no other way."""

    def __init__(
        self, program: str, folder: Path, admin: socket.socket, inherited: tuple[int, ...]
    ) -> None:
        self._admin = admin
        self._log = folder / "log"
        with self._log.open("wb") as log:
            # A session of its own: Ctrl-C reaches the program that has to stop this one in order.
            self._popen = subprocess.Popen(
                [program, "-db", "-f", str(folder / "haproxy.cfg")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=inherited,
                start_new_session=True,
            )

    @property
    def is_running(self) -> bool:
        return self._popen.poll() is None

    def settle(self) -> None:
        """Return once it serves. Raises TerminatorError with what it had to say."""
        if self._wait_until(self._answers) and self.is_running:
            return
        self.stop()
        alerts = [line for line in self._log.read_text().splitlines() if "ALERT" in line]
        raise TerminatorError(
            f"haproxy does not start: {alerts[0] if alerts else 'no reason told'}"
        )

    def finish(self) -> None:
        """Take no new connections, end with the last open one; returns once nothing new comes."""
        with contextlib.suppress(ProcessLookupError):
            self._popen.send_signal(signal.SIGUSR1)
        if self._wait_until(lambda: not self._answers()):
            self._admin.close()
        else:
            self.stop()

    def stop(self) -> None:
        """End it with all its connections."""
        self._admin.close()
        self._popen.terminate()
        try:
            self._popen.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()

    def _answers(self) -> bool:
        """Whether the administrator's socket answers: HAProxy closes it with its other doors.

        It has no path, whose length would be limited: a connection is one end of a pair, handed
        over. https://docs.haproxy.org/2.6/configuration.html#4.2-bind
        """
        client, its_client = socket.socketpair()
        with client:
            client.settimeout(_START_SECONDS)
            try:
                with its_client:
                    socket.send_fds(self._admin, [b"\0"], [its_client.fileno()])
                client.sendall(b"show info\n")
                return bool(client.recv(1))
            except OSError:
                return False

    def _wait_until(self, condition: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if condition() or not self.is_running:
                return True
            time.sleep(_POLL_SECONDS)
        return False
