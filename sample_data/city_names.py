"""Names for the sample city's parts: two characters each, with their sounds in English; no real place is meant."""

from __future__ import annotations

import numpy as np

CITY = ("示例市", "Sample City")
DISTRICTS = (
    ("云栖区", "Yunqi"), ("东篱区", "Dongli"), ("清渠区", "Qingqu"), ("望舒区", "Wangshu"), ("南屏区", "Nanping"),
    ("星河区", "Xinghe"), ("松间区", "Songjian"), ("北辰区", "Beichen"), ("鹿鸣区", "Luming"), ("长汀区", "Changting"),
)  # fmt: skip
_FIRST = (
    "青 qing|白 bai|红 hong|紫 zi|金 jin|银 yin|玉 yu|翠 cui|碧 bi|丹 dan|春 chun|夏 xia|秋 qiu|冬 dong|晨 chen|"
    "晚 wan|朝 zhao|夕 xi|明 ming|清 qing|和 he|平 ping|安 an|宁 ning|康 kang|乐 le|福 fu|喜 xi|祥 xiang|瑞 rui|"
    "文 wen|书 shu|墨 mo|诗 shi|琴 qin|茶 cha|竹 zhu|梅 mei|兰 lan|菊 ju"
)
_SECOND = (
    "柳 liu|杨 yang|槐 huai|桂 gui|桃 tao|李 li|杏 xing|荷 he|莲 lian|枫 feng|松 song|柏 bai|溪 xi|河 he|湖 hu|"
    "塘 tang|泉 quan|渡 du|桥 qiao|岸 an|洲 zhou|湾 wan|浦 pu|港 gang|坊 fang|里 li|苑 yuan|庭 ting|园 yuan|亭 ting|"
    "台 tai|阁 ge|楼 lou|门 men|街 jie|巷 xiang|岭 ling|坡 po|谷 gu|坪 ping"
)


def pairs(many: int, seed: int) -> list[tuple[str, str]]:
    """So many different names of two characters, with their sound: (``青柳``, ``Qingliu``)."""
    first, second = ([tuple(one.split()) for one in text.split("|")] for text in (_FIRST, _SECOND))
    order = np.random.default_rng([seed, 66]).permutation(len(first) * len(second))
    found: dict[str, str] = {}
    for number in order.tolist():
        (a, sound_a), (b, sound_b) = first[number // len(second)], second[number % len(second)]
        if len(found) < many and a != b:
            found.setdefault((sound_a + sound_b).capitalize(), a + b)
    if len(found) < many:
        raise ValueError(f"{many} names were asked for; there are {len(found)} that also sound differently")
    return [(name, sound) for sound, name in found.items()]
