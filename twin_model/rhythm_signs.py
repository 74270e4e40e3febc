"""Which readings are signs of life, of which home, from which device, through which gateway."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from twin_model.placed import Placed
from twin_model.rhythm import sensor_code
from twin_model.states import F64, I32, I64, NEVER, Bools, States

ON, COMES, CHANGES, GROWS = 1, 2, 3, 4
SIGNS = {
    "motion": ON, "sos": ON, "presence": COMES, "open": CHANGES, "in_bed": CHANGES, "meal_order": CHANGES,
    "water_m3": GROWS,
}  # fmt: skip
EYES = ("motion", "presence", "open", "in_bed", "water_m3")  # what sees life often enough to tell a silence
DOOR = "open"


class Layout:
    """Per series number of an epoch of devices: home, kind of sign, device; only of devices in homes and gateways."""

    def __init__(self, placed: Placed) -> None:
        self.placed = placed
        table = placed.table
        top = int(placed.series.max()) + 1 if len(placed.series) else 0
        metric, kind = table["metric"].to_pylist(), table["type"].to_pylist()
        home, gateway, device = (table[name].to_pylist() for name in ("home_id", "gateway_id", "device_id"))
        stale = table["stale_us"].to_pylist()
        telling = {device[row] for row in range(table.num_rows) if home[row] is not None and metric[row] in SIGNS}
        chosen = [row for row in range(table.num_rows) if device[row] in telling or kind[row] == "gateway"]
        self.devices = sorted({device[row] for row in chosen})
        number = {name: n for n, name in enumerate(self.devices)}
        self.homes: list[str] = sorted({home[row] for row in chosen if kind[row] != "gateway"})
        self.of_home = of_home = {name: n for n, name in enumerate(self.homes)}
        heard = placed.table["device_id"].take(pa.array(placed.device_rows)).to_pylist()
        of_heard = {name: n for n, name in enumerate(heard)}
        self.heard_row = np.array([of_heard[name] for name in self.devices], np.intp)
        self.sign = np.zeros(top, np.int8)
        self.device = np.full(top, -1, np.int32)
        self.home = np.full(len(self.devices), -1, np.int32)
        self.code = np.zeros(len(self.devices), np.uint8)
        self.stale = np.zeros(len(self.devices), np.int64)
        self.is_eye = np.zeros(len(self.devices), bool)
        self.is_door = np.zeros(top, bool)
        gateways: list[str | None] = [None] * len(self.devices)
        for row in chosen:
            series, n = int(placed.series[row]), number[device[row]]
            self.device[series] = n
            self.stale[n] = stale[row]
            self.code[n] = sensor_code(device[row])
            if kind[row] == "gateway":
                continue
            self.sign[series] = SIGNS.get(metric[row], 0)
            self.is_door[series] = metric[row] == DOOR
            self.home[n] = of_home[home[row]]
            self.is_eye[n] |= metric[row] in EYES
            gateways[n] = gateway[row]
        self.eyes = _grouped(self.home, self.is_eye, len(self.homes))
        self.number = number
        self.behind: dict[int, set[int]] = {}  # homes behind a gateway
        self.through = np.full(len(self.devices), -1, np.int32)  # the gateway of a device
        for n, name in enumerate(gateways):
            if name in number and self.home[n] >= 0:
                self.through[n] = number[name]
                self.behind.setdefault(number[name], set()).add(int(self.home[n]))
        self.series: I32 = np.flatnonzero(self.device >= 0).astype(np.int32)

    def per_home(self, of_device: F64 | Bools) -> F64:
        """The sum over the devices of each home."""
        mine = self.home >= 0
        return np.bincount(self.home[mine], weights=of_device[mine], minlength=len(self.homes)).astype(np.float64)


@dataclass(frozen=True)
class Glance:
    """What can be seen of homes at an instant; one row per home, ``row`` gives its number.

    ``any``: whether a witness is heard; ``gateway_silent``: whether one would be but for its gateway; ``heard``: the
    newest report (NEVER: none); ``present``: whether a radar sees somebody. Of devices: ``of_device`` when each was
    last heard of, ``held`` whether its gateway is silent, ``seeing`` whether it watches.
    """

    row: dict[str, int]
    any: Bools
    gateway_silent: Bools
    heard: I64
    present: Bools
    of_device: I64
    held: Bools
    seeing: Bools


def glance(layout: Layout, placed: Placed, states: States, instant: int) -> Glance:
    """What the states known at an instant (microseconds of the community's clock) say of who watches."""
    heard = placed.heard(states)[layout.heard_row]
    fresh = (heard != NEVER) & (heard >= instant - layout.stale)
    held = (layout.through >= 0) & ((heard != NEVER) & ~fresh)[np.maximum(layout.through, 0)]
    seeing = fresh & ~held
    series = layout.series[layout.sign[layout.series] == COMES]
    comes = np.zeros(len(layout.devices), bool)
    comes[layout.device[series[states.value[series] >= 1]]] = True
    eye = layout.is_eye
    newest = np.full(len(layout.homes), NEVER)
    np.maximum.at(newest, layout.home[eye], heard[eye])
    return Glance(
        row=layout.of_home, any=layout.per_home(eye & seeing) > 0,
        gateway_silent=layout.per_home(eye & fresh & held) > 0, heard=newest,
        present=layout.per_home(eye & seeing & comes) > 0, of_device=heard, held=held, seeing=seeing,
    )  # fmt: skip


def _grouped(home: I32, is_eye: Bools, homes: int) -> list[NDArray[np.intp]]:
    eyes: list[list[int]] = [[] for _ in range(homes)]
    for n in np.flatnonzero(is_eye & (home >= 0)).tolist():
        eyes[home[n]].append(n)
    return [np.array(group, np.intp) for group in eyes]


def signs_of_life(sign: NDArray[np.int8], before: F64, value: F64) -> Bools:
    """Which readings are signs of life, given the values before them (nan: none)."""
    known = ~np.isnan(before)
    lives: Bools = (
        ((sign == ON) & (value >= 1))
        | ((sign == COMES) & known & (value >= 1) & (before < 1))
        | ((sign == CHANGES) & known & (value != before))
        | ((sign == GROWS) & known & (value > before))
    )
    return lives


def share_heard(heard: I64, stale: I64, weight: F64, at: int) -> float:
    """The share of the eyes, by weight, that are heard at an instant."""
    fresh = (heard != NEVER) & (np.where(heard == NEVER, at, heard) >= at - stale)
    return float(weight[fresh].sum())


def sure_until(heard: I64, weight: F64) -> int:
    """The newest instant up to which at least half of the eyes, by weight, were surely there."""
    order = np.argsort(-heard, kind="stable")
    position = int(np.searchsorted(np.cumsum(weight[order]), 0.5 - 1e-9))
    return int(heard[order][min(position, len(heard) - 1)])
