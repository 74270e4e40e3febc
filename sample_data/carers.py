"""Who is cared for in the sample, and whom to call: invented people with invented names.

Names are drawn from common ones and belong to nobody; no telephone number here can be dialled (no Chinese number of
eleven digits begins with 100). Only homes of elders living alone have residents by name; all others stay counts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twin_model.entities import Building, Contact, Entity, Home, Resident

THIS_YEAR = 2026
BUILDINGS_PER_GRID = 3
"""One grid worker looks after the homes of so many residential buildings."""

_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘于蒋蔡余杜叶程苏"
_WOMEN = (
    "秀英", "桂兰", "玉珍", "凤英", "淑芬", "美华", "惠珍", "月娥", "素珍", "彩娣", "招娣", "爱珍", "阿妹", "文娟",
    "雪珍", "金凤", "水英", "根娣", "巧云", "兰芳",
)  # fmt: skip
_MEN = (
    "建国", "国荣", "德明", "永康", "志良", "金根", "水林", "根生", "文彬", "阿毛", "福生", "炳坤", "洪根", "祥林",
    "顺发", "宝根", "长庚", "耀庭", "仁德", "关林",
)  # fmt: skip
_DAUGHTERS = ("丽", "敏", "静", "艳", "娟", "芳", "慧", "晓燕", "海霞", "建英", "伟红", "雅琴")
_SONS = ("伟", "强", "磊", "军", "勇", "杰", "涛", "建明", "海峰", "志刚", "国强", "晓东")
_HEALTH = (
    "高血压", "2 型糖尿病", "冠心病，备硝酸甘油", "听力差，敲门要重", "行动用助行器", "帕金森病早期", "轻度认知障碍",
    "髋部手术后", "视力差", "慢阻肺，夜间吸氧", "服抗凝药，跌倒须送医",
)  # fmt: skip
_WITH_HEALTH_NOTE = 0.34


def carers(community_id: str, homes: Sequence[Home], buildings: Sequence[Building], seed: int) -> list[Entity]:
    """A resident, family, a neighbour and a grid worker for each home of an elder living alone; then, for all
    homes, doctors, the subdistrict and the property company."""  # fmt: skip
    rng = np.random.default_rng([seed, 5])
    phones = iter(range(1, 10_000))

    def phone() -> str:
        return f"100 0000 {next(phones):04}"

    def pick(among: Sequence[str]) -> str:
        return among[int(rng.integers(len(among)))]

    def named(women: Sequence[str], men: Sequence[str]) -> tuple[str, bool]:
        woman = bool(rng.random() < 0.55)
        return pick(_SURNAMES) + pick(women if woman else men), woman

    grid_of = _grids(buildings)
    workers = [(named(_DAUGHTERS, _SONS)[0], phone()) for _ in range(max(grid_of.values()) + 1)]
    found: list[Entity] = []
    for home in homes:
        if not home.elder_alone:
            continue
        name, woman = named(_WOMEN, _MEN)
        age = rng.integers(80, 95) if home.age_80_up else rng.integers(66, 80)
        note = pick(_HEALTH) if rng.random() < _WITH_HEALTH_NOTE else None
        where = {"community_id": community_id, "home_id": home.home_id}
        found.append(
            Resident(
                **where, resident_id=f"{home.home_id}-p1", name=name, birth_year=THIS_YEAR - int(age),
                sex="female" if woman else "male", lives_alone=True, health_note=note,
            )
        )  # fmt: skip
        asked = []
        for _ in range(1 + int(rng.random() < 0.45)):
            child = bool(rng.random() < 0.5)
            far = rng.random() < 0.3
            asked.append(("family", name[0] + pick(_DAUGHTERS if child else _SONS),
                          ("女儿" if child else "儿子") + ("，住外地" if far else "，住本市"), phone()))  # fmt: skip
        if rng.random() < 0.9:
            door = f"{home.number[:-2]}{1 + (int(home.number[-2:]) % 2):02}"
            asked.append(("neighbour", named(_WOMEN, _MEN)[0], f"同单元 {door} 室，有备用钥匙", phone()))
        worker = workers[grid_of[home.building_id]]
        asked.append(("grid_worker", worker[0], f"第 {grid_of[home.building_id] + 1} 网格", worker[1]))
        rank: dict[str, int] = {}
        for role, who, about, number in asked:
            rank[role] = rank.get(role, 0) + 1
            found.append(
                Contact(
                    **where, contact_id=f"{home.home_id}-{role}-{rank[role]}", role=role, rank=rank[role], name=who,
                    phone=number, note=about,
                )
            )  # fmt: skip
    for role, rank_, note in (("doctor", 1, "社区卫生服务站"), ("doctor", 2, "社区卫生服务站，夜间"),
                              ("subdistrict", 1, "街道值班室"), ("property", 1, "物业服务中心，24 小时")):  # fmt: skip
        who, _ = named(_DAUGHTERS, _SONS)
        found.append(
            Contact(
                community_id=community_id, contact_id=f"{community_id}-{role}-{rank_}", role=role, rank=rank_,
                name=who, phone=phone(), note=note,
            )
        )  # fmt: skip
    return found


def _grids(buildings: Sequence[Building]) -> dict[str, int]:
    """The number of the grid each residential building belongs to; grids do not cross estates."""
    grid_of: dict[str, int] = {}
    number, estate, count = -1, None, 0
    for building in buildings:
        if building.use != "residential":
            continue
        if building.estate_id != estate or count == BUILDINGS_PER_GRID:
            number, estate, count = number + 1, building.estate_id, 0
        grid_of[building.building_id] = number
        count += 1
    return grid_of
