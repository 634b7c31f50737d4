"""Who somebody is, asked of the university's own sign-in 统一身份认证: OpenID Connect or CAS.

Knows nothing of AWS, of roles or of what anybody may do: it sends a browser away and understands what it comes back
with.
"""

from sign_in.answer import Identity, Refused

__all__ = ["Identity", "Refused"]
