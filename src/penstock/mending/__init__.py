"""Changes to configurations that are proved before they are handed out: the formatter, and the fixes of findings.

Nothing here touches the disk: texts come in, and texts go out.
"""

from __future__ import annotations

from penstock.mending.fixing import Fix, Mended, NotMade, Place, mend
from penstock.mending.formatting import Formatted, formatted

__all__ = ["Fix", "Formatted", "Mended", "NotMade", "Place", "formatted", "mend"]
