"""Writes winmail.dat as Outlook does (MS-OXTNEF), as far as tests need it."""

import struct

UNICODE, TEXT, BINARY, OBJECT = 0x1f, 0x1e, 0x102, 0x0d
MESSAGE_OBJECT = bytes.fromhex("0703020000000000c000000000000046")


def compressed_rtf(text):
    """Compressed RTF without any reference but the end mark."""
    body, window = b"", 207
    pieces = [text[i:i + 8] for i in range(0, len(text), 8)]
    for piece in pieces:
        window += len(piece)
        if len(piece) == 8:
            body += b"\0" + piece
    tail = pieces[-1] if pieces and len(pieces[-1]) < 8 else b""
    body += bytes([1 << len(tail)]) + tail + struct.pack(">H", (window % 4096) << 4)
    return struct.pack("<II4sI", len(body) + 12, len(text), b"LZFu", 0) + body


def properties(*values):
    """(type, id, bytes) each; a string is given as text."""
    out = struct.pack("<I", len(values))
    for kind, number, data in values:
        if isinstance(data, str):
            data = (data + "\0").encode("utf-16-le" if kind == UNICODE else "cp1252")
        out += struct.pack("<HHII", kind, number, 1, len(data)) + data + b"\0" * (-len(data) % 4)
    return out


def attribute(level, number, data):
    return struct.pack("<BII", level, number, len(data)) + data + struct.pack("<H", sum(data) & 0xffff)


def attachment(name, data, *more):
    return (attribute(2, 0x00069002, b"\0" * 14) + attribute(2, 0x00018010, name.encode("cp1252", "replace") + b"\0")
            + attribute(2, 0x0006800f, data) + attribute(2, 0x00069005, properties((UNICODE, 0x3707, name), *more)))


def inner_message(name, tnef):
    return attribute(2, 0x00069002, b"\0" * 14) + attribute(
        2, 0x00069005, properties((UNICODE, 0x3001, name), (OBJECT, 0x3701, MESSAGE_OBJECT + tnef)))


def make(*attachments, text=None, html=None, rtf=None):
    values = [(UNICODE, 0x1000, text)] if text else []
    values += [(BINARY, 0x1013, html.encode("cp1252"))] if html else []
    values += [(BINARY, 0x1009, compressed_rtf(rtf.encode()))] if rtf else []
    return (struct.pack("<IH", 0x223e9f78, 1) + attribute(1, 0x00089006, b"\0\0\1\0")
            + attribute(1, 0x00069007, struct.pack("<II", 1252, 0)) + attribute(1, 0x00069003, properties(*values))
            + b"".join(attachments))
