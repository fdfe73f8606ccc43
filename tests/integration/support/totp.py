"""An authenticator app: RFC 6238 with the secret as the page shows it."""

import base64
import hashlib
import hmac
import struct
import time


def code(secret, at=None):
    """The six digits at a time in ms since 1970."""
    step = int((time.time() * 1000 if at is None else at) // 30000)
    digest = hmac.new(base64.b32decode(secret.replace(" ", "")), struct.pack(">Q", step), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7FFFFFFF) % 1000000:06}"
