"""The demo's home visits are such as the service takes, and always the same."""

from __future__ import annotations

from demo.personas import TECHNICIANS, grant_of, offices
from yinji.visits import service
from yinji.visits.days import Plan
from yinji.visits.desk import plan_of
from yinji.visits.visit import asked

from infra.local.season.visits import ASKING, PLANS, asking, places
from infra.local.seeding import OF_A_COMMUNITY
from tests.visits import FIRST, SECOND


def test_what_people_ask_for_is_what_a_form_can_ask_for() -> None:
    every = [*asking(FIRST), *asking(SECOND)]
    assert len({key for key, _ in every}) == len(every) == 2 * sum(ASKING.values()) >= 20
    for _, fields in every:
        assert asked(fields, "community").person.community in ASKING
    assert list(asking(FIRST)) == list(asking(FIRST))
    assert any(fields["mail"] for _, fields in every) and not all(fields["mail"] for _, fields in every)


def test_technicians_of_the_demo_go_to_every_community() -> None:
    assert set(PLANS) <= set(TECHNICIANS)
    plans = [plan_of(Plan(staff, staff), staff, places(staff)) for staff in PLANS]
    assert {community for plan in plans for community, _ in plan.places} == set(ASKING) == set(service.communities())
    most = sum(sum(plan.places.values()) for plan in plans)
    assert most == sum(sum(told.values()) for told in PLANS.values())
    in_meiyuan = sum(most for plan in plans for (community, _), most in plan.places.items() if community == "meiyuan")
    assert in_meiyuan < ASKING["meiyuan"], "somebody waits"


def test_one_can_be_of_each_communitys_office() -> None:
    workers = [persona for persona in offices() if persona.startswith("community-worker:")]
    assert [persona.partition(":")[2] for persona in workers] == list(service.communities())
    assert grant_of(workers[0])[0] == OF_A_COMMUNITY and grant_of(workers[0])[2].role == "community-worker"
