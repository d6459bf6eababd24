"""Tokens as a forger, or a server gone wrong, would sign them."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import jwt

SECRET = "a-secret-of-the-operator-with-more-than-64-characters-for-every-algorithm"
HOUR = 3600


def claims_in(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def minted(token: str, changes: dict[str, Any], key: str = SECRET, alg: str = "HS256") -> str:
    """The token, signed anew with other claims; None takes one away."""
    claims = {**claims_in(token), **changes}
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, key, algorithm=alg)


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unsigned(token: str, header: dict[str, Any]) -> str:
    return f"{_encoded(json.dumps(header).encode())}.{token.split('.')[1]}."


REFUSED: dict[str, Callable[[str], str]] = {
    "another secret": lambda token: minted(token, {}, key=SECRET[::-1]),
    "an empty secret": lambda token: _unsigned(token, {"alg": "HS256"}),
    "no algorithm": lambda token: _unsigned(token, {"alg": "none"}),
    "no algorithm, loudly": lambda token: _unsigned(token, {"alg": "NONE"}),
    "no algorithm, but signed": lambda token: _unsigned(token, {"alg": "none"}) + "c2ln",
    "HS512": lambda token: minted(token, {}, alg="HS512"),
    "HS384": lambda token: minted(token, {}, alg="HS384"),
    "a list of algorithms": lambda token: _unsigned(token, {"alg": ["HS256"]}),
    "a critical extension": lambda token: _unsigned(token, {"alg": "HS256", "crit": ["x"]}),
    "no exp": lambda token: minted(token, {"exp": None}),
    "expired": lambda token: minted(token, {"exp": int(time.time()) - 60}),
    "exp as words": lambda token: minted(token, {"exp": "tomorrow"}),
    "exp beyond time": lambda token: minted(token, {"exp": 10**30}),
    "nbf in the future": lambda token: minted(token, {"nbf": int(time.time()) + HOUR}),
    "iat in the future": lambda token: minted(token, {"iat": int(time.time()) + HOUR}),
    "another issuer": lambda token: minted(token, {"iss": "them"}),
    "no issuer": lambda token: minted(token, {"iss": None}),
    "another audience": lambda token: minted(token, {"aud": "other"}),
    "no audience": lambda token: minted(token, {"aud": None}),
    "no type": lambda token: minted(token, {"type": None}),
    "an odd type": lambda token: minted(token, {"type": "sliding"}),
    "no sub": lambda token: minted(token, {"sub": None}),
    "no id": lambda token: minted(token, {"sub": "1 OR 1=1"}),
    "other claims": lambda token: ".".join(
        (token.split(".")[0], minted(token, {"roles": []}).split(".")[1], token.split(".")[2])
    ),
    "cut": lambda token: token[:-5],
    "two parts": lambda token: token.rpartition(".")[0],
    "four parts": lambda token: token + ".e30",
    "nested header": lambda token: _encoded(b"[" * 30_000) + token[token.index(".") :],
    "nested claims": lambda token: f"{token.split('.')[0]}.{_encoded(b'[' * 30_000)}.x",
    "header no object": lambda token: _encoded(b"7") + token[token.index(".") :],
    "claims no object": lambda token: f"{token.split('.')[0]}.{_encoded(b'[]')}.x",
    "huge": lambda token: "x" * 40_000,
    "dots": lambda token: "." * 10_000,
    "non-ASCII": lambda token: "жетон.ё.安",
    "two tokens": lambda token: f"{token} {token}",
    "two tokens, comma": lambda token: f"{token},{token}",
    "quoted": lambda token: f'"{token}"',
}
