"""Who is logged in at a server that belongs to one account."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.identity import IdentityProvider, User
from traitlets import Unicode


class AccountIdentityProvider(IdentityProvider):  # type: ignore[misc]
    """Whoever holds the server's token is the account's person, by name instead of an anonymous number.

    What the person may do is decided by the broker, which knows the person from the gateway socket.
    """

    user = Unicode(help="Account name.").tag(config=True)
    display_name = Unicode(help="Name shown to others.").tag(config=True)

    def generate_anonymous_user(self, handler: Any) -> User:
        """Give the account's person."""
        name = self.display_name or self.user
        initials = "".join(part[0] for part in name.split()[:2]).upper()
        return User(self.user, name, name, initials)
