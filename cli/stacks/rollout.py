"""Watches the service while its stack is deployed, and stops what will never become healthy.

A blue/green deployment has no circuit breaker, so ECS itself would wait for hours:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-blue-green.html
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient

HEALTHY_WITHIN = timedelta(minutes=10)
_POLL_SECONDS = 15.0
# The stages before the new tasks have passed their health checks.
_STARTING = {"RECONCILE_SERVICE", "PRE_SCALE_UP", "SCALE_UP"}

Service = tuple[str, str]
"""A cluster's and a service's name or ARN."""


class Rollout:
    """One service's deployment in progress. `find_service` answers None while there is none.

    `abandon` ends the creation of the service's stack and answers whether it was being created;
    `explain` says why tasks made since a moment do not stay up. `verdict` is what was done, if
    anything was.
    """

    def __init__(
        self,
        ecs: ECSClient,
        find_service: Callable[[], Service | None],
        *,
        abandon: Callable[[], bool],
        explain: Callable[[Service, datetime], str],
        tell: Callable[[str], object] = print,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._ecs = ecs
        self._find_service = find_service
        self._abandon = abandon
        self._explain = explain
        self._tell = tell
        self._now = now
        self._stopped: set[str] = set()
        self.verdict = ""

    def check(self) -> None:
        """Stop each deployment whose tasks should have been healthy by now, once."""
        service = self._find_service()
        if service is None:
            return
        for deployment in self._starting(*service):
            arn = deployment["serviceDeploymentArn"]
            started = deployment.get("startedAt") or deployment["createdAt"]
            if arn not in self._stopped and self._now() - started > HEALTHY_WITHIN:
                # Asked first: what is being stopped takes its tasks' reasons and log with it.
                why = self._explain(service, started)
                remedy = self._stop(deployment)
                self._stopped.add(arn)
                self.verdict = f"no healthy tasks within ten minutes, {remedy}; {why}"
                self._tell(self.verdict)

    def _stop(self, deployment: Any) -> str:
        """Go back to the version before; a first one has none, and ECS would refuse to stop it."""
        if not deployment.get("sourceServiceRevisions") and self._abandon():
            return "and no version to go back to: the stack is deleted, mend it and deploy again"
        self._ecs.stop_service_deployment(
            serviceDeploymentArn=deployment["serviceDeploymentArn"], stopType="ROLLBACK"
        )
        return "so the version before comes back"

    def _starting(self, cluster: str, service: str) -> list[Any]:
        listed = self._ecs.list_service_deployments(
            cluster=cluster, service=service, status=["PENDING", "IN_PROGRESS"]
        )["serviceDeployments"]
        arns = [item["serviceDeploymentArn"] for item in listed]
        if not arns:
            return []
        found = self._ecs.describe_service_deployments(serviceDeploymentArns=arns)
        return [
            deployment
            for deployment in found["serviceDeployments"]
            if deployment.get("lifecycleStage") in _STARTING
        ]


@contextmanager
def watching(
    rollout: Rollout, *, tell: Callable[[str], object] = print, poll_seconds: float = _POLL_SECONDS
) -> Iterator[None]:
    """Check the roll-out again and again while the block runs; a failing check is told once."""
    over = threading.Event()
    complaints: set[str] = set()

    def watch() -> None:
        while not over.wait(poll_seconds):
            try:
                rollout.check()
            except Exception as error:  # noqa: BLE001 - whatever AWS says, the deployment goes on
                complaint = " ".join(str(error).split())
                if complaint not in complaints:
                    complaints.add(complaint)
                    tell(f"the service can't be watched: {complaint}")

    thread = threading.Thread(target=watch, name="rollout", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=poll_seconds)
