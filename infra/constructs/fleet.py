"""A fleet of readers on AWS IoT Core: what each may do, how it gets its certificate, and where its messages go.

An installer gives a reader the claim certificate of the fleet, with which it may do one thing: ask for a certificate of
its own. It gets one when the function that is asked admits it. From then on it may connect under its own name and
publish on its own topic, and nothing else.
"""

from __future__ import annotations

import json

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_iot as iot
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.doors import SEND, Inbox
from infra.constructs.function import Function
from infra.constructs.reasons import accept
from infra.setting import Setting

SQL_VERSION = "2016-03-23"
ITSELF = "${iot:Connection.Thing.ThingName}"
"""The thing whose certificate a connection was made with; IoT fills it in."""
TOLD = "SELECT *, timestamp() AS received, topic(3) AS topic_device, clientid() AS client"
PROVISION = (
    "iot:CreateThing", "iot:DescribeThing", "iot:UpdateThing", "iot:AttachThingPrincipal", "iot:ListThingPrincipals",
    "iot:DescribeThingType",
)  # fmt: skip
CERTIFY = ("iot:DescribeCertificate", "iot:UpdateCertificate", "iot:AttachPolicy", "iot:ListAttachedPolicies")


class Fleet(Construct):
    """The readers whose messages on <prefix>/readers/<device>/passes go to `inbox`, admitted by `admits`.

    What the rule cannot put into `inbox` lies in the queue of failures of the inbox's function.
    """

    def __init__(
        self, scope: Construct, id: str, *, setting: Setting, inbox: Inbox, captures: Function, admits: Function
    ) -> None:
        super().__init__(scope, id)
        self._prefix = setting.prefix
        self.topics = f"{self._prefix}/readers"
        self.template_name = f"{self._prefix}-reader"
        self._rule(inbox, captures)
        self._readers(admits)
        self._claim()

    def _rule(self, inbox: Inbox, captures: Function) -> None:
        assert captures.failures  # noqa: S101
        role = self._role("RuleRole")
        for queue in (inbox.queue, captures.failures):
            role.add_to_principal_policy(iam.PolicyStatement(actions=SEND, resources=[queue.queue_arn]))
        into, failures = (
            iot.CfnTopicRule.SqsActionProperty(queue_url=queue.queue_url, role_arn=role.role_arn, use_base64=False)
            for queue in (inbox.queue, captures.failures)
        )
        rule = iot.CfnTopicRule(
            self,
            "Rule",
            rule_name=f"{self._prefix}_passes".replace("-", "_"),
            topic_rule_payload=iot.CfnTopicRule.TopicRulePayloadProperty(
                sql=f"{TOLD} FROM '{self.topics}/+/passes'",
                aws_iot_sql_version=SQL_VERSION,
                actions=[iot.CfnTopicRule.ActionProperty(sqs=into)],
                error_action=iot.CfnTopicRule.ActionProperty(sqs=failures),
            ),
        )
        # who puts messages into a queue has to be let first, or the first ones are lost
        rule.node.add_dependency(role)

    def _readers(self, admits: Function) -> None:
        kind = iot.CfnThingType(self, "Kind", thing_type_name=f"{self._prefix}-reader")
        policy = iot.CfnPolicy(
            self,
            "Reader",
            policy_name=f"{self._prefix}-reader",
            policy_document=_allowing(
                (
                    "iot:Connect",
                    self._arn(f"client/{ITSELF}"),
                    {"Bool": {"iot:Connection.Thing.IsAttached": ["true"]}},
                ),
                ("iot:Publish", self._arn(f"topic/{self.topics}/{ITSELF}/passes"), None),
            ),
        )
        assert kind.thing_type_name and policy.policy_name  # noqa: S101
        role = self._role("ProvisioningRole")
        things = [self._arn("thing/*"), self._arn(f"thingtype/{kind.thing_type_name}")]
        # a certificate that was just made has no name that could be foreseen, nor have the things of a register
        certificates = [self._arn("cert/*"), self._arn(f"policy/{policy.policy_name}")]
        for actions, resources in ((PROVISION, [*things, certificates[0]]), (CERTIFY, certificates)):
            role.add_to_principal_policy(iam.PolicyStatement(actions=list(actions), resources=resources))
        for place in ("thing", "cert"):
            finding = f"arn:<AWS::Partition>:iot:<AWS::Region>:<AWS::AccountId>:{place}/*"
            accept(role, "Things and certificates are made as readers come.", f"AwsSolutions-IAM5[Resource::{finding}]")
        template = iot.CfnProvisioningTemplate(
            self,
            "Provisioning",
            template_name=self.template_name,
            description="A reader of the register gets its certificate",
            enabled=True,
            provisioning_role_arn=role.role_arn,
            template_body=json.dumps(_provisioning(kind.thing_type_name, policy.policy_name)),
            pre_provisioning_hook=iot.CfnProvisioningTemplate.ProvisioningHookProperty(
                target_arn=admits.target.function_arn, payload_version="2020-04-01"
            ),
        )
        for needed in (kind, policy, role):
            template.node.add_dependency(needed)
        lambda_.CfnPermission(
            self,
            "LetAdmit",
            action="lambda:InvokeFunction",
            function_name=admits.target.function_arn,
            principal="iot.amazonaws.com",
            source_account=Aws.ACCOUNT_ID,
            source_arn=self._arn(f"provisioningtemplate/{self.template_name}"),
        )

    def _claim(self) -> None:
        """What the certificate that installers have is good for. A reader makes its own key, which never leaves it."""
        made = [
            "$aws/certificates/create-from-csr/json",
            f"$aws/provisioning-templates/{self.template_name}/provision/json",
        ]
        answers = [f"{place}/{answer}" for place in made for answer in ("accepted", "rejected")]
        iot.CfnPolicy(
            self,
            "Claim",
            policy_name=f"{self._prefix}-reader-claim",
            policy_document=_allowing(
                ("iot:Connect", self._arn("client/claim-*"), None),
                ("iot:Publish", [self._arn(f"topic/{place}") for place in made], None),
                ("iot:Receive", [self._arn(f"topic/{place}") for place in answers], None),
                ("iot:Subscribe", [self._arn(f"topicfilter/{place}") for place in answers], None),
            ),
        )

    def _role(self, id: str) -> iam.Role:
        """A role for AWS IoT, of this account alone."""
        ours = {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
        service = iam.ServicePrincipal("iot.amazonaws.com", conditions=ours)
        return iam.Role(self, id, assumed_by=service)

    def _arn(self, resource: str) -> str:
        return f"arn:{Aws.PARTITION}:iot:{Aws.REGION}:{Aws.ACCOUNT_ID}:{resource}"


def _allowing(*statements: tuple[str, str | list[str], dict[str, object] | None]) -> dict[str, object]:
    """A policy of IoT that allows each action on its resources, where its condition holds."""
    told = [
        {"Effect": "Allow", "Action": action, "Resource": resources} | ({"Condition": condition} if condition else {})
        for action, resources, condition in statements
    ]
    return {"Version": "2012-10-17", "Statement": told}


def _provisioning(kind: str, policy: str) -> dict[str, object]:
    """What is made of a reader that was admitted: a thing of its name, bound to its certificate."""
    certificate = "AWS::IoT::Certificate::Id"
    return {
        "Parameters": {"Device": {"Type": "String"}, certificate: {"Type": "String"}},
        "Resources": {
            "thing": {
                "Type": "AWS::IoT::Thing",
                "Properties": {"ThingName": {"Ref": "Device"}, "ThingTypeName": kind},
                "OverrideSettings": {"ThingTypeName": "REPLACE"},
            },
            "certificate": {
                "Type": "AWS::IoT::Certificate",
                "Properties": {"CertificateId": {"Ref": certificate}, "Status": "ACTIVE"},
            },
            "policy": {"Type": "AWS::IoT::Policy", "Properties": {"PolicyName": policy}},
        },
    }
