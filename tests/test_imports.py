"""The house rules of docs/decisions and pyproject.toml that a linter has no word for."""

from __future__ import annotations

import ast
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

from twin_model.entities import Community

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("benchmarks", "cockpit", "ingest", "layouts", "sample_data", "twin_model")
HOMES = {
    "duckdb": {"twin_model/store.py"},
    "paho": {"ingest/mqtt.py"},
    "flask_caching": {"cockpit/caching.py"},
    "pydeck": {"layouts/parts/map_scene.py"},
}
DASH = ("dash", "dash_ag_grid")


@cache
def modules() -> dict[str, ast.Module]:
    """Path from the root -> syntax tree of every module of the program (not its tests)."""
    paths = [ROOT / "run.py", *(p for room in ROOMS for p in sorted((ROOT / room).rglob("*.py")))]
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8"), str(path))
        for path in paths
        if path.exists()
    }


def imports(tree: ast.AST) -> set[str]:
    """Top-level names of the packages a module imports, wherever in the module that happens."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


@cache
def imported() -> dict[str, set[str]]:
    """Path from the root -> the packages that a module imports."""
    return {path: imports(tree) for path, tree in modules().items()}


@pytest.mark.parametrize("library", HOMES)
def test_a_library_with_one_home_is_imported_nowhere_else(library):
    users = {path for path, found in imported().items() if library in found}
    # A benchmark measures us against the bare library, so it may use it; the program may not.
    users = {path for path in users if not path.startswith("benchmarks/")}
    assert users <= HOMES[library]


def test_dash_lives_in_layouts_and_cockpit_only():
    users = {path for path, found in imported().items() if found & set(DASH)}
    assert [path for path in users if not path.startswith(("layouts/", "cockpit/", "benchmarks/"))] == []


def test_nothing_imports_the_composition_root():
    assert [path for path, found in imported().items() if "run" in found and path != "run.py"] == []


def test_every_package_is_listed_for_installation():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    folders = {path.parent for room in ROOMS for path in (ROOT / room).rglob("__init__.py")}
    there = {str(folder.relative_to(ROOT)).replace("/", ".") for folder in folders}
    assert there | {"assets"} == set(project["tool"]["setuptools"]["packages"])


def test_importing_a_module_starts_nothing():
    """Apps, stores, clients and threads are made by functions: no module-level call opens or starts any."""
    starters = {"Dash", "Flask", "FastAPI", "Client", "Thread", "connect", "Popen", "run", "start", "open"}
    found = []
    for path, tree in modules().items():
        for statement in tree.body:
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.If):
                continue
            for node in ast.walk(statement):
                if isinstance(node, ast.Call):
                    called = ast.unparse(node.func).rsplit(".", 1)[-1]
                    if called in starters:
                        found.append(f"{path}:{node.lineno} {called}()")
    assert found == []


def test_storing_looks_no_second_time_for_a_library_that_is_not_there(twin, monkeypatch):
    """Python forgets that it found none; looking again for every list of values took a tenth of the time of storing."""
    sought: list[str] = []

    class Witness:
        def find_spec(self, name: str, *_: object) -> None:
            sought.append(name)

    twin.record([Community(community_id="c", name="小区")])
    monkeypatch.setattr(sys, "meta_path", [Witness(), *sys.meta_path])
    twin.record([Community(community_id="d", name="新区")])
    assert [name for name in sought if name not in sys.modules] == []
