"""The two suites of ciphers, and the only importer of cryptography.

`aes`: AES-256-GCM with SHA-256. `sm`: SM4-GCM with SM3 (GM/T 0002 and 0004), for places where the law asks for
commercial cryptography. What is sealed says by its first sign which of them it needs. Must not know keys by name nor
what is sealed.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

NONCE = 12
_TAG = 16

__all__ = ["AES", "NONCE", "SM", "SUITES", "InvalidTag", "Suite"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """`encrypt` and `decrypt` take key, nonce, content and associated data; the tag stands at the end. `decrypt`
    raises `InvalidTag` where anything is another."""

    name: str
    mark: str
    """The first sign of what is sealed with it."""
    key_bytes: int
    hash: Callable[[], hashes.HashAlgorithm]
    encrypt: Callable[[bytes, bytes, bytes, bytes], bytes]
    decrypt: Callable[[bytes, bytes, bytes, bytes], bytes]

    def new_key(self) -> bytes:
        return secrets.token_bytes(self.key_bytes)

    def mac(self, key: bytes, content: bytes) -> bytes:
        """HMAC with the suite's hash."""
        summed = hmac.HMAC(key, self.hash())
        summed.update(content)
        return summed.finalize()

    def derived(self, key: bytes, what_for: bytes) -> bytes:
        """A key for one use: equal keys and uses give equal ones, and none tells of another."""
        return self.mac(key, what_for)[: self.key_bytes]

    def seal(self, key: bytes, content: bytes, bound_to: bytes) -> bytes:
        """A fresh nonce, the cipher text and the tag."""
        nonce = secrets.token_bytes(NONCE)
        return nonce + self.encrypt(key, nonce, content, bound_to)

    def open(self, key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
        if len(sealed) < NONCE + _TAG:
            raise InvalidTag
        return self.decrypt(key, sealed[:NONCE], sealed[NONCE:], bound_to)


def _sm4_encrypt(key: bytes, nonce: bytes, content: bytes, bound_to: bytes) -> bytes:
    cipher = Cipher(SM4(key), modes.GCM(nonce)).encryptor()
    cipher.authenticate_additional_data(bound_to)
    return cipher.update(content) + cipher.finalize() + cipher.tag


def _sm4_decrypt(key: bytes, nonce: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    cipher = Cipher(SM4(key), modes.GCM(nonce, sealed[-_TAG:])).decryptor()
    cipher.authenticate_additional_data(bound_to)
    return cipher.update(sealed[:-_TAG]) + cipher.finalize()


AES = Suite(
    name="aes",
    mark="1",
    key_bytes=32,
    hash=hashes.SHA256,
    encrypt=lambda key, nonce, content, bound_to: AESGCM(key).encrypt(nonce, content, bound_to),
    decrypt=lambda key, nonce, sealed, bound_to: AESGCM(key).decrypt(nonce, sealed, bound_to),
)
SM = Suite(name="sm", mark="2", key_bytes=16, hash=hashes.SM3, encrypt=_sm4_encrypt, decrypt=_sm4_decrypt)
SUITES = {suite.name: suite for suite in (AES, SM)}
