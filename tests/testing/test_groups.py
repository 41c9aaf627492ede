# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""Tags, followers, campaigns and workflows of a contact."""

import pytest

V2, V3 = "2021-07-28", "v3"
FLAGS = {V2: {"succeded": True}, V3: {"succeded": True, "succeeded": True}}
versions = pytest.mark.parametrize("version", [V2, V3])
START = "2021-06-23T03:30:00+01:00"


def path(call, below: str, at: int = 0) -> str:
    """Give the path of something below a contact."""
    return f"/contacts/{call.fake.contact_ids()[at]}/{below}"


def without_trace(answer) -> dict:
    """Give what a reply says."""
    return {name: value for name, value in answer.json.items() if name != "traceId"}


@versions
async def test_tags_come_and_go(call, version) -> None:
    """Tags are lower case, each once, and what changed is told beside what there is."""
    tags, contact_id = path(call, "tags", 1), call.fake.contact_ids()[1]
    added = await call("POST", tags, version=version, json={"tags": ["VIP", "vip", "newsletter"]})
    removed = await call("DELETE", tags, version=version, json={"tags": ["NEWSLETTER", "other"]})

    assert (added.status, removed.status) == (201, 200)
    assert without_trace(added) == {"tags": ["newsletter", "vip"], "tagsAdded": ["vip"]}
    assert without_trace(removed) == {"tags": ["vip"], "tagsRemoved": ["newsletter"]}
    assert call.fake.contact(contact_id)["tags"] == ["vip"]


@versions
async def test_followers_come_and_go(call, version) -> None:
    """Followers keep their spelling, and search shows them."""
    followers, contact_id = path(call, "followers"), call.fake.contact_ids()[0]
    added = await call("POST", followers, version=version, json={"followers": ["A", "b", "A"]})
    removed = await call("DELETE", followers, version=version, json={"followers": ["b", "c"]})
    found = (await call.search(pageLimit=10)).json["contacts"][-1]

    assert (added.status, removed.status) == (201, 200)
    assert without_trace(added) == {"followers": ["A", "b"], "followersAdded": ["A", "b"]}
    assert without_trace(removed) == {"followers": ["A"], "followersRemoved": ["b"]}
    assert call.fake.followers(contact_id) == found["followers"] == ["A"]


@pytest.mark.parametrize("below", ["tags", "followers"])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize("sent", [{}, {"other": []}, {"all": "x"}, {"all": [1]}])
async def test_a_bad_list_is_refused(call, below, method, sent) -> None:
    """A list of texts is wanted, under its name and nothing else."""
    body = {below if name == "all" else name: value for name, value in sent.items()}

    assert (await call(method, path(call, below), json=body)).status == 422


@versions
async def test_campaigns_are_joined_and_left(call, version) -> None:
    """A body may be missing; joining twice and leaving what one is not in do no harm."""
    contact_id = call.fake.contact_ids()[0]
    joins = [
        await call("POST", path(call, "campaigns/c1"), version=version, json={}),
        await call("POST", path(call, "campaigns/c1"), version=version),
        await call("POST", path(call, "campaigns/c2"), version=version),
    ]
    assert call.fake.campaigns(contact_id) == ["c1", "c2"]
    leaves = [
        await call("DELETE", path(call, "campaigns/c1"), version=version),
        await call("DELETE", path(call, "campaigns/c9"), version=version),
    ]

    assert {answer.status for answer in joins} == {201}
    assert {answer.status for answer in leaves} == {200}
    assert all(without_trace(answer) == FLAGS[version] for answer in joins + leaves)
    assert call.fake.campaigns(contact_id) == ["c2"]


@pytest.mark.parametrize("sent", [[], {"eventStartTime": START}])
async def test_a_campaign_takes_no_fields(call, sent) -> None:
    """What is sent must be an object, and empty."""
    assert (await call("POST", path(call, "campaigns/c1"), json=sent)).status == 422


@pytest.mark.parametrize(
    ("name", "version", "known"),
    [("removeAll", V2, True), ("removeAll", V3, True), ("remove-all", V3, True)]
    + [("remove-all", one, False) for one in (V2, "2021-04-15", "2023-02-21")],
)
async def test_all_campaigns_are_left_at_once(call, name, version, known) -> None:
    """The new path is v3's; before, it is unknown and no campaign of that name."""
    contact_id = call.fake.contact_ids()[0]
    await call("POST", path(call, "campaigns/c1"))
    answer = await call("DELETE", path(call, f"campaigns/{name}"), version=version)

    assert (200 if known else 404) == answer.status
    assert ([] if known else ["c1"]) == call.fake.campaigns(contact_id)
    assert known or answer.json["message"].startswith("Cannot DELETE ")


@versions
async def test_workflows_are_joined_and_left(call, version) -> None:
    """Both are a 200 with the flag, and the time of the event is kept."""
    contact_id, workflow = call.fake.contact_ids()[0], path(call, "workflow/w1")
    joins = [
        await call("POST", workflow, version=version, json={"eventStartTime": START}),
        await call("POST", path(call, "workflow/w2"), version=version),
    ]
    assert call.fake.workflows(contact_id) == {"w1": START, "w2": None}
    left = await call("DELETE", workflow, version=version, json={"eventStartTime": START})
    again = await call("DELETE", workflow, version=version)

    assert {answer.status for answer in (*joins, left, again)} == {200}
    assert without_trace(joins[0]) == without_trace(left) == FLAGS[version]
    assert call.fake.workflows(contact_id) == {"w2": None}


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    "sent", [{"eventStartTime": "2021-06-23T03:30:00"}, {"eventStartTime": 3}, {"start": START}]
)
async def test_the_time_of_a_workflow_has_a_zone(call, method, sent) -> None:
    """A time without a zone, or anything else, is refused."""
    assert (await call(method, path(call, "workflow/w1"), json=sent)).status == 422


@pytest.mark.parametrize(
    ("method", "below"),
    [
        ("POST", "tags"),
        ("DELETE", "tags"),
        ("POST", "followers"),
        ("DELETE", "followers"),
        ("POST", "campaigns/c"),
        ("DELETE", "campaigns/c"),
        ("DELETE", "campaigns/removeAll"),
        ("POST", "workflow/w"),
        ("DELETE", "workflow/w"),
    ],
)
async def test_only_known_contacts_of_this_location_take_part(start, method, below) -> None:
    """Unknown contacts are not found, and those of another location are closed."""
    call = await start(locations=2)
    body = {"json": {below: ["x"]}} if "/" not in below else {}
    there = call.fake.contact_ids(call.fake.location_ids[1])[0]

    assert (await call(method, f"/contacts/nobody/{below}", **body)).status == 400
    assert (await call(method, f"/contacts/{there}/{below}", **body)).status == 403
