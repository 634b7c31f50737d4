"""The one origin: what it sends where, what it keeps, and what it lets through."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from typing import Any

import aws_cdk
import pytest

from infra.setting import Setting
from infra.stacks.front_door import FrontDoor
from tests.infra.synthesis import CONTEXT, Synthesis, plain, synthesize

pytestmark = pytest.mark.slow

CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/b0a8"


def distribution(of: Synthesis) -> Mapping[str, Any]:
    [found] = of.of_type("AWS::CloudFront::Distribution")
    return found.properties["DistributionConfig"]


def origin(of: Synthesis, behaviour: Mapping[str, Any]) -> Mapping[str, Any]:
    [found] = [one for one in distribution(of)["Origins"] if one["Id"] == behaviour["TargetOriginId"]]
    return found


def behaviours(of: Synthesis) -> dict[str, Mapping[str, Any]]:
    config = distribution(of)
    return {one["PathPattern"]: one for one in config["CacheBehaviors"]} | {"*": config["DefaultCacheBehavior"]}


def test_the_api_is_below_api_and_everything_else_is_the_portal(either: Synthesis) -> None:
    found = behaviours(either)
    assert list(found) == ["/api/*", "/static/*", "/.well-known/*", "*"]
    api, portal = origin(either, found["/api/*"]), origin(either, found["*"])
    assert re.fullmatch(
        r"\$\{Yinji-Clearance:.*Api.*}\.execute-api\.us-east-1\.amazonaws\.com", plain(api["DomainName"])
    )
    assert "OriginPath" not in api
    assert portal["OriginPath"].startswith("/") and portal == origin(either, found["/static/*"])
    for one in (api, portal):
        assert one["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
        assert one["CustomOriginConfig"]["OriginReadTimeout"] >= 29


def test_answers_of_the_api_and_pages_are_never_kept_and_see_all_that_was_asked_but_the_host(
    either: Synthesis,
) -> None:
    for pattern in ("/api/*", "*"):
        behaviour = behaviours(either)[pattern]
        assert behaviour["CachePolicyId"] == CACHING_DISABLED
        assert behaviour["OriginRequestPolicyId"] == ALL_BUT_HOST


def test_what_verifiers_ask_the_api_for_is_kept_as_its_cache_control_says(either: Synthesis) -> None:
    found = behaviours(either)
    proofs = found["/.well-known/*"]
    assert origin(either, proofs) == origin(either, found["/api/*"])
    assert proofs["CachePolicyId"] == found["/static/*"]["CachePolicyId"] and "OriginRequestPolicyId" not in proofs


def test_an_error_meant_for_one_is_not_shown_to_the_next(either: Synthesis) -> None:
    kept = {one["ErrorCode"]: one["ErrorCachingMinTTL"] for one in distribution(either)["CustomErrorResponses"]}
    assert {403, 404, 500, 502, 503, 504} <= set(kept)
    assert set(kept.values()) == {0}


def test_only_the_api_is_written_to(either: Synthesis) -> None:
    writing = {pattern for pattern, one in behaviours(either).items() if "POST" in one["AllowedMethods"]}
    assert writing == {"/api/*"}


def test_what_is_static_is_kept_as_long_as_its_cache_control_says_for_everybody_alike(either: Synthesis) -> None:
    [policy] = either.of_type("AWS::CloudFront::CachePolicy")
    assert plain(behaviours(either)["/static/*"]["CachePolicyId"]) == f"${{{policy.id}}}"
    assert behaviours(either)["/static/*"]["Compress"] is True
    told = policy.properties["CachePolicyConfig"]
    assert (told["MinTTL"], told["DefaultTTL"], told["MaxTTL"]) == (0, 0, 365 * 24 * 3600)
    key = told["ParametersInCacheKeyAndForwardedToOrigin"]
    assert key["CookiesConfig"] == {"CookieBehavior": "none"}
    # the host in the key would be sent on, and API Gateway would not know it
    assert key["HeadersConfig"] == {"HeaderBehavior": "none"}


def test_browsers_are_told_to_be_careful_on_every_path(either: Synthesis) -> None:
    [policy] = either.of_type("AWS::CloudFront::ResponseHeadersPolicy")
    for pattern, behaviour in behaviours(either).items():
        assert plain(behaviour["ResponseHeadersPolicyId"]) == f"${{{policy.id}}}", pattern
        assert behaviour["ViewerProtocolPolicy"] == "redirect-to-https"
    told = policy.properties["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    assert told["StrictTransportSecurity"]["AccessControlMaxAgeSec"] >= 365 * 24 * 3600
    assert told["FrameOptions"]["FrameOption"] == "DENY"
    assert told["ReferrerPolicy"]["ReferrerPolicy"] == "same-origin"
    assert told["ContentTypeOptions"]["Override"] is True


def test_the_firewall_stands_before_it_with_rules_of_aws_and_limits(either: Synthesis) -> None:
    [firewall] = either.of_type("AWS::WAFv2::WebACL")
    assert plain(distribution(either)["WebACLId"]) == f"${{{firewall.id}.Arn}}"
    assert firewall.properties["Scope"] == "CLOUDFRONT"
    rules = firewall.properties["Rules"]
    assert len({rule["Priority"] for rule in rules}) == len(rules)
    managed = {rule["Statement"].get("ManagedRuleGroupStatement", {}).get("Name") for rule in rules} - {None}
    assert managed == {
        "AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesAmazonIpReputationList",
    }  # fmt: skip
    limits = [rule["Statement"]["RateBasedStatement"] for rule in rules if "RateBasedStatement" in rule["Statement"]]
    below = {
        one.get("ScopeDownStatement", {}).get("ByteMatchStatement", {}).get("SearchString", "everywhere"): one["Limit"]
        for one in limits
    }
    open_ = {
        "/verify",
        "/shared/",
        "/api/archive/shared/",
        "/api/archive/verify/",
        "/api/sign-out",
        "/api/clearance/guides/",
        "/api/sign-in/",
        "/api/repair/",
        "/visits",
        "/api/visits/",
        "/r/",
        "/api/open311/",
        "/.well-known/",
    }
    assert set(below) == {"everywhere", *open_}
    assert below["/verify"] < below["/api/sign-in/"] < below["everywhere"]


def test_a_form_longer_than_eight_kilobytes_passes_the_firewall(either: Synthesis) -> None:
    [firewall] = either.of_type("AWS::WAFv2::WebACL")
    overrides = [
        override
        for rule in firewall.properties["Rules"]
        for override in rule["Statement"].get("ManagedRuleGroupStatement", {}).get("RuleActionOverrides", [])
    ]
    assert overrides == [
        {"Name": name, "ActionToUse": {"Count": {}}}
        for name in ("SizeRestrictions_BODY", "SizeRestrictions_QUERYSTRING")
    ]


def test_the_firewall_keeps_no_samples_of_requests(either: Synthesis) -> None:
    [firewall] = either.of_type("AWS::WAFv2::WebACL")
    assert '"SampledRequestsEnabled": true' not in json.dumps(firewall.properties)


def test_its_log_holds_no_path_query_cookie_or_address(either: Synthesis) -> None:
    [delivery] = either.of_type("AWS::Logs::Delivery")
    kept = set(delivery.properties["RecordFields"])
    assert "cache-behavior-path-pattern" in kept and "sc-status" in kept
    assert not kept & {"cs-uri-stem", "cs-uri-query", "cs(Cookie)", "cs(Referer)", "c-ip", "x-forwarded-for"}
    assert "Logging" not in distribution(either)


def test_the_bucket_of_its_log_lets_the_delivery_in(either: Synthesis) -> None:
    [source] = either.of_type("AWS::Logs::DeliverySource")
    [policy] = [one for one in either.of_type("AWS::S3::BucketPolicy") if one.stack == "FrontDoor"]
    [allowed] = [one for one in policy.properties["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
    expected = f"arn:aws:logs:us-east-1:123456789012:delivery-source:{source.properties['Name']}"
    assert plain(allowed["Condition"]["ArnLike"]["aws:SourceArn"]) == expected
    [delivery] = either.of_type("AWS::Logs::Delivery")
    assert {source.id, policy.id} <= set(delivery.body["DependsOn"])


def test_it_speaks_the_newest_http(either: Synthesis) -> None:
    assert distribution(either)["HttpVersion"] == "http2and3"


def test_with_a_certificate_it_is_the_universitys_host_with_tls_of_2021() -> None:
    found = synthesize("aws", certificate_arn=CERTIFICATE, public_url="https://lixiao.example.edu")
    assert distribution(found)["Aliases"] == ["lixiao.example.edu"]
    certificate = distribution(found)["ViewerCertificate"]
    assert certificate["AcmCertificateArn"] == CERTIFICATE
    assert certificate["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert found.findings == ()
    shutil.rmtree(found.folder)


def test_apis_of_another_region_are_reached_across_regions() -> None:
    found = synthesize("aws", region="ap-southeast-1")
    assert found.findings == ()
    api = origin(found, behaviours(found)["/api/*"])
    assert ".execute-api.ap-southeast-1.amazonaws.com" in plain(api["DomainName"])
    assert "AWS::SSM" not in plain(api["DomainName"])
    shutil.rmtree(found.folder)
    assert any(name.startswith("Custom::CrossRegionExport") for name in {one.type for one in found.resources})


@pytest.mark.parametrize(("region", "stands_in"), [("us-east-1", "eu-west-1"), ("cn-north-1", "us-east-1")])
def test_it_says_where_it_cannot_stand(region: str, stands_in: str) -> None:
    app = aws_cdk.App(context=CONTEXT | {"region": region})
    with pytest.raises(ValueError, match="CloudFront"):
        FrontDoor(
            app,
            "FrontDoor",
            Setting.of(app.node),
            api_id="api",
            portal_api_id="portal",
            portal_stage="api",
            env=aws_cdk.Environment(region=stands_in),
        )
