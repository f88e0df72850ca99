"""The sections of an environment file, and the environment as a whole.

Each field's meaning is in docs/configuration.md. Rules between fields are in `rules`.
"""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from infra.settings.agent import AgentSettings
from infra.settings.engine import EngineSettings
from infra.settings.residency import Host
from infra.settings.section import UNFIT, Section, shaped
from infra.settings.transcripts import Transcripts

Architecture = Literal["arm64", "x86_64"]
Percent = Annotated[int, Field(ge=1, le=100)]
HostName = Annotated[
    str,
    Field(max_length=253),
    shaped(r"(?!-)[a-z0-9-]{1,63}(\.(?!-)[a-z0-9-]{1,63})*", "a name such as voice.example.com"),
]
EmailAddress = Annotated[
    str, shaped(r"[^@\s]+@[^@\s]+\.[^@\s]+", "an address such as me@example.com")
]
Origin = Annotated[
    str,
    shaped(r"\*|https?://[^/\s?#@]+", "an origin without a path, such as https://app.example.com"),
]
PlainOrigin = Annotated[
    str,
    shaped(r"https://[^/\s?#@*;,]+", "an origin without a path, such as https://login.example.com"),
]
SubnetId = Annotated[str, shaped(r"subnet-[0-9a-f]{8,17}", "an id such as subnet-0123abcd")]
_ACCOUNT = shaped(r"\d{12}", 'the 12 digits of an account, such as "123456789012"')
_BOUNDARY = shaped(
    r"arn:aws[a-z-]*:iam::(\d{12}|aws):policy/.+|[\w+=,.@-]{1,128}",
    "the name of a policy, or its ARN",
)
_CERTIFICATE = shaped(r"arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/.+", "a certificate's ARN")
_TOPIC = shaped(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:.+", "an SNS topic's ARN")
# CloudWatch takes these and no others:
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LogDays = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827]


def _check_block(text: str) -> str:
    # A load balancer takes subnets of /27 and more, and there are nine or more of equal size:
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
    try:
        block = ipaddress.IPv4Network(text)
        fits = 16 <= block.prefixlen <= 23 and str(block) == text
    except ValueError:
        fits = False
    if not fits:
        remedy = "a block of private addresses, /16 to /23, such as 10.20.0.0/16"
        raise PydanticCustomError(UNFIT, "{remedy}", {"remedy": remedy})
    return text


class Aws(Section):
    """Where it runs."""

    region: Annotated[str, shaped(r"[a-z]{2}(-[a-z]+)+-\d", "a region such as us-east-1")]
    availability_zones: Annotated[list[str], Field(min_length=2, max_length=3)]
    account: Annotated[str, _ACCOUNT] | None = None
    bootstrap_qualifier: Annotated[
        str, shaped(r"[a-z0-9]{1,10}", "1 to 10 small letters and digits")
    ] = "hnb659fds"
    permissions_boundary: Annotated[str, _BOUNDARY] | None = None


class ElevenLabs(Section):
    """Which ElevenLabs is called."""

    host: Host = "https://api.elevenlabs.io"


class Address(Section):
    """Two ways to TLS: an own domain, or, without `domain`, CloudFront's certificate."""

    domain: HostName | None = None
    hosted_zone_id: Annotated[str, shaped(r"Z[A-Z0-9]{1,31}", "an id such as Z0123ABC")] | None = (
        None
    )
    hosted_zone_name: HostName | None = None
    certificate_arn: Annotated[str, _CERTIFICATE] | None = None
    https_port: Annotated[int, Field(ge=1, le=65535)] = 443


class ExistingVpc(Section):
    """A VPC that is there already; nothing is looked up."""

    vpc_id: Annotated[str, shaped(r"vpc-[0-9a-f]{8,17}", "an id such as vpc-0123abcd")]
    public_subnet_ids: list[SubnetId] = Field(default_factory=list)
    private_subnet_ids: list[SubnetId] = Field(default_factory=list)


class Network(Section):
    """The VPC. Without NAT, tasks have public addresses and admit only the load balancer."""

    cidr: Annotated[str, AfterValidator(_check_block)] = "10.20.0.0/16"
    nat_gateways: Annotated[int, Field(ge=0, le=3)] = 0
    existing: ExistingVpc | None = None


class Deployment(Section):
    """How new tasks replace old ones."""

    strategy: Literal["rolling", "blue_green"] = "rolling"
    bake_minutes: Annotated[int, Field(ge=0, le=1440)] = 0


class Autoscaling(Section):
    """How the number of tasks follows the load."""

    max_tasks: Annotated[int, Field(ge=1, le=1000)]
    cpu_percent: Percent = 60


class Service(Section):
    """The Fargate service. Sizes are Fargate's: CPU units of 1/1024 vCPU, memory in MiB."""

    cpu: Literal[256, 512, 1024, 2048, 4096, 8192, 16384] = 256
    memory_mib: Annotated[int, Field(ge=512, le=122880)] = 512
    architecture: Architecture = "arm64"
    tasks: Annotated[int, Field(ge=1, le=1000)] = 1
    autoscaling: Autoscaling | None = None
    deployment: Deployment = Deployment()
    spot: bool = False
    execute_command: bool = False
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_days: LogDays = 30


class Conversations(Section):
    """What one task bears; names and meanings are those of the server's own limits."""

    max_conversations: Annotated[int, Field(ge=1, le=100_000)] = 200
    first_chunk_seconds: Annotated[float, Field(gt=0, le=15)] = 3.0
    idle_seconds: Annotated[float, Field(ge=60, le=4000)] = 900.0
    stop_grace_seconds: Annotated[int, Field(ge=0, le=110)] = 110


class Jwt(Section):
    """Who may ask for a token: bearers of a JWT of this issuer for one of these audiences."""

    issuer: Annotated[
        str, shaped(r"https://[^\s?#]+", "an issuer such as https://auth.example.com/")
    ]
    audience: Annotated[list[str], Field(min_length=1)]
    scopes: list[str] = Field(default_factory=list)


class Token(Section):
    """The token endpoint. Without `jwt` it is open: anybody may start a conversation."""

    jwt: Jwt | None = None
    cors_origins: list[Origin] = Field(default_factory=list)
    requests_per_second: Annotated[int, Field(ge=1, le=10_000)] = 5
    burst: Annotated[int, Field(ge=1, le=5_000)] = 10
    user_ticket: bool = False
    snap_start: bool = False


class Functions(Section):
    """The Lambda functions' platform."""

    architecture: Architecture = "arm64"
    python: Literal["3.11", "3.12", "3.13"] = "3.13"
    memory_mib: Annotated[int, Field(ge=128, le=10240)] = 512
    log_days: LogDays = 30


class Data(Section):
    """What outlives a mistake: the table and the secrets."""

    retain: bool = False
    deletion_protection: bool = False
    recovery_days: Annotated[int, Field(ge=1, le=35)] = 35


class Alarms(Section):
    """Who is told when something is wrong."""

    email: EmailAddress | None = None
    topic_arn: Annotated[str, _TOPIC] | None = None


class Budget(Section):
    """A monthly AWS Budget over everything tagged with this environment."""

    monthly_usd: Annotated[int, Field(ge=1)]
    email: EmailAddress


class Waf(Section):
    """A web ACL before the WebSocket's address."""

    requests_per_five_minutes: Annotated[int, Field(ge=10)] = 500
    only_elevenlabs: bool = False


class Login(Section):
    """How the page's visitor signs in: an OpenID Connect client without a secret.

    It is a client of token.jwt.issuer.
    """

    client_id: Annotated[str, Field(min_length=1)]
    scope: str = "openid"
    audience: str | None = None
    origins: list[PlainOrigin] = Field(default_factory=list)


class Site(Section):
    """The browser page."""

    title: str = "Speech Engine"
    first_message: str | None = None
    transport: Literal["webrtc", "websocket"] = "webrtc"
    login: Login | None = None


class Environment(Section):
    """Everything that tells one environment from another. `name` is the file's own name."""

    name: Annotated[
        str,
        shaped(
            r"[a-z][a-z0-9-]{0,19}",
            "small letters, digits and hyphens, at most 20, here or as the file's name",
        ),
    ]
    production: bool = False
    aws: Aws
    elevenlabs: ElevenLabs = ElevenLabs()
    address: Address = Address()
    network: Network = Network()
    service: Service = Service()
    agent: AgentSettings = AgentSettings()
    conversations: Conversations = Conversations()
    engine: EngineSettings = EngineSettings()
    token: Token = Token()
    functions: Functions = Functions()
    transcripts: Transcripts = Transcripts()
    data: Data = Data()
    alarms: Alarms = Alarms()
    budget: Budget | None = None
    waf: Waf | None = None
    site: Site = Site()
    tags: dict[str, str] = Field(default_factory=dict)
