"""Who is cared for and whom to call: every equipped home has somebody, and nobody real."""

from __future__ import annotations

from collections import defaultdict

from tests.sample.test_community import of
from twin_model.entities import Contact, Device, Entity, Home, Resident

ROLES = {"family", "neighbour", "grid_worker", "doctor", "subdistrict", "property"}


def test_every_elder_living_alone_is_known_by_name_with_an_age_of_the_homes_band(entities: list[Entity]) -> None:
    homes = {h.home_id: h for h in of(entities, Home) if h.elder_alone}
    residents = of(entities, Resident)
    assert {r.home_id for r in residents} == set(homes)
    for resident in residents:
        assert resident.lives_alone
        assert resident.birth_year is not None
        assert (2026 - resident.birth_year >= 80) == (homes[resident.home_id].age_80_up == 1)
    assert 40 <= sum(r.health_note is not None for r in residents) <= 110


def test_every_such_home_has_family_and_a_grid_worker_and_the_community_has_the_rest(entities: list[Entity]) -> None:
    roles: dict[str | None, set[str]] = defaultdict(set)
    for contact in of(entities, Contact):
        roles[contact.home_id].add(contact.role)
    homes = [h.home_id for h in of(entities, Home) if h.elder_alone]
    assert all({"family", "grid_worker"} <= roles[home] for home in homes)
    assert sum("neighbour" in roles[home] for home in homes) > 0.8 * len(homes)
    assert roles[None] == {"doctor", "subdistrict", "property"}
    assert set.union(*roles.values()) == ROLES


def test_a_grid_worker_has_one_name_and_number_for_all_homes_of_a_group_of_buildings(entities: list[Entity]) -> None:
    building = {h.home_id: h.building_id for h in of(entities, Home)}
    who = defaultdict(set)
    for contact in of(entities, Contact):
        if contact.role == "grid_worker" and contact.home_id:
            who[building[contact.home_id]].add((contact.name, contact.phone))
    assert all(len(workers) == 1 for workers in who.values())
    assert len(set.union(*who.values())) == 10, "26 buildings, three to a grid, no grid in two estates"


def test_no_number_of_the_sample_can_be_dialled_and_no_name_is_in_an_identity(entities: list[Entity]) -> None:
    for contact in of(entities, Contact):
        assert contact.phone is not None
        assert contact.phone.startswith("100 0000 ")
        assert contact.contact_id.isascii()
    assert all(r.resident_id.isascii() for r in of(entities, Resident))


def test_every_device_of_a_home_speaks_through_the_gateway_of_its_building(entities: list[Entity]) -> None:
    devices = {d.device_id: d for d in of(entities, Device)}
    building = {h.home_id: h.building_id for h in of(entities, Home)}
    at_home = [d for d in devices.values() if d.home_id]
    assert len(at_home) > 1400
    for device in at_home:
        assert device.gateway_id is not None, device.device_id
        gateway = devices[device.gateway_id]
        assert (gateway.type, gateway.building_id) == ("gateway", building[device.home_id or ""])
    assert all(d.gateway_id is None for d in devices.values() if d.type == "gateway")
