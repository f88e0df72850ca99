"""A TLS terminator on loopback that stands for the Application Load Balancer of a deployed stack.

`read_load_balancer(client, arn)` asks the API (`build_load_balancer` takes the answers of the
`describe_*` calls), `make_certificate(folder)` writes a certificate for `localhost` with the
authority that clients have to trust, and `choose_terminator(…)` returns HAProxy where it is
installed, else the one in Python. Both have the same interface, `Terminator`:

    terminator = choose_terminator(load_balancer, certificate=make_certificate(folder))
    ports = terminator.start()     # {443: 41523, 80: 38021}: the ALB's ports, and on loopback
    terminator.reload(changed)     # new connections go the new way, open ones stay
    terminator.stop()

Every method blocks for well under a second and is to be called by one thread at a time: from a
coroutine by `asyncio.to_thread(terminator.reload, changed)`.

- A port that an address has to name in advance is held by `reserve_port()` and handed over as
  `reserved={443: socket}`; all others are the kernel's choice.
- Where a task runs as a process, `load_balancer.with_targets({arn: [Target("127.0.0.1", port)]})`
  puts its address in the place of the registered one.
- Health checks ask every `check_seconds`, not at the interval of the target group: nobody waits
  half a minute for a local server. A new target is in service until it answers wrongly.
- Where no target of a group is in service, the answer is 503. (A real ALB that knows unhealthy
  targets only tries all of them, and answers 502 when none can be reached.)
- Deregistration delays, stickiness, transforms, authentication and HTTP/2 are not done.
"""

from local.cloud.terminator.certificates import Certificate, make_certificate
from local.cloud.terminator.choice import Terminator, choose_terminator, find_haproxy
from local.cloud.terminator.doors import reserve_port
from local.cloud.terminator.haproxy import HaproxyTerminator, TerminatorError
from local.cloud.terminator.model import (
    Action,
    Condition,
    FixedResponse,
    Forward,
    HealthCheck,
    Listener,
    LoadBalancer,
    Redirect,
    Rule,
    Target,
    TargetGroup,
)
from local.cloud.terminator.reading import (
    UnsupportedError,
    build_load_balancer,
    read_load_balancer,
)
from local.cloud.terminator.tunnelling import TunnelTerminator

__all__ = [
    "Action",
    "Certificate",
    "Condition",
    "FixedResponse",
    "Forward",
    "HaproxyTerminator",
    "HealthCheck",
    "Listener",
    "LoadBalancer",
    "Redirect",
    "Rule",
    "Target",
    "TargetGroup",
    "Terminator",
    "TerminatorError",
    "TunnelTerminator",
    "UnsupportedError",
    "build_load_balancer",
    "choose_terminator",
    "find_haproxy",
    "make_certificate",
    "read_load_balancer",
    "reserve_port",
]
