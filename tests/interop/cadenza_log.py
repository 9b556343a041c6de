"""The secure audit log from both ends, and its file (docs/formats/audit-log.md)."""

import hashlib
import hmac
import struct

from cadenza_formats import Reader, Refused, field_bytes, field_text, imprint, read_json, read_stamp, to_base64, unbase64
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KINDS = {1: "opened", 2: "sale", 3: "preview", 4: "closed", 5: "refund", 6: "taking", 7: "stamped"}


class Chain:
    """Where a log stands: the key of the next entry, and the running hash."""

    def __init__(self, log, secret):
        self.log, self.key, self.number = log, secret, 0
        self.running = hashlib.sha256(b"cadenza/v1/log" + log).digest()

    def cipher(self, kind, salt):
        return AESGCM(hmac.digest(self.key, b"cadenza/v1/log-encrypt" + struct.pack(">H", kind) + salt, "sha256"))

    def after(self, kind, sealed):
        """Running hash and MAC of the next entry, if it is this one."""
        running = hashlib.sha256(self.running + struct.pack(">H", kind) + sealed).digest()
        return running, hmac.digest(self.key, b"cadenza/v1/log-mac" + struct.pack(">Q", self.number) + running, "sha256")

    def step(self, running):
        self.running, self.number = running, self.number + 1
        self.key = hashlib.sha256(b"cadenza/v1/log-step" + self.key).digest()

    def append(self, kind, content):
        salt = hmac.digest(self.key, b"cadenza/v1/log-salt" + struct.pack(">H", kind) + content, "sha256")[:16]
        sealed = salt + self.cipher(kind, salt).encrypt(bytes(12), content, None)
        running, mac = self.after(kind, sealed)
        entry = struct.pack(">QH", self.number, kind) + field_bytes(sealed) + mac
        self.step(running)
        return entry

    def accept(self, entry, root):
        r = Reader(entry)
        number, kind, sealed, mac = r.number(8, "number"), r.number(2, "kind"), r.bytes(65_536, "content"), r.take(32, "MAC")
        r.finish("entry")
        running, genuine = self.after(kind, sealed)
        if number != self.number or kind not in KINDS or not hmac.compare_digest(mac, genuine):
            raise Refused(f"entry {self.number} is missing or altered")
        content = self.cipher(kind, sealed[:16]).decrypt(bytes(12), sealed[16:], None)
        self.step(running)
        if kind == 7:
            return KINDS[kind], read_stamp_content(content, self.log, root)
        return KINDS[kind], read_content(kind, content)

    def checkpoint(self):
        return {"log": to_base64(self.log), "entries": self.number, "running": to_base64(self.running)}


def read_content(kind, content):
    r = Reader(content)
    if kind == 2:
        record = {"at": r.number(8, "time", signed=True), "media": r.take(16, "media").hex(), "author_key": r.take(32, "author's key").hex()}
        record |= {"title": r.text(4096, "title"), "artist": r.text(4096, "artist")}
        record |= {"authors": r.text(4096, "authors"), "song_ms": r.number(4, "length"), "sold": r.number(1, "sold as")}
        record |= {"cost": r.number(4, "cost"), "retail": r.number(4, "retail price")}
        record |= {"currency": r.text(3, "currency"), "serial": r.text(64, "serial"), "voucher": r.take(16, "voucher").hex()}
        record |= {"file": r.text(1024, "file"), "quality": r.text(32, "quality")}
    elif kind == 5:
        record = {"at": r.number(8, "time", signed=True), "voucher": r.take(16, "voucher").hex(), "cost": r.number(4, "cost")}
        record |= {"retail": r.number(4, "retail price"), "currency": r.text(3, "currency")}
    elif kind == 6:
        record = {"at": r.number(8, "time", signed=True), "voucher": r.take(16, "voucher").hex(), "media": r.take(16, "media").hex()}
        record |= {"title": r.text(4096, "title"), "artist": r.text(4096, "artist"), "sold": r.number(1, "sold as")}
        record |= {"cost": r.number(4, "cost"), "retail": r.number(4, "retail price")}
        record |= {"currency": r.text(3, "currency"), "quality": r.text(32, "quality")}
    elif kind == 3:
        record = {"at": r.number(8, "time", signed=True), "media": r.take(16, "media").hex(), "title": r.text(4096, "title")}
        record |= {"artist": r.text(4096, "artist"), "part": {1: "song", 2: "clip"}[r.number(1, "part")]}
        record |= {"transport": {1: "interleaved", 2: "udp"}[r.number(1, "transport")], "played_ms": r.number(4, "played"), "quality": r.text(32, "quality")}
        record["kept"] = r.text(32, "image kept")
    else:
        return content.decode()
    r.finish("record")
    return record


def read_stamp_content(content, log, root):
    r = Reader(content)
    entries, running = r.number(8, "entries"), r.take(32, "running hash")
    stamp = r.bytes(40_960, "time stamp")
    r.finish("stamp")
    head = log + struct.pack(">Q", entries) + running
    return {"entries": entries, "at": read_stamp(stamp, imprint("cadenza/v1/log-head", head), root)}


def sale_content(sale):
    data = struct.pack(">q", sale["at"]) + bytes.fromhex(sale["media"]) + bytes.fromhex(sale["author_key"]) + field_text(sale["title"]) + field_text(sale["artist"]) + field_text(sale["authors"])
    data += struct.pack(">IBII", sale["song_ms"], sale["sold"], sale["cost"], sale["retail"]) + field_text(sale["currency"]) + field_text(sale["serial"])
    return data + bytes.fromhex(sale["voucher"]) + field_text(sale["file"]) + field_text(sale["quality"])


def preview_content(preview):
    data = struct.pack(">q", preview["at"]) + bytes.fromhex(preview["media"]) + field_text(preview["title"])
    data += field_text(preview["artist"]) + struct.pack(">BBI", {"song": 1, "clip": 2}[preview["part"]], preview["transport"], preview["played_ms"])
    return data + field_text(preview["quality"]) + field_text(preview["kept"])


def read_log_file(data, secret, checkpoint, root):
    """All entries, held against one checkpoint."""
    r, checkpoint = Reader(data), read_json(checkpoint, 4096)
    if r.take(8, "magic") != b"CDZSLOG1":
        raise Refused("not a log file")
    chain, entries = Chain(r.take(16, "log id"), secret), []
    while r.at < len(data):
        entries.append(chain.accept(r.bytes(69_632, "entry"), root))
        if chain.number == checkpoint["entries"] and chain.running != unbase64(checkpoint["running"], 32):
            raise Refused("the checkpoint tells another story")
    if chain.number < checkpoint["entries"] or unbase64(checkpoint["log"], 16) != chain.log:
        raise Refused("the log was cut, or the checkpoint is another's")
    return entries


def write_log_file(log, entries):
    return b"CDZSLOG1" + log + b"".join(field_bytes(entry) for entry in entries)
