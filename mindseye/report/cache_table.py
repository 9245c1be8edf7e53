"""What ``mindseye cache`` prints."""

from mindseye.store.settings import size_text
from mindseye.store.store import Status

SHOWN = 20


def cache_table(status: Status) -> str:
    """Where the cache lies, how large it is and may be, what it holds, and how often that served."""
    asked = status.hits + status.misses
    served = f"{status.hits:,} of {asked:,} looked up ({status.hits / asked:.0%})" if asked else "none looked up yet"
    lines = [
        f"folder   {status.folder}",
        f"size     {size_text(status.size)}, at most {size_text(status.limit)}",
        f"entries  {status.entries:,}",
        f"hits     {served}",
    ]
    if status.holdings:
        wide = max(len(held.about) for held in status.holdings[:SHOWN])
        lines += [""] + [
            f"{held.about:<{wide}}  {held.entries:>9,} photos  {size_text(held.size):>8}"
            for held in status.holdings[:SHOWN]
        ]
    if len(status.holdings) > SHOWN:
        lines.append(f"and {len(status.holdings) - SHOWN} more")
    return "\n".join(lines)
