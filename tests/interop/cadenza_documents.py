"""What is JSON: passport, registration file and renewal, voucher, signed messages, the request to redeem (passport.md, voucher.md, keys.md)."""

import hashlib
import hmac
import json
import os
import struct
import unicodedata

from cadenza_formats import (
    Refused,
    chain_json,
    check_chain,
    check_encryption,
    check_signature,
    field_bytes,
    field_text,
    fingerprint,
    der,
    json_certificate,
    json_chain,
    open_sealed,
    option,
    public_key,
    read_id,
    read_json,
    redeem_mac,
    seal,
    sign,
    to_base64,
    unbase64,
)
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

# -- passport ------------------------------------------------------------------------------------


def read_passport_file(data, root):
    """Passport, registration file or renewal: what all three share, checked. Gives the body and what stands for the registration key."""
    outer = read_json(data, 262_144)
    if outer["format"] != "cadenza-passport" or outer["version"] != 1:
        raise Refused("not a passport of this version")
    body_bytes = unbase64(outer["body"])
    body = read_json(body_bytes, 262_144)
    signer = check_chain(json_chain(outer["signer"]), root, "licensing center", body["issued_at"])
    check_signature(signer, "cadenza/v1/passport", body_bytes, unbase64(outer["signature"]))
    body["holder"] = check_chain(json_chain(body["chain"]), root, "consumer", body["issued_at"])
    body["receiver"] = check_encryption(json_certificate(body["encryption"]), json_chain(body["chain"]), root, body["issued_at"])
    return body, body_bytes, outer["registration_key"]


def open_lock(lock, body_bytes, passphrase):
    p = lock["params"]
    in_range = 19_456 <= p["m_kib"] <= 131_072 and 2 <= p["t"] <= 4 and 1 <= p["p"] <= 4
    if lock["algorithm"] != "argon2id" or not in_range:
        raise Refused("the lock's costs are out of range")
    key = lock_key(passphrase, unbase64(lock["salt"], 16), p)
    try:
        return AESGCM(key).decrypt(unbase64(lock["nonce"], 12), unbase64(lock["sealed"], 48), lock_data(lock, body_bytes))
    except Exception as error:
        raise Refused("the passphrase does not open the passport") from error


def make_lock(registration_key, body_bytes, passphrase):
    salt, nonce = os.urandom(16), os.urandom(12)
    lock = {"algorithm": "argon2id", "params": {"m_kib": 19_456, "t": 2, "p": 1}, "salt": to_base64(salt), "nonce": to_base64(nonce)}
    key = lock_key(passphrase, salt, lock["params"])
    return lock | {"sealed": to_base64(AESGCM(key).encrypt(nonce, registration_key, lock_data(lock, body_bytes)))}


def lock_key(passphrase, salt, p):
    normal = unicodedata.normalize("NFC", passphrase.removeprefix("\ufeff"))
    return Argon2id(salt=salt, length=32, iterations=p["t"], lanes=p["p"], memory_cost=p["m_kib"]).derive(normal.encode())


def lock_data(lock, body_bytes):
    p = lock["params"]
    data = field_text("cadenza/v1/passport-lock") + struct.pack(">III", p["m_kib"], p["t"], p["p"])
    return data + field_bytes(unbase64(lock["salt"], 16)) + field_bytes(hashlib.sha256(body_bytes).digest())


def sealed_context(purpose, holder):
    return field_text(f"cadenza/v1/passport/{purpose}") + field_bytes(fingerprint(holder))


def open_body(body, registration_key):
    """Both private keys, the one that signs first, and personal facts."""

    def unseal(purpose, name):
        return open_sealed(registration_key, sealed_context(purpose, body["holder"]), unbase64(body[name]))

    keys = [serialization.load_der_private_key(unseal(f"{use}-key", f"{use}_key"), None) for use in ("signing", "decryption")]
    return keys, json.loads(unseal("personal", "personal"))


def read_passport(data, root, passphrase):
    body, body_bytes, slot = read_passport_file(data, root)
    registration_key = open_lock(slot["locked"], body_bytes, passphrase)
    return open_body(body, registration_key), body, registration_key


def read_renewal(data, root, held):
    """`held` is the body of the passport that is to be renewed."""
    body, body_bytes, slot = read_passport_file(data, root)
    if slot != "kept":
        raise Refused("not a renewal")
    new, old = body["holder"], held["holder"]
    same_keys = public_key(new) == public_key(old) and public_key(body["receiver"]) == public_key(held["receiver"])
    if not same_keys or new.not_valid_after_utc < old.not_valid_after_utc:
        raise Refused("a renewal for another passport, or an older one")
    return body, body_bytes


def relock(data, registration_key, passphrase):
    outer = json.loads(data)
    lock = make_lock(registration_key, unbase64(outer["body"]), passphrase)
    return json.dumps(outer | {"registration_key": {"locked": lock}}).encode()


def write_registration(holder, receiver, personal, signer, registration_key, issued_at):
    """`holder`, `receiver` and `signer`: key and chain."""
    (key, chain), (second_key, (encryption, *_)), (signer_key, signer_chain) = holder, receiver, signer

    def pkcs8(key):
        return key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

    def sealed(purpose, plain):
        return to_base64(seal(registration_key, sealed_context(purpose, chain[0]), plain))

    body = {"issued_at": issued_at, "chain": chain_json(chain), "encryption": to_base64(der(encryption))}
    body |= {"signing_key": sealed("signing-key", pkcs8(key)), "decryption_key": sealed("decryption-key", pkcs8(second_key))}
    body |= {"personal": sealed("personal", json.dumps(personal).encode())}
    body = json.dumps(body).encode()
    outer = {"format": "cadenza-passport", "version": 1, "body": to_base64(body)}
    outer |= {"signature": to_base64(sign(signer_key, "cadenza/v1/passport", body)), "signer": chain_json(signer_chain)}
    return json.dumps(outer | {"registration_key": {"clear": to_base64(registration_key)}}).encode()


PARTS = {"song": 1, "clip": 2}

# -- voucher -------------------------------------------------------------------------------------


def read_voucher(data, root):
    voucher = read_json(data, 131_072)
    if voucher["format"] != "cadenza-voucher" or voucher["version"] != 1:
        raise Refused("not a voucher of this version")
    purchase = {"purchase": True, "preview": False}[voucher["kind"]]
    if not 1 <= len(voucher["tracks"]) <= 100 or any(("receipt" in t) != purchase for t in voucher["tracks"]):
        raise Refused("the voucher's tracks do not fit its kind")
    if purchase and any(t["part"] != "song" for t in voucher["tracks"]):
        raise Refused("a purchase of a clip")
    signer = check_chain(json_chain(voucher["signer"]), root, "content manager", voucher["issued"])
    if unbase64(voucher["root"], 32) != fingerprint(root):
        raise Refused("another licensing center's voucher")
    check_signature(signer, "cadenza/v1/voucher", voucher_bytes(voucher), unbase64(voucher["signature"]))
    return voucher


def write_voucher(voucher, key, chain):
    signature = sign(key, "cadenza/v1/voucher", voucher_bytes(voucher))
    head = {"format": "cadenza-voucher", "version": 1}
    return json.dumps(head | voucher | {"signature": to_base64(signature), "signer": chain_json(chain)}, indent=1).encode()


def voucher_bytes(voucher):
    """The signed form."""
    kind = {"purchase": 1, "preview": 2}[voucher["kind"]]
    data = struct.pack(">Bqq", kind, voucher["issued"], voucher["expires"])
    data += unbase64(voucher["root"], 32) + unbase64(voucher["merchant_key"], 32)
    data += struct.pack(">?I", voucher.get("gift", False), len(voucher["tracks"]))
    for track in voucher["tracks"]:
        address, receipt = track["delivery"], track.get("receipt")
        data += read_id(track["voucher_id"]) + read_id(track["media_id"]) + bytes([PARTS[track["part"]]])
        data += option(None if receipt is None else unbase64(receipt, 32))
        data += field_text(address["id"]) + field_text(address["host"]) + struct.pack(">HH", address["https"], address["rtsps"])
        data += option(address.get("rtsp"), 2) + option(track.get("quality")) + option(track.get("title"))
    return data


# -- signed messages and the request to redeem ---------------------------------------------------


def read_signed(data, root, domain, role, at, lists=()):
    message = read_json(data, 8 << 20)
    body = unbase64(message["body"])
    sender = check_chain(json_chain(message["chain"]), root, role, at, lists)
    check_signature(sender, domain, body, unbase64(message["signature"]))
    return read_json(body, 4 << 20)


def write_signed(body, domain, key, chain):
    body = json.dumps(body).encode()
    message = {"body": to_base64(body), "signature": to_base64(sign(key, domain, body)), "chain": chain_json(chain)}
    return json.dumps(message).encode()


def redeem_bytes(request, server):
    encryption = fingerprint(json_certificate(request["encryption"]))
    data = read_id(request["voucher_id"]) + read_id(request["media_id"])
    return data + unbase64(request["nonce"], 32) + unbase64(request["mac"], 32) + field_text(server) + encryption


def read_redeem(data, root, receipt, server, at):
    request = read_json(data, 131_072)
    player = check_chain(json_chain(request["chain"]), root, "consumer", at)
    check_encryption(json_certificate(request["encryption"]), json_chain(request["chain"]), root, at)
    check_signature(player, "cadenza/v1/redeem-request", redeem_bytes(request, server), unbase64(request["signature"]))
    mac = redeem_mac(receipt, read_id(request["voucher_id"]), player, server, unbase64(request["nonce"], 32))
    if not hmac.compare_digest(mac, unbase64(request["mac"], 32)):
        raise Refused("the proof does not fit the receipt")
    return request


def write_redeem(voucher_id, media_id, receipt, server, nonce, holder, encryption):
    key, chain = holder
    mac = redeem_mac(receipt, voucher_id, chain[0], server, nonce)
    request = {"voucher_id": voucher_id.hex(), "media_id": media_id.hex(), "nonce": to_base64(nonce), "mac": to_base64(mac)}
    request |= {"encryption": to_base64(der(encryption))}
    signature = sign(key, "cadenza/v1/redeem-request", redeem_bytes(request, server))
    return json.dumps(request | {"signature": to_base64(signature), "chain": chain_json(chain)}).encode()
