"""Puts a media data file together, block by block (docs/formats/media-file.md). The reader's mirror is cadenza_media."""

import hashlib
import struct

from cadenza_formats import chain_bytes, field_bytes, field_text, fingerprint, imprint, option, purchase_label, seal, sign, stamp_bytes, wrap_bundle
from cadenza_media import AGENCY, FREE, MAGIC, PUBLICATION, add_block, item_context


def text_item(subtype, text, language="", key=None):
    return (1, subtype, key, ("text/plain;charset=utf-8", language, "", ""), text.encode())


def graphic_item(subtype, media_type, data, region="", interests="", key=None):
    return (2, subtype, key, (media_type, "", region, interests), data)


def image_items(parameters, data, key=None):
    media_type = {1: "audio/flac", 2: "audio/ogg"}[parameters["codec"]]
    first = (3, 1, None, ("application/octet-stream", "", "", ""), parameter_bytes(parameters))
    return [first, (3, 2, key, (media_type, "", "", ""), data)]


def parameter_bytes(p):
    data = field_text(p["quality"]) + struct.pack(">BIBBIQB", p["codec"], p["sample_rate"], p["channels"], p["bits"], p["bit_rate"], p["frames"], p["part"])
    data += struct.pack(">5I?", *p["clip"], p["for_sale"])
    data += option(bytes(p["smpte"]) if p["smpte"] else None)
    data += struct.pack(">3H", p["play"], p["record"], p["export"])
    data += option(p["watermark"])
    data += option(struct.pack(">ii", *p["loudness"]) if p["loudness"] else None)
    return data + struct.pack(">I", len(p["index"])) + b"".join(struct.pack(">QQ", *row) for row in p["index"])


def author_part(media_id, items, keys, author, signed_at):
    """Header, items, table of contents, author's block. `keys` by id; `author`: key and chain."""
    stored, toc, at = b"", struct.pack(">I", len(items)), 48
    for number, (kind, subtype, key, texts, plain) in enumerate(items):
        data = plain if key is None else seal(keys[key], item_context(media_id, number), plain)
        toc += struct.pack(">BB?H", kind, subtype, key is not None, key or 0)
        toc += b"".join(field_text(text) for text in texts)
        toc += struct.pack(">QQ", at, len(data)) + hashlib.sha256(data).digest()
        stored, at = stored + data, at + len(data)
    header = MAGIC + struct.pack(">HHI", 1, 0, 0) + media_id + struct.pack(">QII", at, len(toc), 0)
    key, chain = author
    message = header + field_bytes(toc) + struct.pack(">q", signed_at) + chain_bytes(chain)
    block = struct.pack(">q", signed_at) + chain_bytes(chain) + field_bytes(sign(key, "cadenza/v1/media-file", message))
    return header + stored + toc + field_bytes(block), hashlib.sha256(block).digest()


def free_part(published, media):
    """`media`: the same, read."""
    toc_at = struct.unpack(">Q", published[32:40])[0]
    absent = [item for item in media.items if item.key is not None]
    clear = b"".join(item.stored for item in media.items if item.key is None)
    numbers = b"".join(struct.pack(">I", item.number) for item in absent)
    tail = struct.pack(">QI", sum(len(item.stored) for item in absent), len(absent)) + FREE
    return published[:48] + clear + published[toc_at:] + numbers + tail


def agency_block(media_id, running, agent, codes, hub, added_at):
    """The block, and the running hash behind it. `agent`: name and key fingerprint."""
    name, agent_key = agent
    facts = media_id + struct.pack(">q", added_at) + field_text(name) + agent_key + bytes([len(codes)])
    facts += b"".join(field_text(scheme) + field_text(value) for scheme, value in codes)
    block = signed_part("cadenza/v1/agency", running, facts, hub)
    return AGENCY + field_bytes(block), add_block(running, AGENCY, block)


def publication_block(media_id, running, manager, licensing, at):
    """Signed by a content manager, stamped by the licensing center; both: key and chain."""
    word = signed_part("cadenza/v1/publication", running, media_id + struct.pack(">q", at), manager)
    block = word + field_bytes(stamp_bytes(imprint("cadenza/v1/publication", running + word), at, licensing))
    return PUBLICATION + field_bytes(block)


def signed_part(domain, running, facts, holder):
    key, chain = holder
    signed = facts + chain_bytes(chain)
    return signed + field_bytes(sign(key, domain, running + signed))


def transaction_block(media_id, published, voucher_id, quality, keys, manager, player, encryption, sale, at):
    """What player and content manager write together; `manager` and `player`: key and chain; `encryption`: the player's second certificate; `sale`: log id and number of the entry."""
    (manager_key, manager_chain), (player_key, player_chain) = manager, player
    wrapped = wrap_bundle(keys, encryption, purchase_label(media_id, voucher_id, fingerprint(encryption)))
    grant = voucher_id + media_id + field_text(quality) + struct.pack(">Q", len(published)) + hashlib.sha256(published).digest()
    grant += fingerprint(player_chain[0]) + fingerprint(encryption) + field_text(serial(manager_chain[0])) + sale + hashlib.sha256(wrapped).digest()
    grant += struct.pack(">q", at)
    rest = voucher_id + media_id + struct.pack(">q", at + 2) + field_bytes(grant)
    rest += field_bytes(sign(manager_key, "cadenza/v1/delivery-grant", grant)) + field_bytes(wrapped)
    rest += chain_bytes(manager_chain) + chain_bytes(player_chain)
    return b"CDZXACT1" + field_bytes(rest + field_bytes(sign(player_key, "cadenza/v1/transaction", rest)))


def serial(certificate):
    """As the DER holds it: a leading 00 keeps a positive number positive."""
    number = certificate.serial_number
    return number.to_bytes(number.bit_length() // 8 + 1, "big").hex()
