"""What a session and a code are worth, and for how long. Pure: chance and the clock come in."""

import hashlib
import hmac

MINUTE_MS = 60_000
DAY_MS = 86_400_000
TRIES_WINDOW_MS = 15 * MINUTE_MS
CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without those that are read as one another."""
CODE_LENGTH = 8


def token_hash(token: str) -> str:
    """What is kept of a session's token: enough to know it again, not enough to be it."""
    return hashlib.sha256(token.encode()).hexdigest()


def cookie_name(tls: bool) -> str:
    """`__Host-` binds a cookie to this very host, but browsers take it only through TLS."""
    return "__Host-carrel" if tls else "carrel"


def cookie(token: str, tls: bool, days: int) -> str:
    """The Set-Cookie line that signs in; with an empty token, the one that signs out."""
    kept = f"Max-Age={days * 86_400 if token else 0}"
    secure = "; Secure" if tls else ""
    return f"{cookie_name(tls)}={token}; Path=/; {kept}; HttpOnly; SameSite=Lax{secure}"


def token_in(cookies: bytes, tls: bool) -> str:
    """The session token among the cookies of a message; "" when there is none."""
    wanted = cookie_name(tls).encode()
    for part in cookies.split(b";"):
        name, _, value = part.strip().partition(b"=")
        if name == wanted:
            return value.decode("latin-1")
    return ""


def new_code(numbers: bytes) -> str:
    """
    A one-time code, as staff read it out.

    Args:
        numbers: at least 8 random bytes.
    """
    return "".join(CODE_LETTERS[number % len(CODE_LETTERS)] for number in numbers[:CODE_LENGTH])


def as_typed(code: str) -> str:
    """A code as it was meant: case, blanks and hyphens do not count."""
    return "".join(code.split()).replace("-", "").upper()


def card_as_typed(card_number: str) -> str:
    """A card number as it was meant: blanks and hyphens do not count."""
    return "".join(card_number.split()).replace("-", "").upper()


def code_hash(code: str, salt: str) -> str:
    """What is kept of a one-time code."""
    return hmac.new(salt.encode(), as_typed(code).encode(), hashlib.sha256).hexdigest()


def codes_match(kept: str, tried: str) -> bool:
    """Whether two digests are the same, taking the same time whether they are or not."""
    return hmac.compare_digest(kept.encode(), tried.encode())
