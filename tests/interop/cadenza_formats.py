"""A second reader of Cadenza's objects, written from docs/formats alone.

It shares no code with the Rust crates, so what both understand is what the pages say. Needs `cryptography` 50 or later.
Every function raises `Refused` with a reason instead of returning something doubtful.
"""

import base64
import datetime
import hashlib
import hmac
import json
import struct
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

ROLE_ARC = "2.25.4281736509178340613.1."
ROLES = {"licensing center": 1, "content manager": 2, "delivery server": 3, "merchant": 4, "author": 6, "consumer": 9}


class Refused(Exception):
    """What is wrong with an object."""


# -- conventions ---------------------------------------------------------------------------------


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count, what):
        if self.at + count > len(self.data):
            raise Refused(f"{what} ends early")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, width, what, signed=False):
        return int.from_bytes(self.take(width, what), "big", signed=signed)

    def bool(self, what):
        value = self.number(1, what)
        if value > 1:
            raise Refused(f"{what} is neither 0 nor 1")
        return value == 1

    def bytes(self, bound, what):
        length = self.number(4, what)
        if length > bound:
            raise Refused(f"{what} is {length} long, over {bound}")
        return self.take(length, what)

    def text(self, bound, what):
        return self.bytes(bound, what).decode("utf-8")

    def finish(self, what):
        if self.at != len(self.data):
            raise Refused(f"{len(self.data) - self.at} bytes follow {what}")


def field_bytes(data):
    return struct.pack(">I", len(data)) + data


def field_text(text):
    return field_bytes(text.encode())


# -- certificates and signatures -----------------------------------------------------------------


def read_chain(r):
    count = r.number(1, "chain")
    if not 1 <= count <= 4:
        raise Refused("a chain holds 1 to 4 certificates")
    return [x509.load_der_x509_certificate(r.bytes(8192, "certificate")) for _ in range(count)]


def json_chain(ders):
    return [x509.load_der_x509_certificate(base64.b64decode(der)) for der in ders]


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


def fingerprint(certificate):
    return hashlib.sha256(der(certificate)).digest()


def check_chain(chain, root, role, at):
    moment = datetime.datetime.fromtimestamp(at, datetime.timezone.utc)
    wanted = x509.ObjectIdentifier(ROLE_ARC + str(ROLES[role]))
    for certificate, issuer in zip(chain, chain[1:] + [root]):
        try:
            certificate.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature) as error:
            raise Refused(f"a certificate was not issued by the next: {error}") from error
        if not issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            raise Refused("an issuer is no authority")
        if not certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc:
            raise Refused("a certificate was not valid then")
        if wanted not in certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value:
            raise Refused(f"not the certificate of a {role}")
    return chain[0]


def check_signature(certificate, domain, message, signature):
    key, data = certificate.public_key(), domain.encode() + b"\0" + message
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        else:
            key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise Refused(f"the signature for {domain} does not hold") from error


# -- keys ----------------------------------------------------------------------------------------


def open_sealed(key, context, sealed):
    try:
        decryptor = Cobblestone256Decryptor(key, context=context)
        return decryptor.update(sealed) + decryptor.finalize()
    except Exception as error:
        raise Refused("sealed bytes do not open") from error


def unwrap_bundle(private_key, wrapped, label):
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), label.encode())
    try:
        bundle = private_key.decrypt(wrapped, oaep)
    except ValueError as error:
        raise Refused("the keys are locked to someone or something else") from error
    if len(bundle) % 34 or not 1 <= len(bundle) // 34 <= 7:
        raise Refused("not a bundle of keys")
    keys = {}
    for at in range(0, len(bundle), 34):
        number = int.from_bytes(bundle[at : at + 2], "big")
        if keys and number <= max(keys):
            raise Refused("key ids do not ascend")
        keys[number] = bundle[at + 2 : at + 34]
    return keys


def purchase_label(media_id, voucher_id, certificate):
    return f"cadenza/v1/purchase;media={media_id.hex()};voucher={voucher_id.hex()};to={fingerprint(certificate).hex()}"


def redeem_mac(receipt, voucher_id, certificate, server, nonce):
    message = field_text("cadenza/v1/redeem-mac") + field_bytes(voucher_id) + field_bytes(fingerprint(certificate))
    message += field_text(server) + field_bytes(nonce)
    return hmac.new(receipt, message, hashlib.sha256).digest()


# -- media file ----------------------------------------------------------------------------------

MAGIC = bytes.fromhex("8943445A0D0A1A0A")
TEXTS = {1: "title", 2: "artist", 3: "album", 4: "album artist", 5: "composer", 6: "genre", 7: "year", 8: "track number"}
TEXTS |= {9: "track count", 10: "disc number", 11: "ISRC", 12: "label", 13: "copyright", 14: "lyrics", 15: "liner notes"}
TEXTS |= {16: "credits", 17: "commentary", 18: "prices", 255: "other"}
BOUNDS = {1: 1 << 20, 2: 16 << 20, 3: 1 << 40}


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
    stored: bytes


@dataclass
class Media:
    media_id: bytes
    items: list
    signed_at: int
    signed: bytes
    images: dict = field(default_factory=dict)
    transaction: dict | None = None

    def content(self, item, keys=None):
        if item.key is None:
            return item.stored
        if not keys or item.key not in keys:
            raise Refused("this item is for buyers")
        context = field_text("cadenza/v1/item") + field_bytes(self.media_id) + struct.pack(">I", item.number)
        return open_sealed(keys[item.key], context, item.stored)

    def text(self, subtype, keys=None):
        for item in self.items:
            if (item.kind, item.subtype) == (1, subtype):
                return self.content(item, keys).decode()
        return None


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
    r.at = toc_at
    toc = r.take(toc_length, "table of contents")
    items = read_toc(toc, data, toc_at)

    block = Reader(r.bytes(65_536, "author's block"))
    signed_at = block.number(8, "signing time", signed=True)
    chain = read_chain(block)
    signature = block.bytes(1024, "signature")
    block.finish("author's block")
    author = check_chain(chain, root, "author", signed_at)
    message = data[:48] + field_bytes(toc) + struct.pack(">q", signed_at)
    check_signature(author, "cadenza/v1/media-file", message, signature)

    media = Media(media_id, items, signed_at, data[: r.at])
    media.images = read_images(media)
    if r.at < len(data):
        media.transaction = read_transaction(data[r.at :], media, root)
    return media


def read_toc(toc, data, end):
    r, items, at = Reader(toc), [], 48
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
        if offset != at or length > BOUNDS[kind]:
            raise Refused("an item is not where it should be")
        stored = data[offset : offset + length]
        if hashlib.sha256(stored).digest() != sha:
            raise Refused(f"item {number} was altered")
        at += length
        items.append(Item(number, kind, subtype, key if encrypted else None, *texts, stored))
    r.finish("table of contents")
    if at != end:
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
    grant |= {"serial": g.text(64, "serial"), "keys": g.take(32, "keys"), "at": g.number(8, "time", signed=True)}
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
        (grant["sha256"], hashlib.sha256(media.signed).digest()),
        (int(grant["serial"], 16), manager.serial_number),
    ]
    if any(a != b for a, b in agree):
        raise Refused("the transaction block does not agree with itself or the file")
    return {"voucher_id": voucher_id, "quality": grant["quality"], "wrapped_keys": wrapped, "player": player}


# -- passport and voucher ------------------------------------------------------------------------


def read_passport(data, root, passphrase):
    outer = json.loads(data)
    if outer["format"] != "cadenza-passport" or outer["version"] != 1:
        raise Refused("not a passport of this version")
    body_bytes = base64.b64decode(outer["body"])
    body = json.loads(body_bytes)
    signer = check_chain(json_chain(outer["signer"]), root, "licensing center", body["issued_at"])
    check_signature(signer, "cadenza/v1/passport", body_bytes, base64.b64decode(outer["signature"]))
    chain = json_chain(body["chain"])
    holder = check_chain(chain, root, "consumer", body["issued_at"])

    lock = outer["registration_key"]["locked"]
    p = lock["params"]
    in_range = 19_456 <= p["m_kib"] <= 1_048_576 and 2 <= p["t"] <= 16 and 1 <= p["p"] <= 4
    if lock["algorithm"] != "argon2id" or not in_range:
        raise Refused("the lock's costs are out of range")
    salt, nonce, sealed = (base64.b64decode(lock[name]) for name in ("salt", "nonce", "sealed"))
    key = Argon2id(salt=salt, length=32, iterations=p["t"], lanes=p["p"], memory_cost=p["m_kib"]).derive(passphrase.encode())
    data = field_text("cadenza/v1/passport-lock") + struct.pack(">III", p["m_kib"], p["t"], p["p"])
    data += field_bytes(salt) + field_bytes(hashlib.sha256(body_bytes).digest())
    try:
        registration_key = AESGCM(key).decrypt(nonce, sealed, data)
    except Exception as error:
        raise Refused("the passphrase does not open the passport") from error

    def unseal(purpose, name):
        context = field_text(f"cadenza/v1/passport/{purpose}") + field_bytes(fingerprint(holder))
        return open_sealed(registration_key, context, base64.b64decode(body[name]))

    private_key = serialization.load_der_private_key(unseal("private-key", "private_key"), None)
    return private_key, json.loads(unseal("personal", "personal")), holder


def read_voucher(data):
    voucher = json.loads(data)
    if voucher["format"] != "cadenza-voucher" or voucher["version"] != 1:
        raise Refused("not a voucher of this version")
    purchase = voucher["kind"] == "purchase"
    if not 1 <= len(voucher["tracks"]) <= 100 or any(("receipt" in t) != purchase for t in voucher["tracks"]):
        raise Refused("the voucher's tracks do not fit its kind")
    return voucher
