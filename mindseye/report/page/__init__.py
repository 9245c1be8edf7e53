"""The page of a run: one HTML file that holds its pictures, photos and numbers, and asks nothing of anybody."""

from mindseye.report.page.write import leave_page, write_page

__all__ = ["leave_page", "write_page"]
