"""Every stored field with its sensitivity, purpose and retention: what the data dictionary is written from.

The fields of the tables are classed in ``rulebooks/fields.toml``; those of records by their kind: a restricted column,
or one that names a home, is personal (of kinds that may be about children: child), the others are internal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin_model import retention
from twin_model.declared import DeclarationError, load_toml
from twin_model.record_kinds import RecordKind, load_record_kinds
from twin_model.store import Store

PATH = Path(__file__).parent / "rulebooks" / "fields.toml"
CLASSES = ("public", "internal", "personal", "sensitive", "child")
WORDS = {
    "public": "公开 public", "internal": "内部 internal", "personal": "个人 personal", "sensitive": "敏感 sensitive",
    "child": "儿童 child",
}  # fmt: skip
OF_RECORDS = ("community_id", "record_id", "flags", "origin", "recorded_at", "superseded_at")


@dataclass(frozen=True)
class Stored:
    """One stored field."""

    table: str
    name: str
    sensitivity: str
    purpose: Mapping[str, str]
    kept: Mapping[str, str]


def fields(kinds: Mapping[str, RecordKind], path: Path = PATH) -> list[Stored]:
    """Every classed field. Raises ``DeclarationError`` for a field with two classes or a key that is none."""
    found, problems = [], []
    for table, said in load_toml(path).items():
        if wrong := sorted(said.keys() - {"purpose", "kept", *CLASSES}):
            problems.append(f"{path}: [{table}] has {', '.join(wrong)}; expected purpose, kept, {', '.join(CLASSES)}")
        seen: set[str] = set()
        for sensitivity in CLASSES:
            for name in said.get(sensitivity, ()):
                if name in seen:
                    problems.append(f"{path}: [{table}] {name} has two classes; keep the stricter")
                seen.add(name)
                found.append(Stored(table, name, sensitivity, said["purpose"], said["kept"]))
    if problems:
        raise DeclarationError(problems)
    return [*found, *(field for kind in kinds.values() for field in _of_kind(kind))]


def unclassed(store: Store, kinds: Mapping[str, RecordKind]) -> list[str]:
    """Fields that are stored without a class, or classed and not stored: ``table.field``."""
    rows = store.select(
        "SELECT table_name || '.' || column_name AS field FROM duckdb_columns() "
        "WHERE NOT internal AND schema_name = 'main' AND database_name NOT IN ('temp', 'system')"
    )
    return sorted(set(rows["field"].to_pylist()) ^ {f"{f.table}.{f.name}" for f in fields(kinds)})


def document() -> str:
    """The data dictionary as Markdown."""
    kinds = {kind.name: kind for kind in load_record_kinds()}
    lines = [_HEAD.rstrip("\n"), "", *_rules(), "", "## 字段 · Fields", ""]
    table = ""
    for field in fields(kinds):
        if field.table != table:
            table = field.table
            lines += [
                "", f"### `{table}`", "", f"{field.purpose['zh']} · {field.purpose['en']}  ",
                f"保留 Kept: {_kept(field.kept)}", "", "| 字段 field | 敏感度 sensitivity |", "|---|---|",
            ]  # fmt: skip
        lines.append(f"| `{field.name}` | {WORDS[field.sensitivity]} |")
    return "\n".join(lines) + "\n"


def _rules() -> Iterator[str]:
    yield "| 规则 rule | 数据 data | 天 days | 依据 why | 已核实 verified |"
    yield "|---|---|---|---|---|"
    for keep in retention.load().values():
        title, why = (f"{words['zh']} · {words['en']}" for words in (keep.title, keep.why))
        verified = "是 yes" if keep.verified else "否 no (建议 proposal)"
        yield f"| `{keep.kind}` | {title} | {keep.days} | {why} | {verified} |"


def _kept(kept: Mapping[str, Any]) -> str:
    return f"`{kept['zh']}`" if kept["zh"] == kept["en"] else f"{kept['zh']} · {kept['en']}"


def _of_kind(kind: RecordKind) -> Iterator[Stored]:
    is_child = kind.name in retention.CHILD_KINDS
    people = {c.name for c in kind.columns.values() if c.restricted or c.place == "home"}
    rule = "child_records" if is_child else "person_records" if people else ""
    kept = {"zh": rule, "en": rule} if rule else {"zh": "长期", "en": "for good"}
    closed = "child" if is_child else "personal"
    for name in (*kind.columns, *OF_RECORDS):
        is_closed = name in people or (name == "record_id" and bool(people & set(kind.identity)))
        yield Stored(kind.table, name, closed if is_closed else "internal", kind.title, kept)


_HEAD = """# 隐私 · Privacy

> 由 `python run.py privacy dictionary` 生成，请勿手改；测试会比对。Generated; a test compares it.

公共屏只看到计数：姓名写作“王**”，少于 5 的计数不显示（会推算出它的也不显示），地址只到楼栋，没有任何人的实时位置，
儿童数据从不公开。A public screen gets counts only: names are cut (王**), counts under 5 are kept back together with
what would give them away, addresses end at the building, nobody's place is shown live, children's data never.

- 查看一户的个人信息会先写入审计；写不进去就不显示。A look at one home is written down before it is shown.
- 一个人的全部数据 Everything about one person: `run.py privacy export ID --purpose … --out FILE.zip`
- 删除一个人 Take one person out: `run.py privacy erase ID --purpose … --yes`
- 到期删除（每天自动）Deletion by rule (daily by itself): `run.py privacy retain`；之前的时刻显示“未保留”，不显示 0。
  An instant before is "not kept", never 0.
- 同意登记 Consents: 台账 `consent`（见 docs/records.md）。
- 备份里仍有已删除的人，随备份自身的期限过期。Backups still hold an erased person until they go by their own rule.

## 保留期限 · Retention
"""
