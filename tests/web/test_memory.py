"""What the server freed is the system's again: the process does not grow by being used."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from cockpit import memory, serving

ROOT = Path(__file__).resolve().parents[2]
glibc_only = pytest.mark.skipif(sys.platform != "linux", reason="another system's allocator gives back by itself")


def resident_mb() -> float:
    return psutil.Process().memory_info().rss / 1e6


def holes() -> list[bytes]:
    """80 MB in small pieces, of which every other one is freed: no end of a heap becomes free."""
    pieces = [bytes(20_000) for _ in range(4_000)]
    return pieces[::2]


@glibc_only
def test_what_was_freed_between_pieces_that_live_on_goes_back():
    kept = holes()
    before = resident_mb()
    memory.give_back()
    assert resident_mb() < before - 15
    assert len(kept) == 2_000


@glibc_only
def test_it_goes_back_by_itself_while_the_server_runs():
    thrift = memory.Thrift(seconds=0.05)
    kept = holes()
    before = resident_mb()
    thrift.start()
    try:
        given = threading.Event()
        for _ in range(100):
            if resident_mb() < before - 15:
                given.set()
                break
            given.wait(0.05)
    finally:
        thrift.stop()
        thrift.stop()
    assert given.is_set()
    assert len(kept) == 2_000


def said_by(program: str) -> str:
    """What a fresh Python prints."""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_arrow_takes_its_memory_from_the_heaps_of_the_server():
    prepared = "from cockpit import memory; memory.prepare(); import pyarrow; "
    assert said_by(prepared + "print(pyarrow.default_memory_pool().backend_name)") == "system"


def test_the_command_line_decides_that_before_it_imports_arrow():
    assert said_by("import sys, run; print('pyarrow' in sys.modules)") == "False"


def test_a_file_is_compressed_once_and_not_kept_beside_what_was_made_of_it():
    script = os.urandom(10_000)
    holders = sys.getrefcount(script)
    packed = serving.compressed(script)
    assert sys.getrefcount(script) == holders
    assert serving.compressed(bytes(bytearray(script))) is packed


def test_what_lives_when_the_program_is_ready_is_not_looked_through_for_garbage_again():
    program = (
        "import gc; from cockpit import memory; memory.prepare(); print(gc.isenabled()); memory.settled(); "
        "print(gc.isenabled(), gc.get_freeze_count() > 1000)"
    )
    assert said_by(program).split() == ["False", "True", "True"]


def test_commands_look_for_garbage_seldom():
    program = "import gc, run; run.main(['screen', 'list', '--data', '/nowhere']); print(gc.get_threshold()[0])"
    assert said_by(program).splitlines()[-1] == str(memory.YOUNG_OBJECTS)
