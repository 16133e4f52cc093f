"""Step-up PINs: scrypt, and a bound on guessing that outlives a restart."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from ..domain.errors import Invalid, StepUpRequired
from ..domain.text import Text
from .tables import pins

MAX_FAILURES = 5
LOCK = timedelta(minutes=15)
MIN_LENGTH, MAX_LENGTH = 4, 128
COST = 2**14
"""scrypt's N; 16 MiB and some 40 ms a guess."""


def _hash(pin: str, salt: bytes, cost: int) -> bytes:
    return hashlib.scrypt(pin.encode("utf-8", "surrogatepass"), salt=salt, n=cost, r=8, p=1, maxmem=256 * cost * 8, dklen=32)


def set_pin(connection: Connection, user: str, pin: str, now: datetime) -> None:
    """Keep a new PIN; lifts a lock.

    Raises
    ------
    Invalid
        Too short or too long.
    """
    if not MIN_LENGTH <= len(pin) <= MAX_LENGTH:
        raise Invalid(
            "pin_length",
            Text(
                en=f"A PIN has {MIN_LENGTH} to {MAX_LENGTH} characters.",
                nl=f"Een pincode heeft {MIN_LENGTH} tot {MAX_LENGTH} tekens.",
            ),
        )
    salt = secrets.token_bytes(16)
    connection.execute(delete(pins).where(pins.c.user == user))
    connection.execute(
        insert(pins).values(user=user, salt=salt, hash=_hash(pin, salt, COST), cost=COST, failures=0, locked_until=None, changed_at=now)
    )


class Attempt:
    """One try at a PIN, counted before it is looked at, so that tries side by side gain nothing."""

    def __init__(self, salt: bytes, expected: bytes, cost: int, left: int) -> None:
        self._salt, self._expected, self._cost = salt, expected, cost
        self.left = left

    @classmethod
    def count(cls, connection: Connection, user: str, now: datetime) -> Attempt:
        """Count a try.

        Raises
        ------
        StepUpRequired
            'pin_locked' after too many wrong ones, 'pin_missing' where none was set.
        """
        row = connection.execute(select(pins).where(pins.c.user == user)).first()
        if row is None:
            raise StepUpRequired(
                "pin_missing",
                Text(en="No PIN has been set for this account.", nl="Voor dit account is geen pincode ingesteld."),
                Text(en="Ask an admin to set one.", nl="Vraag een beheerder er een in te stellen."),
            )
        failures = row.failures
        if row.locked_until is not None:
            if now < row.locked_until:
                minutes = -(-int((row.locked_until - now).total_seconds()) // 60)
                raise StepUpRequired(
                    "pin_locked",
                    Text(
                        en=f"Too many wrong PINs; this account is locked for step-up for another {max(1, minutes)} min.",
                        nl=f"Te vaak een verkeerde pincode; bevestigen is nog {max(1, minutes)} min. geblokkeerd.",
                    ),
                    Text(en="Wait, or ask an admin to set a new PIN.", nl="Wacht, of vraag een beheerder om een nieuwe pincode."),
                )
            failures = 0
        failures += 1
        locked = now + LOCK if failures >= MAX_FAILURES else None
        connection.execute(update(pins).where(pins.c.user == user).values(failures=failures, locked_until=locked))
        return cls(row.salt, row.hash, row.cost, MAX_FAILURES - failures)

    def is_right(self, pin: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(_hash(pin, self._salt, self._cost), self._expected)

    def refusal(self) -> StepUpRequired:
        """Give the error for a wrong PIN, with the tries that are left."""
        if self.left <= 0:
            return StepUpRequired(
                "pin_locked",
                Text(
                    en=f"This was wrong PIN number {MAX_FAILURES}; step-up is locked for {LOCK.seconds // 60} min.",
                    nl=f"Dit was verkeerde pincode nummer {MAX_FAILURES}; bevestigen is {LOCK.seconds // 60} min. geblokkeerd.",
                ),
                Text(en="Wait, or ask an admin to set a new PIN.", nl="Wacht, of vraag een beheerder om een nieuwe pincode."),
            )
        return StepUpRequired(
            "wrong_pin",
            Text(en="The PIN is wrong.", nl="De pincode klopt niet."),
            Text(en=f"Tries left: {self.left}.", nl=f"Nog te proberen: {self.left}."),
        )


def clear(connection: Connection, user: str) -> None:
    """Forget wrong tries after a right one."""
    connection.execute(update(pins).where(pins.c.user == user).values(failures=0, locked_until=None))
