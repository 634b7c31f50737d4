"""What proves an edition to whoever is handed it: a sealed PDF, and credentials that a machine reads.

Knows nothing of AWS and holds no key: whatever is signed is signed by a function it is given.
"""

from collections.abc import Callable

Sign = Callable[[bytes], bytes]
"""Signs a SHA-256 digest by ECDSA on P-256; the signature is in DER."""
