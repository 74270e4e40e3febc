"""What a wall screen says of itself once a minute, checked: numbers within bounds, short words, nothing else."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cockpit.problems import Problem


class Said(BaseModel):
    """One report. ``late_s``: age of what it shows; ``stalls``: how often its page stood still for seconds."""

    model_config = ConfigDict(extra="forbid")

    version: str = Field(max_length=80)
    show: str = Field(default="", max_length=40)
    theme: str = Field(default="", max_length=10)
    width: int = Field(ge=1, le=32_768)
    height: int = Field(ge=1, le=32_768)
    ratio: float = Field(ge=0.1, le=16)
    fps: float | None = Field(default=None, ge=0, le=1_000)
    frames: int = Field(default=0, ge=0)
    memory_mb: float | None = Field(default=None, ge=0, le=1_000_000)
    contexts: int = Field(default=0, ge=0, le=1_000)
    late_s: float = Field(default=0, ge=0)
    up_s: float = Field(default=0, ge=0)
    stalls: int = Field(default=0, ge=0)
    recoveries: int = Field(default=0, ge=0)
    errors: int = Field(default=0, ge=0)
    error: str = Field(default="", max_length=200)


def read(body: dict[str, Any]) -> dict[str, Any]:
    """The report as plain values; a problem (422) that names what does not fit."""
    try:
        return Said(**body).model_dump()
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise Problem(422, f"the report of a screen does not fit: {wrong}") from error
