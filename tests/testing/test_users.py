# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""The users of a location."""


async def test_users_of_a_location_are_listed(call) -> None:
    """Each user comes with an email, as the test sees them."""
    answer = await call("GET", "/users/", params={"locationId": call.fake.location_id})
    users = answer.json["users"]

    assert {one["id"]: one["email"] for one in users} == call.fake.users
    assert [one["name"] for one in users] == ["Jane Doe", "John Doe", "Max Muster"]
    assert call.fake.user_id in call.fake.users
    assert not any(one["deleted"] for one in users)


async def test_users_are_of_one_location(start) -> None:
    """The location must be named, and be the token's own."""
    call = await start(locations=2)
    other = {"locationId": call.fake.location_ids[1]}

    assert (await call("GET", "/users/")).status == 422
    assert (await call("GET", "/users/", params=other)).status == 403


async def test_users_have_a_scope_of_their_own(start) -> None:
    """Without ``users.readonly`` they are not told."""
    call = await start(scopes=("contacts.readonly",))
    asked = {"locationId": call.fake.location_id}

    assert (await call("GET", "/users/", params=asked)).status == 401
