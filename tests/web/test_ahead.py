"""The walking network is laid while nobody waits for it, and not while what it is made of still changes."""

from __future__ import annotations

from cockpit.ahead import Ahead
from twin_model.entities import Community
from twin_model.twin import Twin

from ..conftest import Clock
from ..twin.test_circles import C, house, line, shop


def test_the_network_is_laid_before_anybody_asks_and_again_after_a_change(wait_for):
    clock = Clock()
    twin = Twin.open(None, clock=clock)
    twin.record([Community(community_id=C, name="街"), line("street", (0, 0), (500, 0)), house("near", 100, 20)])
    ahead = Ahead(twin, every=0.01)
    assert not twin.circles.is_laid(twin.now())
    ahead.start()
    wait_for(lambda: twin.circles.is_laid(twin.now()))
    clock.forward(minutes=1)
    twin.record([line("lane", (500, 0), (500, 100)), shop("clinic", "clinic", 300, 0)])
    wait_for(lambda: twin.circles.is_laid(twin.now()))
    ahead.stop()
    assert len(twin.circles.network(twin.now()).network.edge_m) == 2
    twin.close()
