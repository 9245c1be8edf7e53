"""The site of an atlas: a folder of pages that opens from disk and asks nothing of anybody."""

from mindseye.report.atlas.channel import write_channel_page
from mindseye.report.atlas.layer import write_layer_page
from mindseye.report.atlas.network import write_network_page
from mindseye.report.atlas.site import write_assets

__all__ = ["write_assets", "write_channel_page", "write_layer_page", "write_network_page"]
