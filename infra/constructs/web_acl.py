"""The optional web ACL before the WebSocket's address: a rate limit, or ElevenLabs alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from infra.constructs.callers import elevenlabs_addresses
from infra.settings.headers import SECRET_HEADER

if TYPE_CHECKING:
    from infra.settings import Environment
    from infra.settings.environment import Waf

AclScope = Literal["REGIONAL", "CLOUDFRONT"]
_Statement = wafv2.CfnWebACL.StatementProperty


class WebAcl(Construct):
    """Requests with any value in the secret header pass the allow-list, never the rate limit.

    A web ACL can't read Secrets Manager, and a value in its rules would be a value in a template:
    so it looks at the header's presence alone, and the server judges what is in it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        waf: Waf,
        acl_scope: AclScope,
    ) -> None:
        super().__init__(scope, construct_id)
        addresses = elevenlabs_addresses(environment.elevenlabs.host)
        callers = wafv2.CfnIPSet(
            self,
            "ElevenLabs",
            scope=acl_scope,
            ip_address_version="IPV4",
            addresses=[f"{address}/32" for address in addresses],
            description="Where ElevenLabs calls from",
        )
        from_elevenlabs = _Statement(ip_set_reference_statement={"arn": callers.attr_arn})
        rules = [_limit_others(waf.requests_per_five_minutes, from_elevenlabs)]
        if waf.only_elevenlabs:
            rules.append(_allow("ElevenLabs", 20, from_elevenlabs))
            rules.append(_allow("OwnChecks", 30, _has_secret_header()))
        self.acl = wafv2.CfnWebACL(
            self,
            "Acl",
            scope=acl_scope,
            default_action={"block": {}} if waf.only_elevenlabs else {"allow": {}},
            rules=rules,
            visibility_config=_visibility("All"),
        )

    def protect(self, resource_arn: str) -> None:
        """Put the web ACL before a load balancer; a distribution names its own."""
        wafv2.CfnWebACLAssociation(
            self, "Association", resource_arn=resource_arn, web_acl_arn=self.acl.attr_arn
        )


def _limit_others(
    requests: int, exempt: wafv2.CfnWebACL.StatementProperty
) -> wafv2.CfnWebACL.RuleProperty:
    """Block an address that asks too often; a few addresses carry all of ElevenLabs' calls."""
    return wafv2.CfnWebACL.RuleProperty(
        name="RateLimit",
        priority=10,
        action={"block": {}},
        statement=_Statement(
            rate_based_statement=wafv2.CfnWebACL.RateBasedStatementProperty(
                limit=requests,
                aggregate_key_type="IP",
                evaluation_window_sec=300,
                scope_down_statement=_Statement(not_statement={"statement": exempt}),
            )
        ),
        visibility_config=_visibility("RateLimit"),
    )


def _allow(
    name: str, priority: int, statement: wafv2.CfnWebACL.StatementProperty
) -> wafv2.CfnWebACL.RuleProperty:
    return wafv2.CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        action={"allow": {}},
        statement=statement,
        visibility_config=_visibility(name),
    )


def _has_secret_header() -> wafv2.CfnWebACL.StatementProperty:
    return _Statement(
        size_constraint_statement=wafv2.CfnWebACL.SizeConstraintStatementProperty(
            field_to_match=wafv2.CfnWebACL.FieldToMatchProperty(
                single_header={"Name": SECRET_HEADER.lower()}
            ),
            comparison_operator="GT",
            size=0,
            text_transformations=[{"priority": 0, "type": "NONE"}],
        )
    )


def _visibility(name: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=True
    )
