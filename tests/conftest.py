"""What every test stands on: no real AWS can be reached, whatever the machine is configured for."""

import gc
import os

os.environ |= {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "YINJI_TABLE": "Cases",
    "YINJI_MESSAGES_TABLE": "Messages",
    "YINJI_PEOPLE_TABLE": "People",
    "YINJI_ARCHIVE_TABLE": "Archive",
    "YINJI_ARCHIVE_BUCKET": "archive",
    "YINJI_EDITIONS_TABLE": "Editions",
    "YINJI_EDITIONS_BUCKET": "editions",
    "YINJI_REPAIR_TABLE": "Repair",
    "YINJI_REPAIR_BUCKET": "repair",
    "YINJI_REPAIR_KEY": "RepairKey",
    "YINJI_VISITS_TABLE": "Visits",
    "YINJI_VISITS_KEY": "VisitsKey",
    "YINJI_FORMS_TABLE": "Forms",
    "YINJI_FACTS_TABLE": "Facts",
    "YINJI_FORMS_BUCKET": "forms",
    "YINJI_REPAIR_ORIGIN": "https://repair.s3.us-east-1.amazonaws.com",
    "YINJI_TIMERS": "yinji-repair",
    "YINJI_TIMERS_ROLE": "arn:aws:iam::123456789012:role/timers",
    "YINJI_ESCALATE": "arn:aws:lambda:us-east-1:123456789012:function:yinji-repair-escalate",
    "YINJI_ESCALATE_FAILURES": "arn:aws:sqs:us-east-1:123456789012:yinji-repair-escalate-failures",
    "YINJI_MONITOR_SECRET": "MonitorSecret",
    "YINJI_CLIENT_KEYS": "Open311Keys",
    "YINJI_SIGNING_KEY": "alias/signing",
    "YINJI_INGEST_QUEUE": "https://sqs.us-east-1.amazonaws.com/123456789012/yinji-ingest",
    "YINJI_REFRESH_QUEUE": "https://sqs.us-east-1.amazonaws.com/123456789012/yinji-refresh",
    "YINJI_PACK_QUEUE": "https://sqs.us-east-1.amazonaws.com/123456789012/yinji-pack",
    "YINJI_LOAD_QUEUE": "https://sqs.us-east-1.amazonaws.com/123456789012/yinji-load",
    "YINJI_NEWS_QUEUE": "https://sqs.us-east-1.amazonaws.com/123456789012/yinji-news",
    "YINJI_DELIVERIES_QUEUE": "https://sqs.us-east-1.amazonaws.com/123456789012/yinji-form-deliveries",
    "YINJI_SIGN_IN": "demo,oidc",
    "YINJI_OIDC_ISSUER": "https://sso.example.edu",
    "YINJI_OIDC_CLIENT": "yinji",
    "YINJI_OIDC_SECRET": "",
    "YINJI_OIDC_ACCOUNT": "sub",
    "YINJI_CAS_URL": "https://cas.example.edu/cas",
    "YINJI_MAIL_FROM": "yinji@example.edu",
    "YINJI_MAIL_SET": "yinji-messages",
    "YINJI_WEBHOOK_SECRET": "",
    "YINJI_INTAKE_BUCKET": "intake",
    "YINJI_DOCUMENTS_BUCKET": "documents",
    "YINJI_BUS": "yinji",
    "YINJI_SEEN_QUEUE": "https://sqs.us-east-1.amazonaws.com/123456789012/yinji-seen",
    "YINJI_SESSION_KEYS": "SessionKeys",
    "YINJI_SEALING_KEY": "alias/sealing",
    "YINJI_PUBLIC_URL": "https://yinji.example.edu",
    "YINJI_UPLOAD_ORIGIN": "https://intake.s3.us-east-1.amazonaws.com",
    "YINJI_DEPLOYMENT": "local",
    # tests act at the speed of machines; those of the limits say otherwise
    "YINJI_LIMITS_TABLE": "Limits",
    "YINJI_LIMIT_FACTOR": "1000",
    "POWERTOOLS_SERVICE_NAME": "clearance",
    "POWERTOOLS_METRICS_NAMESPACE": "Yinji",
    "POWERTOOLS_DEV": "false",
    # the tests' own local cloud, beside one that somebody works with; elsewhere where its place is taken
    "YINJI_HOME": os.environ.get("YINJI_TESTS_HOME", "test-cloud"),
    "YINJI_PORT": os.environ.get("YINJI_TESTS_PORT", "18080"),
    "YINJI_CLOUD_PORT": os.environ.get("YINJI_TESTS_CLOUD_PORT", "14566"),
}
os.environ.pop("AWS_PROFILE", None)
os.environ.pop("AWS_ENDPOINT_URL", None)

import pytest
from hypothesis import HealthCheck, settings

gc.disable()  # until all is imported: nothing of it is ever garbage


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Collect garbage from now on, but look no more at what was imported: that took a seventh of the time of tests."""
    gc.freeze()
    gc.enable()


settings.register_profile(
    "yinji", deadline=None, derandomize=True, max_examples=100, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", settings.get_profile("yinji"), derandomize=False, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "yinji"))
