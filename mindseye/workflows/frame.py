"""``report.frame`` under its former name."""

from mindseye.report.frame import frame, read_frame

__all__ = ["frame", "read_frame"]
