"""Looking into documents that strangers upload: what they really are, and a copy that is safe to hand on.

    from inspection import Rejected, inspect
    clean = inspect(data, {"pdf", "jpeg"}, largest=20 * 2**20)

Nothing is believed but the bytes: neither a name nor a declared type. Photographs are drawn anew from their pixels, so
that what the camera noted (place, time, device) and whatever else hides in the file is gone. PDFs are written anew
without what stands before or behind them, and refused when they are locked, do something, or carry other files.
"""

from inspection.documents import Clean, Rejected, inspect

__all__ = ["Clean", "Rejected", "inspect"]
