from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from infra.packaging import CHECKOUT
from tests.fakes.environments import environment_with
from tests.fakes.stacks import GUARDED, StackShelf, Template

if TYPE_CHECKING:
    pass

DISTRIBUTION = "AWS::CloudFront::Distribution"
HEADERS = "AWS::CloudFront::ResponseHeadersPolicy"
# CloudFront's managed policies: https://docs.aws.amazon.com/AmazonCloudFront/latest/
# DeveloperGuide/using-managed-cache-policies.html and using-managed-origin-request-policies.html
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_VIEWER_EXCEPT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"


@pytest.fixture(scope="session")
def plain(stacks: StackShelf) -> Template:
    return stacks(environment_with()).part("Site")


@pytest.fixture(scope="session")
def guarded(stacks: StackShelf) -> Template:
    return stacks(environment_with(GUARDED)).part("Site")


def behaviours(site: Template) -> dict[str, dict[str, Any]]:
    """The distribution's behaviours by path, with the domain name each one asks."""
    config = site.only(DISTRIBUTION)["DistributionConfig"]
    domains = {origin["Id"]: str(origin["DomainName"]) for origin in config["Origins"]}
    found = {each["PathPattern"]: each for each in config["CacheBehaviors"]}
    found["*"] = config["DefaultCacheBehavior"]
    return {path: {**each, "asks": domains[each["TargetOriginId"]]} for path, each in found.items()}


def security_headers(site: Template) -> list[dict[str, Any]]:
    policies = site.properties(HEADERS)
    return [each["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"] for each in policies]


def content_security_policy(site: Template) -> dict[str, set[str]]:
    """The page's policy by directive; the same in both header policies."""
    (policy,) = {
        each["ContentSecurityPolicy"]["ContentSecurityPolicy"] for each in security_headers(site)
    }
    return {name: set(sources) for name, *sources in (part.split() for part in policy.split(";"))}


def test_site_keeps_its_bucket_to_itself(plain: Template) -> None:
    """No public access of any kind, encrypted, TLS only, read by this distribution alone."""
    bucket = plain.only("AWS::S3::Bucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert "BucketEncryption" in bucket
    statements = plain.only("AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
    allowed = [each for each in statements if each["Effect"] == "Allow"]
    readers = [each for each in allowed if each["Action"] == "s3:GetObject"]
    (distribution,) = plain.resources(DISTRIBUTION)
    assert [each["Principal"] for each in readers] == [{"Service": "cloudfront.amazonaws.com"}]
    assert distribution in str(readers[0]["Condition"]["StringEquals"]["AWS:SourceArn"])
    assert not [each for each in allowed if each["Principal"] in ("*", {"AWS": "*"})]
    denied = [each for each in statements if each["Effect"] == "Deny"]
    assert [each["Condition"] for each in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]


def test_site_reads_the_bucket_with_signed_requests(plain: Template) -> None:
    """CloudFront signs every request to the bucket: origin access control, no identity."""
    control = plain.only("AWS::CloudFront::OriginAccessControl")["OriginAccessControlConfig"]
    assert (control["SigningBehavior"], control["SigningProtocol"]) == ("always", "sigv4")
    (origin,) = [
        each
        for each in plain.only(DISTRIBUTION)["DistributionConfig"]["Origins"]
        if "S3OriginConfig" in each
    ]
    assert origin["S3OriginConfig"]["OriginAccessIdentity"] == ""
    assert "OriginAccessControlId" in origin


def test_site_serves_the_page_and_its_configuration_out_of_the_bucket(plain: Template) -> None:
    """Everything but the API is a file; the configuration is never cached."""
    found = behaviours(plain)
    assert set(found) == {"*", "/config.json", "/api/*"}
    assert "FilesBucket" in found["*"]["asks"]
    assert "FilesBucket" in found["/config.json"]["asks"]
    assert found["/config.json"]["CachePolicyId"] == CACHING_DISABLED
    assert plain.only(DISTRIBUTION)["DistributionConfig"]["DefaultRootObject"] == "index.html"


def test_site_passes_the_api_through_on_its_own_origin(plain: Template) -> None:
    """All viewer headers but Host go on, over TLS 1.2, and no answer is cached."""
    api = behaviours(plain)["/api/*"]
    assert "ApiEndpoint" in api["asks"]
    assert api["CachePolicyId"] == CACHING_DISABLED
    assert api["OriginRequestPolicyId"] == ALL_VIEWER_EXCEPT_HOST
    assert api["AllowedMethods"] == ["GET", "HEAD", "OPTIONS"]
    origins = plain.only(DISTRIBUTION)["DistributionConfig"]["Origins"]
    (custom,) = [each["CustomOriginConfig"] for each in origins if "CustomOriginConfig" in each]
    assert custom == {"OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"]}


def test_site_gives_nobody_the_errors_of_others(plain: Template) -> None:
    """An error of the API goes to the visitor who met it, and is not kept."""
    kept = plain.only(DISTRIBUTION)["DistributionConfig"]["CustomErrorResponses"]
    assert {403, 500, 502, 503, 504} <= {each["ErrorCode"] for each in kept}
    assert {each["ErrorCachingMinTTL"] for each in kept} == {0}


def test_site_answers_over_https_only(plain: Template) -> None:
    """Files redirect from HTTP; configuration and API refuse it."""
    policies = {path: each["ViewerProtocolPolicy"] for path, each in behaviours(plain).items()}
    assert policies == {
        "*": "redirect-to-https",
        "/config.json": "https-only",
        "/api/*": "https-only",
    }


def test_site_sends_security_headers_with_every_file(plain: Template) -> None:
    """HSTS, no framing, no sniffing, no referrer, the microphone for this page alone."""
    (policy, other) = security_headers(plain)
    assert policy == other
    assert policy["StrictTransportSecurity"]["AccessControlMaxAgeSec"] >= 31_536_000
    assert policy["FrameOptions"] == {"FrameOption": "DENY", "Override": True}
    assert policy["ContentTypeOptions"] == {"Override": True}
    assert policy["ReferrerPolicy"] == {"ReferrerPolicy": "no-referrer", "Override": True}
    for each in plain.properties(HEADERS):
        headers = each["ResponseHeadersPolicyConfig"]["CustomHeadersConfig"]["Items"]
        assert {"Header": "Permissions-Policy", "Value": "microphone=(self)", "Override": True} in (
            headers
        )
    policies = {"*", "/config.json"}
    assert all("ResponseHeadersPolicyId" in behaviours(plain)[path] for path in policies)


def test_site_tells_browsers_not_to_store_the_configuration(plain: Template) -> None:
    """A page that was open during a deployment asks again."""
    (name,) = behaviours(plain)["/config.json"]["ResponseHeadersPolicyId"].values()
    config = plain.resources(HEADERS)[name]["Properties"]["ResponseHeadersPolicyConfig"]
    items = config["CustomHeadersConfig"]["Items"]
    assert {"Header": "Cache-Control", "Value": "no-store", "Override": True} in items


def test_site_allows_the_page_what_the_page_itself_asks_for(plain: Template) -> None:
    """The policy is the page's own, plus where this environment's voice and text go."""
    own = json.loads((CHECKOUT / "web" / "policy.json").read_text(encoding="utf-8"))
    policy = content_security_policy(plain)
    assert policy.pop("connect-src") == {
        *own.pop("connect-src"),
        "https://api.elevenlabs.io",
        "wss://api.elevenlabs.io",
        "https://livekit.rtc.elevenlabs.io",
        "wss://livekit.rtc.elevenlabs.io",
    }
    assert policy == {name: set(sources) for name, sources in own.items()}
    assert policy["frame-ancestors"] == {"'none'"}


def test_site_follows_the_data_residency(guarded: Template) -> None:
    """Voice and text of a residency stay on its own hosts."""
    residency = "eu.residency.elevenlabs.io"
    assert content_security_policy(guarded)["connect-src"] == {
        "'self'",
        f"https://api.{residency}",
        f"wss://api.{residency}",
        f"https://livekit.rtc.{residency}",
        f"wss://livekit.rtc.{residency}",
    }


def test_site_empties_its_bucket_unless_data_is_retained(
    plain: Template, guarded: Template
) -> None:
    """What goes takes its files along, with a time limit; what stays keeps them."""
    assert plain.only("Custom::S3AutoDeleteObjects")["ServiceTimeout"] == "600"
    assert guarded.resources("Custom::S3AutoDeleteObjects") == {}
    (kept,) = guarded.resources("AWS::S3::Bucket").values()
    assert kept["DeletionPolicy"] == "Retain"
    assert guarded.only("Custom::CDKBucketDeployment")["RetainOnDelete"] is True


def test_site_writes_files_that_browsers_ask_for_each_time(plain: Template) -> None:
    """Names stay the same between versions; what is gone from the page goes from the bucket."""
    deployment = plain.only("Custom::CDKBucketDeployment")
    assert deployment["SystemMetadata"] == {"cache-control": "no-cache"}
    assert deployment["Prune"] is True
    assert deployment["ServiceTimeout"] == "600"


def test_site_fills_in_the_engines_id_when_it_is_known(plain: Template) -> None:
    """Its one unknown is the engine's id, whose quotes come with it and stay as they are."""
    deployment = plain.only("Custom::CDKBucketDeployment")
    _, markers = deployment["SourceMarkers"]
    ((value,),) = [list(markers.values())]
    before, engine_id, after = value["Fn::Join"][1]
    assert (before, after) == ('"', '"')
    assert "EngineId" in str(engine_id)
    assert not any(deployment.get("SourceMarkersConfig", [{}])[-1].values())


def test_site_logs_into_groups_that_end(plain: Template) -> None:
    """The CDK's own functions write into the stack's group too."""
    (group,) = plain.resources("AWS::Logs::LogGroup")
    assert plain.only("AWS::Logs::LogGroup")["RetentionInDays"] == 30
    functions = plain.properties("AWS::Lambda::Function")
    assert len(functions) == 2
    assert [each["LoggingConfig"]["LogGroup"] for each in functions] == [{"Ref": group}] * 2


def test_site_puts_out_its_address(plain: Template) -> None:
    """The page to talk from is the distribution's own name."""
    (distribution,) = plain.resources(DISTRIBUTION)
    assert plain.outputs["SiteUrl"] == {
        "Fn::Join": ["", ["https://", {"Fn::GetAtt": [distribution, "DomainName"]}]]
    }
