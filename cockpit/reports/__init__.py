"""Snapshot reports: what the twin said at one instant, on paper, signed, and made again byte for byte."""
