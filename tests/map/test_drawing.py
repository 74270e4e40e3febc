"""The map in a real browser without a graphics card: pixels, clicks, names, and nothing left behind."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.browser

RED, AMBER = 2, 1
LISTEN = """() => {
    if (window.deaf) window.deaf();
    window.chosen = [];
    window.deaf = CimMap.onSelect((id) => chosen.push(id));
}"""
COLOURS = """() => {
    const p = CimMap.readPixels(0, 0, 1000, 640), seen = new Set();
    let light = 0;
    for (let i = 0; i < p.length; i += 4) {
        seen.add((p[i] >> 3) * 1024 + (p[i + 1] >> 3) * 32 + (p[i + 2] >> 3));
        if (p[i] + p[i + 1] + p[i + 2] > 150) light++;
    }
    return [seen.size, 4 * light / p.length];
}"""


def pixels(page, x, y, width, height):
    raw = page.evaluate("([x, y, w, h]) => Array.from(CimMap.readPixels(x, y, w, h))", [x, y, width, height])
    return np.array(raw, dtype=np.uint8).reshape(-1, 4)[:, :3].astype(int)


def roof(page, building):
    x, y = page.evaluate("id => CimMap.where(id)", building)
    return pixels(page, x, y, 1, 1)[0]


def change(page, *rows):
    page.evaluate("rows => CimMap.apply({map: {changed: rows}})", [list(row) for row in rows])


def test_many_colours_are_drawn_and_the_buildings_stand_out(drawn):
    colours, light = drawn.evaluate(COLOURS)
    assert colours > 80, "one flat colour is an empty canvas"
    assert light > 0.02, "the buildings are lighter than the ground"
    assert drawn.evaluate("() => CimMap.stats()")["buildings"] == 9


def test_a_change_recolours_its_building_and_no_other(drawn):
    before = {k: roof(drawn, f"c-b{k}") for k in (4, 8)}
    change(drawn, [4, RED, 5, 3])
    red, other = roof(drawn, "c-b4"), roof(drawn, "c-b8")
    assert red[0] > 1.6 * red[1]
    assert red[0] > before[4][0]
    assert (other == before[8]).all()
    assert drawn.evaluate("() => CimMap.stats().counts.alert") == {"none": 8, "look": 0, "act": 1, "blind": 0}


def test_a_change_that_comes_while_the_map_loads_is_not_lost(drawn):
    counts = drawn.evaluate("""async () => {
        const ready = CimMap.start(document.getElementById('map'), {community: 'c', theme: 'light'});
        CimMap.apply({revision: 1e9, map: {changed: [[3, 2, 5, 3]]}});
        await ready;
        const { counts } = CimMap.stats();
        await CimMap.start(document.getElementById('map'), {theme: 'dark'});
        return counts.alert;
    }""")
    assert counts["act"] == 1


def test_a_patched_picture_is_the_picture_a_full_frame_gives(drawn):
    worst, differing = drawn.evaluate("""() => {
        CimMap.apply({map: {changed: [[1, 1, 5, 3], [7, 2, 5, 3]]}});
        const patched = CimMap.readPixels(0, 0, 1000, 640);
        CimMap.setLit(null);  // draws everything again
        const whole = CimMap.readPixels(0, 0, 1000, 640);
        let worst = 0, differing = 0;
        for (let i = 0; i < whole.length; i++) {
            const off = Math.abs(whole[i] - patched[i]);
            worst = Math.max(worst, off);
            if (off > 2) differing++;
        }
        return [worst, differing / whole.length];
    }""")
    assert worst <= 24, "only sub-samples on a building's rim may differ"
    assert differing < 0.002


def test_colourings_and_the_legend_agree(drawn):
    for colouring, classes in (("occupancy", 6), ("freshness", 4), ("alert", 4)):
        drawn.evaluate("name => CimMap.setColour(name)", colouring)
        stats = drawn.evaluate("() => CimMap.stats()")
        assert len(stats["classes"]) == classes
        assert sum(known["count"] for known in stats["classes"]) == 9


def test_unknown_is_hatched_and_not_only_coloured(drawn):
    change(drawn, [4, 3, 4, 2])
    x, y = drawn.evaluate("() => CimMap.where('c-b4')")
    seen = pixels(drawn, x - 8, y - 8, 16, 16).sum(axis=1)
    assert seen.max() - seen.min() > 40, "stripes, light and dark"


@pytest.mark.parametrize("building", ["c-b0", "c-b4", "c-b8"])
def test_a_click_chooses_the_building_under_it(drawn, building):
    drawn.evaluate(LISTEN)
    drawn.mouse.click(*drawn.evaluate("id => CimMap.where(id)", building))
    drawn.wait_for_function("() => chosen.length", timeout=5000)
    assert drawn.evaluate("() => chosen") == [building]


def test_a_click_on_the_ground_chooses_nothing(drawn):
    drawn.evaluate("() => CimMap.select('c-b4')")
    drawn.evaluate(LISTEN)
    drawn.mouse.click(30, 600)
    drawn.wait_for_function("() => chosen.length", timeout=5000)
    assert drawn.evaluate("() => chosen") == [None]


def test_names_never_cover_each_other(drawn):
    change(drawn, *[[k, RED if k % 2 else AMBER, 5, 3] for k in range(9)])
    boxes = drawn.evaluate("() => CimMap.labelBoxes()")
    assert len(boxes) >= 9
    for i, (left, top, right, bottom) in enumerate(boxes):
        for other in boxes[:i]:
            apart = left >= other[2] or right <= other[0] or top >= other[3] or bottom <= other[1]
            assert apart, (boxes[i], other)


def test_the_community_lies_in_the_gap_between_the_panels(drawn):
    for k in range(9):
        x, y = drawn.evaluate("id => CimMap.where(id)", f"c-b{k}")
        assert 120 < x < 880, (k, x)
        assert 40 < y < 560, (k, y)


@pytest.mark.parametrize("frame", [[360, 8, 1504, 760], [320, 48, 928, 470], [320, 8, 672, 520]])
def test_a_handful_of_long_buildings_lies_whole_between_the_panels(drawn, frame):
    sides = drawn.evaluate(
        """frame => {
        const corners = [[0, 0], [58, 0], [58, 15], [0, 15], [0, 44], [58, 44], [58, 60], [0, 60]];
        const scene = { header: { origin: [120.1, 30.2] }, core: 2, bounds: [14, -8, 44, 67], c_xy: [],
          b_xy: corners.flat(), b_ring: [0, 4, 8], b_first_ring: [0, 1, 2], b_base: [0, 0], top: [54, 18],
          box: [0, 0, 58, 15, 0, 44, 58, 60] };
        const { home, cameraAt } = CimMapParts.view, [width, height] = [frame[2] + frame[0], frame[3] + 200];
        const camera = cameraAt(scene, width, height, home(scene, frame, width, height));
        const seen = corners.flatMap(([x, y], k) => [camera.project(x, y, 0), camera.project(x, y, k < 4 ? 54 : 18)]);
        return [0, 1].flatMap((n) => [Math.min(...seen.map((p) => p[n])), Math.max(...seen.map((p) => p[n]))]);
    }""",
        frame,
    )
    assert frame[0] <= sides[0] < sides[1] <= frame[2], sides
    assert frame[1] <= sides[2] < sides[3] <= frame[3], sides


@pytest.mark.parametrize(("width", "height"), [(1000, 30), (30, 640), (1, 1)])
def test_a_map_that_is_folded_away_keeps_a_camera_that_can_be_drawn(drawn, width, height):
    view = drawn.evaluate(
        """([width, height]) => {
        const scene = { header: { origin: [120.1, 30.2] }, core: 0, bounds: [0, 0, 90, 60], c_xy: [], box: [],
          b_xy: [], b_ring: [0], b_first_ring: [0], b_base: [], top: [] };
        return CimMapParts.view.home(scene, [0, 0, width, height], width, height);
    }""",
        [width, height],
    )
    assert all(value is not None and np.isfinite(value) for value in view.values()), view


def test_keys_move_the_view_and_home_brings_it_back(drawn):
    drawn.locator("#map").focus()
    home = drawn.evaluate("() => CimMap.where('c-b4')")
    for key in ("ArrowRight", "+", "q"):
        before = drawn.evaluate("() => CimMap.where('c-b0')")
        drawn.keyboard.press(key)
        drawn.wait_for_function("b => Math.hypot(CimMap.where('c-b0')[0] - b[0], CimMap.where('c-b0')[1] - b[1]) > 2",
                                arg=before, timeout=5000)  # fmt: skip
    drawn.keyboard.press("Home")
    drawn.wait_for_function("b => Math.hypot(CimMap.where('c-b4')[0] - b[0], CimMap.where('c-b4')[1] - b[1]) < 2",
                            arg=home, timeout=5000)  # fmt: skip


def test_the_view_is_kept_when_data_change(drawn):
    drawn.evaluate("() => CimMap.flyTo('c-b8')")
    drawn.wait_for_function("() => Math.abs(CimMap.where('c-b8')[0] - 500) < 60", timeout=5000)
    before = drawn.evaluate("() => CimMap.where('c-b0')")
    change(drawn, [0, RED, 5, 3])
    drawn.evaluate("() => CimMap.refresh()")
    assert drawn.evaluate("() => CimMap.where('c-b0')") == before


def test_a_lost_context_is_drawn_again(drawn):
    before, _ = drawn.evaluate(COLOURS)
    drawn.evaluate("""() => {
        const gl = document.querySelector('#map canvas').getContext('webgl2');
        window.old = document.querySelector('#map canvas');
        gl.getExtension('WEBGL_lose_context').loseContext();
    }""")
    drawn.wait_for_function("() => { const c = document.querySelector('#map canvas'); return c && c !== old; }")
    drawn.evaluate("() => CimMap.ready()")
    after, _ = drawn.evaluate(COLOURS)
    assert after > before / 2


def test_nothing_stays_when_the_element_goes(own_page):
    lost = own_page.evaluate("""async () => {
        const canvas = document.querySelector('#map canvas'), gl = canvas.getContext('webgl2');
        document.getElementById('map').remove();
        for (let n = 0; n < 200 && !gl.isContextLost(); n++) await new Promise(done => setTimeout(done, 25));
        return gl.isContextLost();
    }""")
    assert lost
    assert own_page.evaluate("() => CimMap.stats().buildings") == 0


def test_an_empty_map_says_how_to_fill_it(empty_page):
    message = empty_page.locator(".cim-map__message")
    message.wait_for(state="visible")
    assert "run.py import" in message.inner_text()
    assert "建筑" in message.inner_text()


def where_bright(page, walks, *, apart=0, limit=150):
    """Columns of the picture in which a street of 240 m shows the colour of the nearest band; many: it is drawn."""
    script = """([walks, apart, limit]) => {
        CimMap.setStreets({ xy: new Float32Array([-120, -85, 120, -85]), apart: new Uint8Array([apart]) });
        CimMap.setWalks(new Float32Array(walks), { ends: [60, 100, 150, 200, 250, 300], limit });
        const { width, height } = document.querySelector("#map canvas");
        const p = CimMap.readPixels(0, 0, 1000, 640), [r, g, b] = CimMapParts.walkRamp.COLOURS[0], found = [];
        for (let i = 0; i < p.length; i += 4) {
            if (Math.abs(p[i] - r) + Math.abs(p[i + 1] - g) + Math.abs(p[i + 2] - b) < 130) found.push((i / 4) % width);
        }
        CimMap.setStreets(null);
        return found;
    }"""
    return np.array(page.evaluate(script, [walks, apart, limit]))


def test_a_street_is_bright_where_it_is_near_and_only_as_far_as_one_walks(drawn):
    from_the_left, from_the_right = where_bright(drawn, [0, 240]), where_bright(drawn, [240, 0])
    assert len(from_the_left) > 40
    assert from_the_left.max() < from_the_right.min(), "a quarter of it at each end"
    both = where_bright(drawn, [0, 0])
    assert len(both) == pytest.approx(len(from_the_left) + len(from_the_right), rel=0.2), "the middle is further"
    assert not len(where_bright(drawn, [400, 640])), "beyond the last band"
    assert not len(where_bright(drawn, [0, 240], limit=-1)), "beyond the limit"
    assert not len(where_bright(drawn, [0, 240], apart=1)), "an island is never drawn as reached"
