"""A deployed service without an AWS: what stands in for `Deployed` where tasks are tested."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

from local.cloud.deployed import Container, Service

# Says that it is ready, and who it is; ends at SIGTERM.
SERVER = """
import http.server, json, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(dict(os.environ)).encode())
    def log_message(self, *_):
        pass
address = os.environ["SPEECH_ENGINE_HOST"], int(os.environ["SPEECH_ENGINE_PORT"])
print("serving", flush=True)
http.server.HTTPServer(address, Handler).serve_forever()
"""


@dataclass
class DeployedService:
    """One service; a test changes `definition` as a deployment would."""

    definition: str = "task:1"
    program: str = SERVER
    desired: int = 1
    targets: list[dict[str, Any]] = field(default_factory=list)

    def service(self, cluster: str, name: str) -> Service:
        container = Container(
            definition=self.definition,
            command=(sys.executable, "-c", self.program),
            environment={"DEFINITION": self.definition, "SPEECH_ENGINE_HOST": "0.0.0.0"},
            secrets={"ELEVENLABS_API_KEY": "arn:key"},
        )
        return Service(
            cluster=cluster,
            name=name,
            target_group="group",
            desired=self.desired,
            container=container,
        )

    def read_secret(self, reference: str) -> str:
        return f"value of {reference}"

    def client(self, _: str) -> DeployedService:
        return self

    def register_targets(self, *, TargetGroupArn: str, Targets: list[Any]) -> None:  # noqa: N803
        assert TargetGroupArn == "group"
        self.targets += Targets

    def deregister_targets(self, *, TargetGroupArn: str, Targets: list[Any]) -> None:  # noqa: N803
        assert TargetGroupArn == "group"
        self.targets = [target for target in self.targets if target not in Targets]
