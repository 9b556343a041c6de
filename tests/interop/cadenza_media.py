"""The media data file: header, items, table of contents, author's, agency, publication, transaction block (docs/formats/media-file.md)."""

import hashlib
import struct
from dataclasses import dataclass, field

from cadenza_formats import (
    Reader,
    Refused,
    chain_bytes,
    check_chain,
    check_signature,
    field_bytes,
    field_text,
    fingerprint,
    imprint,
    key_fingerprint,
    open_sealed,
    read_chain,
    read_stamp,
)

MAGIC = bytes.fromhex("8943445A0D0A1A0A")
AGENCY = b"CDZAGNC1"
PUBLICATION = b"CDZPUBL1"
FREE = b"CDZFREE1"
TEXTS = {1: "title", 2: "artist", 3: "album", 4: "album artist", 5: "composer", 6: "genre", 7: "year", 8: "track number"}
TEXTS |= {9: "track count", 10: "disc number", 11: "ISRC", 12: "label", 13: "copyright", 14: "lyrics", 15: "liner notes"}
TEXTS |= {16: "credits", 17: "commentary", 18: "prices", 19: "biography", 255: "other"}
BOUNDS = {1: 1 << 20, 2: 16 << 20, 3: 1 << 40}
PARAMETERS_BOUND = 1 << 20


@dataclass
class Item:
    number: int
    kind: int
    subtype: int
    key: int | None
    media_type: str
    language: str
    region: str
    interests: str
    stored: bytes | None


@dataclass
class Media:
    media_id: bytes
    items: list
    signed_at: int
    running: bytes
    absent: tuple = ()
    published: bytes = b""
    agencies: list = field(default_factory=list)
    publication: dict | None = None
    images: dict = field(default_factory=dict)
    transaction: dict | None = None

    def content(self, item, keys=None):
        if item.stored is None:
            raise Refused("this item was left out")
        if item.key is None:
            return item.stored
        if not keys or item.key not in keys:
            raise Refused("this item is for buyers")
        return open_sealed(keys[item.key], item_context(self.media_id, item.number), item.stored)

    def first(self, kind, subtype, keys=None):
        for item in self.items:
            if (item.kind, item.subtype) == (kind, subtype):
                return self.content(item, keys)
        return None


def item_context(media_id, number):
    return field_text("cadenza/v1/item") + field_bytes(media_id) + struct.pack(">I", number)


def read_media(data, root):
    r = Reader(data)
    if r.take(8, "magic") != MAGIC:
        raise Refused("not a media file")
    if r.number(2, "version") != 1:
        raise Refused("another major version")
    r.number(2, "version")
    flags, media_id = r.number(4, "flags"), r.take(16, "media id")
    toc_at, toc_length, reserved = r.number(8, "toc"), r.number(4, "toc"), r.number(4, "reserved")
    if flags or reserved or toc_at > 1 << 44 or toc_length > 262_144 or toc_at < 48:
        raise Refused("the header is not one")
    absent, missing, data = read_absent(data)
    if toc_at - missing < 48:
        raise Refused("more is absent than could be there")
    r.data, r.at = data, toc_at - missing
    toc = r.take(toc_length, "table of contents")
    items = read_toc(toc, data, toc_at, absent, missing)

    author_block = r.bytes(65_536, "author's block")
    block = Reader(author_block)
    signed_at = block.number(8, "signing time", signed=True)
    chain = read_chain(block)
    signature = block.bytes(1024, "signature")
    block.finish("author's block")
    author = check_chain(chain, root, "author", signed_at)
    message = data[:48] + field_bytes(toc) + struct.pack(">q", signed_at) + chain_bytes(chain)
    check_signature(author, "cadenza/v1/media-file", message, signature)

    media = Media(media_id, items, signed_at, hashlib.sha256(author_block).digest(), absent)
    while (block := next_block(r, AGENCY)) is not None:
        media.agencies.append(read_agency(block, media, root))
        if len(media.agencies) > 4:
            raise Refused("more than four agency blocks")
        if len({(a["agent_key"], a["hub"]) for a in media.agencies}) != len(media.agencies):
            raise Refused("two blocks of one hub for one agent")
        media.running = add_block(media.running, AGENCY, block)
    if (block := next_block(r, PUBLICATION)) is not None:
        media.publication = read_publication(block, media, root)
        check_standing(media, chain, root)
        media.running = add_block(media.running, PUBLICATION, block)
    media.published = data[: r.at]
    media.images = read_images(media)
    if r.at < len(data):
        if media.publication is None:
            raise Refused("a purchase of what nobody published")
        media.transaction = read_transaction(data[r.at :], media, root)
    return media


def next_block(r, magic):
    if r.data[r.at : r.at + 8] != magic:
        return None
    r.take(8, "magic")
    return r.bytes({AGENCY: 65_536, PUBLICATION: 98_304}[magic], "block")


def add_block(running, magic, block):
    return hashlib.sha256(running + magic + field_bytes(block)).digest()


def read_absent(data):
    """What the list at the end names, how long that is, and the file in front of the list."""
    if len(data) < 20 or data[-8:] != FREE:
        return (), 0, data
    missing, count = struct.unpack(">QI", data[-20:-8])
    begin = len(data) - 20 - 4 * count
    if not 1 <= count <= 256 or begin < 0:
        raise Refused("the list of what is absent is not one")
    numbers = struct.unpack(f">{count}I", data[begin:-20])
    if list(numbers) != sorted(set(numbers)):
        raise Refused("the list of what is absent does not ascend")
    return numbers, missing, data[:begin]


def read_toc(toc, data, end, absent, missing):
    r, items, at, gap = Reader(toc), [], 48, 0
    count = r.number(4, "items")
    if count > 256:
        raise Refused("more than 256 items")
    for number in range(count):
        kind, subtype, encrypted, key = r.number(1, "type"), r.number(1, "subtype"), r.bool("encrypted"), r.number(2, "key")
        known = {1: TEXTS, 2: range(1, 5), 3: range(1, 3)}.get(kind, ())
        if subtype not in known or (key and not encrypted):
            raise Refused("an item of unknown kind")
        texts = [r.text(bound, "item text") for bound in (64, 35, 64, 256)]
        offset, length, sha = r.number(8, "offset"), r.number(8, "length"), r.take(32, "hash")
        bound = PARAMETERS_BOUND if (kind, subtype) == (3, 1) else BOUNDS[kind]
        if offset != at or length > bound:
            raise Refused("an item is not where it should be")
        if number in absent:
            if not encrypted:
                raise Refused("something is absent that is not for buyers")
            stored, gap = None, gap + length
        else:
            stored = data[offset - gap : offset - gap + length]
            if hashlib.sha256(stored).digest() != sha:
                raise Refused(f"item {number} was altered")
        at += length
        if kind == 1 and subtype != 255 and any((i.kind, i.subtype, i.language) == (1, subtype, texts[1]) for i in items):
            raise Refused("a second text of one kind and language")
        items.append(Item(number, kind, subtype, key if encrypted else None, *texts, stored))
    r.finish("table of contents")
    if at != end or gap != missing or any(number >= count for number in absent):
        raise Refused("the items do not fill the file")
    return items


def read_images(media):
    audio, images = [i for i in media.items if i.kind == 3], {}
    for first, second in zip(audio[::2], audio[1::2]):
        if (first.subtype, second.subtype, second.number) != (1, 2, first.number + 1) or first.key is not None:
            raise Refused("an image without parameters")
        parameters = read_parameters(first.stored)
        images[parameters["quality"]] = (parameters, second)
    if len(images) * 2 != len(audio):
        raise Refused("an image without parameters")
    return images


def read_parameters(data):
    r, p = Reader(data), {}
    p["quality"] = r.text(32, "quality")
    p["codec"] = {1: "flac", 2: "ogg-opus"}[r.number(1, "codec")]
    p["sample_rate"], p["channels"], p["bits"] = r.number(4, "rate"), r.number(1, "channels"), r.number(1, "bits")
    p["bit_rate"], p["frames"] = r.number(4, "bit rate"), r.number(8, "frames")
    p["part"] = {1: "song", 2: "clip"}[r.number(1, "part")]
    names = ("start_ms", "duration_ms", "song_ms", "fade_in_ms", "fade_out_ms")
    p["clip"] = {name: r.number(4, name) for name in names}
    p["for_sale"] = r.bool("for sale")
    p["smpte"] = list(r.take(6, "SMPTE")) if r.bool("SMPTE") else None
    p["play"], p["record"], p["export"] = (r.number(2, "allowance") for _ in range(3))
    p["watermark"] = r.text(64, "watermark") if r.bool("watermark") else None
    p["loudness"] = [r.number(4, "loudness", True), r.number(4, "peak", True)] if r.bool("loudness") else None
    rows = r.number(4, "index")
    if rows > 65_536:
        raise Refused("the index table is too long")
    p["index"] = [(r.number(8, "frame"), r.number(8, "offset")) for _ in range(rows)]
    r.finish("parameters")
    return p


def read_agency(data, media, root):
    r = Reader(data)
    facts = {"media": r.take(16, "media"), "at": r.number(8, "time", signed=True), "agent": r.text(128, "agent")}
    facts["agent_key"] = r.take(32, "agent's key")
    facts["codes"] = [(r.text(128, "scheme"), r.text(128, "value")) for _ in range(r.number(1, "codes"))]
    chain = read_chain(r)
    message = media.running + data[: r.at]
    signature = r.bytes(1024, "signature")
    r.finish("agency block")
    if not 1 <= len(facts["codes"]) <= 16 or not all(facts["agent"] and scheme and value for scheme, value in facts["codes"]):
        raise Refused("an agency code is missing")
    if facts["media"] != media.media_id:
        raise Refused("the agency codes are another song's")
    hub = check_chain(chain, root, "distribution hub", facts["at"])
    check_signature(hub, "cadenza/v1/agency", message, signature)
    return facts | {"hub": key_fingerprint(hub), "chain": chain}


def read_publication(data, media, root):
    r = Reader(data)
    media_id, at = r.take(16, "media"), r.number(8, "time", signed=True)
    chain = read_chain(r)
    message = media.running + data[: r.at]
    signature = r.bytes(1024, "signature")
    stamped = imprint("cadenza/v1/publication", media.running + data[: r.at])
    stamp = r.bytes(40_960, "time stamp")
    r.finish("publication block")
    if media_id != media.media_id:
        raise Refused("the publication is another song's")
    check_signature(check_chain(chain, root, "content manager", at), "cadenza/v1/publication", message, signature)
    return {"at": at, "chain": chain, "stamped_at": read_stamp(stamp, stamped, root)}


def check_standing(media, author, root):
    """Everyone who signed was certified when the licensing center stamped it, and dated nothing later."""
    published = media.publication
    signers = [(author, "author", media.signed_at), (published["chain"], "content manager", published["at"])]
    for chain, role, at in signers + [(a["chain"], "distribution hub", a["at"]) for a in media.agencies]:
        check_chain(chain, root, role, published["stamped_at"])
        if at > published["stamped_at"] + 300:
            raise Refused("a signature is dated after the stamp")


def read_transaction(data, media, root):
    r = Reader(data)
    if len(data) > 131_072 or r.take(8, "magic") != b"CDZXACT1":
        raise Refused("not a transaction block")
    rest = r.bytes(131_072, "transaction block")
    r.finish("transaction block")
    r = Reader(rest)
    voucher_id, media_id, delivered_at = r.take(16, "voucher"), r.take(16, "media"), r.number(8, "time", signed=True)
    grant_bytes, grant_signature, wrapped = (r.bytes(1024, "grant") for _ in range(3))
    manager_chain, player_chain = read_chain(r), read_chain(r)
    signed = rest[: r.at]
    signature = r.bytes(1024, "signature")
    r.finish("transaction block")

    g = Reader(grant_bytes)
    grant = {"voucher": g.take(16, "voucher"), "media": g.take(16, "media"), "quality": g.text(32, "quality")}
    grant |= {"length": g.number(8, "length"), "sha256": g.take(32, "hash"), "player": g.take(32, "player")}
    grant["encryption"] = g.take(32, "encryption")
    grant["serial"] = g.text(64, "serial")
    grant |= {"log": g.take(16, "log"), "entry": g.number(8, "entry"), "keys": g.take(32, "keys"), "at": g.number(8, "time", signed=True)}
    g.finish("grant")
    manager = check_chain(manager_chain, root, "content manager", grant["at"])
    check_signature(manager, "cadenza/v1/delivery-grant", grant_bytes, grant_signature)
    player = check_chain(player_chain, root, "consumer", delivered_at)
    check_signature(player, "cadenza/v1/transaction", signed, signature)
    agree = [
        (grant["voucher"], voucher_id),
        (grant["media"], media_id),
        (media_id, media.media_id),
        (grant["keys"], hashlib.sha256(wrapped).digest()),
        (grant["player"], fingerprint(player)),
        (grant["length"], len(media.published)),
        (grant["sha256"], hashlib.sha256(media.published).digest()),
        (int(grant["serial"], 16), manager.serial_number),
    ]
    if any(a != b for a, b in agree):
        raise Refused("the transaction block does not agree with itself or the file")
    return {"voucher_id": voucher_id, "quality": grant["quality"], "wrapped_keys": wrapped, "player": player, "encryption": grant["encryption"], "entry": grant["entry"]}
