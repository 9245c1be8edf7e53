"""The page of a run, of examples, of a transfer: one HTML file that holds all it shows, and asks nothing of anybody."""

from mindseye.report.page.write import has_page, leave_page, write_page

__all__ = ["has_page", "leave_page", "write_page"]
