"""The one origin people know: CloudFront before the API and the portal, and the firewall before CloudFront.

| path | goes to | kept |
|---|---|---|
| /api/* | the HTTP API | never |
| /static/* | the portal | as the portal's Cache-Control says |
| /.well-known/* | the HTTP API | as its Cache-Control says |
| everything else | the portal | never |

Both APIs can be reached by their own addresses as well. Whoever finds these passes by the firewall and finds what is
behind it anyway: every route of the API but signing in and out, and what verifiers need, asks for a session, whose
cookie is bound to the host of the front door, the portal may only read, a certificate's code has 80 random bits, and
both are throttled. A secret header would have to be checked by every function and would be one more thing that can be
out of step.
"""

from __future__ import annotations

from aws_cdk import Aws, CfnOutput, Duration, Stack, Token
from aws_cdk import aws_certificatemanager as certificates
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from infra.constructs.reasons import accept
from infra.constructs.storage import access_logs
from infra.setting import Setting

REGION = "us-east-1"
"""Where CloudFront looks for its firewall and its certificate."""
ORIGIN_SECONDS = Duration.seconds(30)
# Requests of one address in five minutes. A campus comes from few addresses, so the general limit is that of many.
MANY, SOME, FEW = 20_000, 3_000, 300
ERRORS = (400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504)
ANONYMOUS = {
    "/verify": FEW,
    "/shared/": FEW,
    "/api/sign-out": FEW,
    "/api/clearance/guides/": FEW,
    "/api/archive/shared/": FEW,
    "/api/archive/verify/": FEW,
    "/api/sign-in/": SOME,
    "/r/": SOME,
    "/api/repair/": SOME,
    "/visits": SOME,
    "/api/visits/": SOME,
    "/api/open311/": SOME,
    "/.well-known/": SOME,
}
"""Where nobody is asked who they are, and how often an address may come in five minutes."""
MANAGED = {
    "AWSManagedRulesAmazonIpReputationList": (),
    "AWSManagedRulesKnownBadInputsRuleSet": (),
    # our largest form, in Chinese and percent-encoded, is longer than the 8 kB of this rule; those whom one chose on a
    # page of a queue, and the codes of some providers, are longer than its 2 kB for queries
    "AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY", "SizeRestrictions_QUERYSTRING"),
}
# What is kept of a request. Never its path, query, cookies, referrer or address: paths hold student numbers.
LOGGED = [
    "date",
    "time",
    "x-edge-location",
    "x-edge-request-id",
    "cs-method",
    "cs-protocol",
    "cs-protocol-version",
    "cache-behavior-path-pattern",
    "sc-status",
    "sc-bytes",
    "sc-content-type",
    "time-taken",
    "time-to-first-byte",
    "x-edge-result-type",
    "x-edge-detailed-result-type",
    "ssl-protocol",
    "c-country",
]


class FrontDoor(Stack):
    """See the module. The stack is in us-east-1, wherever the APIs are."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        setting: Setting,
        *,
        api_id: str,
        portal_api_id: str,
        portal_stage: str,
        **more: object,
    ) -> None:
        """`api_id`, `portal_api_id`: the HTTP API and the portal's REST API, both in the setting's region.

        Raises ValueError when the stack's environment is another region than us-east-1, or the APIs are in China,
        whose CloudFront is a service apart.
        """
        super().__init__(scope, id, **more)
        if Token.is_unresolved(self.region) or self.region != REGION:
            raise ValueError(f"the front door stands in {REGION}, where CloudFront looks for its firewall")
        if setting.region.startswith("cn-"):
            raise ValueError("CloudFront in China has no firewall and its own certificates; deploy without front door")
        self._prefix = setting.prefix
        host = f"execute-api.{setting.region}.amazonaws.com"
        api = origins.HttpOrigin(f"{api_id}.{host}", origin_id="api", read_timeout=ORIGIN_SECONDS)
        portal = origins.HttpOrigin(
            f"{portal_api_id}.{host}",
            origin_id="portal",
            origin_path=f"/{portal_stage}",
            read_timeout=ORIGIN_SECONDS,
        )
        as_asked = {
            "cache_policy": cloudfront.CachePolicy.CACHING_DISABLED,
            # API Gateway finds the API by the host it is called by
            "origin_request_policy": cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
        }
        shared = {
            "viewer_protocol_policy": cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            "response_headers_policy": self._headers(),
        }
        kept = self._static()
        reading = cloudfront.AllowedMethods.ALLOW_GET_HEAD_OPTIONS
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=f"{setting.prefix}: the one origin",
            default_behavior=cloudfront.BehaviorOptions(origin=portal, allowed_methods=reading, **as_asked, **shared),
            additional_behaviors={
                "/api/*": cloudfront.BehaviorOptions(
                    origin=api, allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL, **as_asked, **shared
                ),
                "/static/*": cloudfront.BehaviorOptions(
                    origin=portal, allowed_methods=reading, cache_policy=kept, compress=True, **shared
                ),
                "/.well-known/*": cloudfront.BehaviorOptions(
                    origin=api, allowed_methods=reading, cache_policy=kept, compress=True, **shared
                ),
            },
            # CloudFront keeps errors for ten seconds unless told not to: somebody else's, for the same path
            error_responses=[
                cloudfront.ErrorResponse(http_status=status, ttl=Duration.seconds(0)) for status in ERRORS
            ],
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            # graduates who cannot return look in from everywhere
            price_class=cloudfront.PriceClass.PRICE_CLASS_ALL,
            web_acl_id=self._firewall(),
            **self._address(setting),
        )
        accept(self.distribution, "International graduates finish from wherever they are.", "AwsSolutions-CFR1")
        accept(
            self.distribution,
            "It logs by a log delivery, which can leave out paths: they hold student numbers.",
            "AwsSolutions-CFR3",
        )
        if not setting.certificate_arn:
            accept(
                self.distribution,
                "CloudFront's own host leaves no choice; with certificate_arn it is TLS 1.2 of 2021 at least.",
                "AwsSolutions-CFR4",
            )
        self._log()
        CfnOutput(self, "Address", value=f"https://{self.distribution.domain_name}")

    def _address(self, setting: Setting) -> dict[str, object]:
        """The university's own host, when it has a certificate for it."""
        if not setting.certificate_arn:
            return {}
        return {
            "domain_names": [setting.host],
            "certificate": certificates.Certificate.from_certificate_arn(self, "Certificate", setting.certificate_arn),
            "minimum_protocol_version": cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
        }

    def _headers(self) -> cloudfront.ResponseHeadersPolicy:
        return cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            response_headers_policy_name=f"{self._prefix}-headers",
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=Duration.days(365), include_subdomains=False, override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                frame_options=cloudfront.ResponseHeadersFrameOptions(
                    frame_option=cloudfront.HeadersFrameOption.DENY, override=True
                ),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.SAME_ORIGIN, override=True
                ),
            ),
        )

    def _static(self) -> cloudfront.CachePolicy:
        """Kept as long as the portal says, and not at all where it says nothing; the query is the version."""
        return cloudfront.CachePolicy(
            self,
            "Static",
            cache_policy_name=f"{self._prefix}-static",
            min_ttl=Duration.seconds(0),
            default_ttl=Duration.seconds(0),
            max_ttl=Duration.days(365),
            cookie_behavior=cloudfront.CacheCookieBehavior.none(),
            header_behavior=cloudfront.CacheHeaderBehavior.none(),
            query_string_behavior=cloudfront.CacheQueryStringBehavior.all(),
            enable_accept_encoding_gzip=True,
            enable_accept_encoding_brotli=True,
        )

    # --- the firewall --------------------------------------------------------------------------------------
    def _firewall(self) -> str:
        rules = [
            waf.CfnWebACL.RuleProperty(
                name=name,
                priority=priority,
                override_action=waf.CfnWebACL.OverrideActionProperty(none={}),
                statement=waf.CfnWebACL.StatementProperty(
                    managed_rule_group_statement=waf.CfnWebACL.ManagedRuleGroupStatementProperty(
                        vendor_name="AWS",
                        name=name,
                        rule_action_overrides=[
                            waf.CfnWebACL.RuleActionOverrideProperty(
                                name=counted, action_to_use=waf.CfnWebACL.RuleActionProperty(count={})
                            )
                            for counted in only_counted
                        ],
                    )
                ),
                visibility_config=self._visible(name),
            )
            for priority, (name, only_counted) in enumerate(MANAGED.items())
        ]
        rules.append(self._limit("Rate", len(rules), MANY))
        rules += [
            self._limit(f"Rate{number}", len(rules) + number, most, path)
            for number, (path, most) in enumerate(ANONYMOUS.items())
        ]
        return waf.CfnWebACL(
            self,
            "Firewall",
            name=f"{self._prefix}-front-door",
            scope="CLOUDFRONT",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            rules=rules,
            visibility_config=self._visible("Firewall"),
        ).attr_arn

    def _limit(self, name: str, priority: int, requests: int, path: str = "") -> waf.CfnWebACL.RuleProperty:
        """Block an address that asks more than so often in five minutes, below `path` if given."""
        below = waf.CfnWebACL.StatementProperty(
            byte_match_statement=waf.CfnWebACL.ByteMatchStatementProperty(
                field_to_match=waf.CfnWebACL.FieldToMatchProperty(uri_path={}),
                positional_constraint="STARTS_WITH",
                search_string=path,
                text_transformations=[waf.CfnWebACL.TextTransformationProperty(priority=0, type="NORMALIZE_PATH")],
            )
        )
        return waf.CfnWebACL.RuleProperty(
            name=name,
            priority=priority,
            action=waf.CfnWebACL.RuleActionProperty(block={}),
            statement=waf.CfnWebACL.StatementProperty(
                rate_based_statement=waf.CfnWebACL.RateBasedStatementProperty(
                    aggregate_key_type="IP", limit=requests, scope_down_statement=below if path else None
                )
            ),
            visibility_config=self._visible(name),
        )

    def _visible(self, name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
        """Counted, but no samples of requests: they show whole paths and cookies."""
        return waf.CfnWebACL.VisibilityConfigProperty(
            cloud_watch_metrics_enabled=True, metric_name=f"{self._prefix}-{name}", sampled_requests_enabled=False
        )

    # --- the log -------------------------------------------------------------------------------------------
    def _log(self) -> None:
        bucket = access_logs(self, "AccessLogs")
        account = f"arn:{Aws.PARTITION}:logs:{REGION}:{Aws.ACCOUNT_ID}"
        distribution = f"arn:{Aws.PARTITION}:cloudfront::{Aws.ACCOUNT_ID}:distribution"
        source = logs.CfnDeliverySource(
            self,
            "LogSource",
            name=f"{self._prefix}-front-door",
            log_type="ACCESS_LOGS",
            resource_arn=f"{distribution}/{self.distribution.distribution_id}",
        )
        allowed = bucket.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("delivery.logs.amazonaws.com")],
                actions=["s3:PutObject"],
                resources=[bucket.arn_for_objects("*")],
                conditions={
                    "StringEquals": {
                        "s3:x-amz-acl": "bucket-owner-full-control",
                        "aws:SourceAccount": Aws.ACCOUNT_ID,
                    },
                    "ArnLike": {"aws:SourceArn": f"{account}:delivery-source:{source.name}"},
                },
            )
        )
        destination = logs.CfnDeliveryDestination(
            self,
            "LogDestination",
            name=f"{self._prefix}-front-door",
            destination_resource_arn=bucket.bucket_arn,
            output_format="json",
        )
        delivery = logs.CfnDelivery(
            self,
            "Log",
            delivery_source_name=source.name,
            delivery_destination_arn=destination.attr_arn,
            record_fields=LOGGED,
            s3_suffix_path="{yyyy}/{MM}/{dd}",
        )
        delivery.add_resource_dependency(source)
        if allowed.policy_dependable:
            delivery.node.add_dependency(allowed.policy_dependable)
