"""What holds the conversations: address, load balancer, tasks."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct, IDependable

from infra.constructs.address import make_address
from infra.constructs.fargate import Fargate
from infra.constructs.key_gate import KeyGate
from infra.constructs.load_balancer import LoadBalancer
from infra.constructs.model_metrics import ModelMetrics
from infra.constructs.server_alarms import ServerAlarms
from infra.constructs.targets import Targets
from infra.constructs.task import CONTAINER, Task
from infra.constructs.transcript_metrics import TranscriptMetrics
from infra.settings import Environment
from infra.stacks.environment_stack import EnvironmentStack
from infra.stacks.foundation import Foundation


class Realtime(EnvironmentStack):
    """Never knows the engine: that one says who it is in a header of each connection.

    `websocket_url` is the engine's address, which is reachable once `engine_dependencies` are.
    """

    def __init__(
        self,
        scope: Construct,
        part: str,
        *,
        environment: Environment,
        foundation: Foundation,
    ) -> None:
        super().__init__(
            scope,
            part,
            environment=environment,
            description="Speech Engine: address, load balancer, tasks",
        )
        secrets = {key.secret: secret for key, secret in foundation.keys.items()}
        gate = KeyGate(self, "KeyGate", environment=environment, secrets=secrets)
        front = LoadBalancer(self, "Front", environment=environment, vpc=foundation.vpc)
        self.load_balancer = front.balancer
        self.load_balancer.node.add_dependency(*gate.resources)
        address = make_address(
            self, "Address", environment=environment, vpc=foundation.vpc, load_balancer=front
        )
        self.websocket_url = address.websocket_url
        targets = Targets(
            self,
            "Targets",
            environment=environment,
            vpc=foundation.vpc,
            listener=address.listener,
        )
        task = Task(self, "Task", environment=environment, foundation=foundation)
        self.log_group = task.log_group
        self.models = ModelMetrics(
            self, "Models", environment=environment, log_group=self.log_group
        )
        self.transcripts = TranscriptMetrics(
            self, "Transcripts", environment=environment, log_group=self.log_group
        )
        self._run(environment, foundation, targets, task)
        self.service.node.add_dependency(*gate.resources)
        self.engine_dependencies: list[IDependable] = [self.service, *address.dependencies]
        self._add_outputs(front)

    def _run(
        self, environment: Environment, foundation: Foundation, targets: Targets, task: Task
    ) -> None:
        is_blue_green = environment.service.deployment.strategy == "blue_green"
        alarms = ServerAlarms(
            self,
            "Alarms",
            balancer=self.load_balancer,
            groups=targets.groups,
            topic=foundation.alarm_topic,
        )
        watches = is_blue_green or foundation.alarm_topic is not None
        fargate = Fargate(
            self,
            "Fargate",
            environment=environment,
            vpc=foundation.vpc,
            task_definition=task.definition,
            rollback_alarms=alarms.add_rollback_alarms() if watches else [],
        )
        self.service = fargate.service
        targets.attach(self.service, container_name=CONTAINER)
        if foundation.alarm_topic:
            alarms.add_service_alarms(self.service, foundation.table)
            self.models.add_alarms(foundation.alarm_topic)
            self.transcripts.add_alarms(foundation.alarm_topic)

    def _add_outputs(self, front: LoadBalancer) -> None:
        """State what people and the terminal programs look up."""
        for name, value, description in (
            ("WebSocketUrl", self.websocket_url, "What the Speech Engine dials"),
            ("ClusterName", self.service.cluster.cluster_name, "The cluster of the tasks"),
            ("ServiceName", self.service.service_name, "The service that runs the tasks"),
            ("ServerLogGroup", self.log_group.log_group_name, "The server's log"),
            ("AccessLogBucket", front.log_bucket.bucket_name, "The load balancer's log"),
        ):
            cdk.CfnOutput(self, name, value=value, description=description)
