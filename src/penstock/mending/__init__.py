"""Changes to configurations that are proved before they are handed out: the formatter, and the fixes of findings.

Nothing here touches the disk: texts come in, and texts go out.
"""

from __future__ import annotations

from penstock.mending.formatting import Formatted, formatted

__all__ = ["Formatted", "formatted"]
