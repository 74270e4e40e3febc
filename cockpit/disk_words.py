"""Why a file could not be written or read, in both languages: what the system says is English everywhere."""

from __future__ import annotations

import errno

from layouts.parts.text import LANGUAGES, has, t


def why(error: OSError) -> dict[str, str]:
    """The reason by language; in the system's own words where it is none of the usual ones (``disk`` of the locale)."""
    key = f"disk.{errno.errorcode.get(error.errno or 0, '')}"
    return {lang: t(lang, key) if has(lang, key) else error.strerror or str(error) for lang in LANGUAGES}
