"""A deployment that cannot work is refused before anything is made."""

from __future__ import annotations

import os

import pytest

from infra.setting import LONGEST_UNIVERSITY, Setting
from tests.infra.synthesis import synthesize


@pytest.mark.parametrize("university", ["复旦", "a_b", "-a", "a-", "a--b", "a b", "x" * (LONGEST_UNIVERSITY + 1)])
def test_a_university_whose_name_cannot_be_part_of_a_buckets_is_refused(university: str) -> None:
    with pytest.raises(ValueError, match="university"):
        Setting(university=university)


def test_a_university_is_part_of_every_name_in_small_letters() -> None:
    setting = Setting(university="Jiangyu-1")
    assert (setting.prefix, setting.stack("Clearance")) == ("yinji-jiangyu-1", "Yinji-Jiangyu-1-Clearance")


@pytest.mark.parametrize(
    ("context", "named"),
    [
        ({"deployment": "azure"}, "deployment"),
        ({"target": "x86"}, "target"),
        ({"region": ""}, "region"),
        ({"region": "Singapore"}, "region"),
        ({"public_url": "http://yinji.example.edu"}, "public_url"),
        ({"public_url": "yinji.example.edu"}, "public_url"),
        ({"public_url": "https://"}, "public_url"),
        ({"public_url": "https://yinji.example.edu/"}, "public_url"),
        ({"certificate_arn": "arn:aws:acm:eu-west-1:123456789012:certificate/x"}, "certificate_arn"),
        ({"mail_from": "Yinji <yinji@example.edu>"}, "mail_from"),
        ({"mail_from": "yinji"}, "mail_from"),
        ({"webhook_secret": "https://robots.example.com/send?key=x"}, "webhook_secret"),
    ],
)
def test_what_makes_no_sense_is_named(context: dict[str, str], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Setting(**context)


def test_a_local_deployment_may_go_without_tls() -> None:
    assert Setting(deployment="local", public_url="http://127.0.0.1:8080").host == "127.0.0.1"


@pytest.mark.slow
def test_a_synthesis_leaves_the_environment_as_it_was() -> None:
    before = dict(os.environ)
    synthesize("aws")
    assert dict(os.environ) == before


def test_only_a_local_deployment_is_told_where_browsers_upload_to() -> None:
    assert Setting(deployment="local", upload_origin="http://127.0.0.1:4566").upload_origin
    with pytest.raises(ValueError, match="upload_origin"):
        Setting(upload_origin="https://elsewhere.example.edu")
