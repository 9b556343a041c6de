"""A second reader and writer of Cadenza's objects, made from docs/formats alone: what all of them rest on.

It shares no code with the Rust crates, so what both understand is what the pages say. Needs `cryptography` 50 or later. Every function raises
`Refused` with a reason instead of returning something doubtful. The objects are in cadenza_media, cadenza_documents and cadenza_log.
"""

import base64
import datetime
import hashlib
import hmac
import json
import struct

from cryptography import x509
from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

ROLE_ARC = "2.25.4281736509178340613.1."
ROLES = {"licensing center": 1, "content manager": 2, "delivery server": 3, "merchant": 4, "payment processor": 5, "author": 6}
ROLES |= {"distribution hub": 7, "rights agent": 8, "consumer": 9}
PAYMENT_AGE = "2.25.4281736509178340613.2"
PAYMENT_SECONDS, OTHER_DAYS = 86_400, 7
PSS = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


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


def option(value, width=None):
    """A value that may be missing: a number of `width` bytes, a text, or bytes as they are."""
    if value is None:
        return b"\0"
    if isinstance(value, int):
        return b"\1" + value.to_bytes(width, "big")
    return b"\1" + (field_text(value) if isinstance(value, str) else value)


def field_bytes(data):
    return struct.pack(">I", len(data)) + data


def field_text(text):
    return field_bytes(text.encode())


# -- JSON ----------------------------------------------------------------------------------------


def read_json(data, bound):
    def once(pairs):
        if len(dict(pairs)) != len(pairs):
            raise Refused("a field is given twice")
        return dict(pairs)

    if len(data) > bound:
        raise Refused(f"{len(data)} bytes, over {bound}")
    return json.loads(data, object_pairs_hook=once)


def unbase64(text, length=None):
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text or length not in (None, len(data)):
        raise Refused("not base64 as it should be")
    return data


def to_base64(data):
    return base64.b64encode(data).decode()


def read_id(text):
    if len(text) != 32 or set(text) - set("0123456789abcdef"):
        raise Refused("not an id")
    return bytes.fromhex(text)


# -- certificates and signatures -----------------------------------------------------------------


def read_chain(r):
    count = r.number(1, "chain")
    if not 1 <= count <= 4:
        raise Refused("a chain holds 1 to 4 certificates")
    return [x509.load_der_x509_certificate(r.bytes(8192, "certificate")) for _ in range(count)]


def chain_bytes(chain):
    return bytes([len(chain)]) + b"".join(field_bytes(der(certificate)) for certificate in chain)


def json_chain(ders):
    if not 1 <= len(ders) <= 4:
        raise Refused("a chain holds 1 to 4 certificates")
    return [x509.load_der_x509_certificate(unbase64(der)) for der in ders]


def json_certificate(der):
    return x509.load_der_x509_certificate(unbase64(der))


def chain_json(chain):
    return [to_base64(der(certificate)) for certificate in chain]


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


def fingerprint(certificate):
    return hashlib.sha256(der(certificate)).digest()


def public_key(certificate):
    return certificate.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def key_fingerprint(certificate):
    return hashlib.sha256(public_key(certificate)).digest()


def check_chain(chain, root, role, at, lists=()):
    check_path(chain, root, role, at, lists)
    if role == "consumer":
        check_use(chain[0], True, False)
    return chain[0]


def check_path(chain, root, role, at, lists=()):
    if any(public_key(c) == public_key(root) and c != root for c in chain):
        raise Refused("the root is cross-signed")
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
        check_unrevoked(certificate, issuer, moment, lists)


def check_use(certificate, signs, receives):
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    if (usage.digital_signature, usage.key_encipherment) != (signs, receives):
        raise Refused("the key is not for this use alone")


def check_encryption(encryption, chain, root, at, lists=()):
    """A consumer's second certificate, beside the chain of the first."""
    check_path([encryption, *chain[1:]], root, "consumer", at, lists)
    check_use(encryption, False, True)
    if encryption.subject != chain[0].subject or public_key(encryption) == public_key(chain[0]):
        raise Refused("not the second certificate of this holder")
    return encryption


def list_age(der):
    """Last moments at which money is paid by a list, and at which anything else is done by it."""
    crl = x509.load_der_x509_crl(der)
    made, seconds = crl.last_update_utc, PAYMENT_SECONDS
    for extension in crl.extensions:
        if extension.oid.dotted_string == PAYMENT_AGE:
            value = extension.value.value
            if value[:1] != b"\x02" or value[1] != len(value) - 2:
                raise Refused("the age for payments is no INTEGER")
            seconds = min(seconds, int.from_bytes(value[2:], "big"))
    until = min(crl.next_update_utc, made + datetime.timedelta(days=OTHER_DAYS))
    return min(made + datetime.timedelta(seconds=seconds), until), until


def check_unrevoked(certificate, issuer, moment, lists):
    for der in lists:
        crl = x509.load_der_x509_crl(der)
        if crl.issuer != certificate.issuer:
            continue
        if not crl.is_signature_valid(issuer.public_key()) or list_age(der)[1] < moment:
            raise Refused("whether a certificate was revoked cannot be told")
        if crl.get_revoked_certificate_by_serial_number(certificate.serial_number):
            raise Refused("a certificate was revoked")


def check_signature(certificate, domain, message, signature):
    key, data = certificate.public_key(), domain.encode() + b"\0" + message
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, PSS, hashes.SHA256())
        else:
            r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
            if len(signature) != 64 or s > P256_ORDER // 2:
                raise Refused(f"the signature for {domain} is not the canonical one")
            key.verify(encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise Refused(f"the signature for {domain} does not hold") from error


def sign(key, domain, message):
    data = domain.encode() + b"\0" + message
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, PSS, hashes.SHA256())
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + min(s, P256_ORDER - s).to_bytes(32, "big")


# -- time stamps ---------------------------------------------------------------------------------


def imprint(kind, data):
    return hashlib.sha256(field_text(kind) + data).digest()


def read_stamp(data, wanted, root):
    """When the licensing center stamped this imprint, Unix seconds."""
    r = Reader(data)
    at, chain = r.number(8, "time", signed=True), read_chain(r)
    signature = r.bytes(1024, "signature")
    r.finish("time stamp")
    message = wanted + struct.pack(">q", at) + chain_bytes(chain)
    check_signature(check_chain(chain, root, "licensing center", at), "cadenza/v1/time-stamp", message, signature)
    return at


def stamp_bytes(wanted, at, licensing):
    key, chain = licensing
    told = struct.pack(">q", at) + chain_bytes(chain)
    return told + field_bytes(sign(key, "cadenza/v1/time-stamp", wanted + told))


# -- keys ----------------------------------------------------------------------------------------


def open_sealed(key, context, sealed):
    try:
        decryptor = Cobblestone256Decryptor(key, context=context)
        return decryptor.update(sealed) + decryptor.finalize()
    except Exception as error:
        raise Refused("sealed bytes do not open") from error


def seal(key, context, plain):
    encryptor = Cobblestone256Encryptor(key, context=context)
    return encryptor.update(plain) + encryptor.finalize()


def oaep(label):
    return padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), label.encode())


def wrap_bundle(keys, certificate, label):
    bundle = b"".join(struct.pack(">H", number) + key for number, key in sorted(keys.items()))
    return certificate.public_key().encrypt(bundle, oaep(label))


def unwrap_bundle(private_key, wrapped, label):
    try:
        bundle = private_key.decrypt(wrapped, oaep(label))
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


def purchase_label(media_id, voucher_id, to):
    """`to`: fingerprint of the encryption certificate."""
    return f"cadenza/v1/purchase;media={media_id.hex()};voucher={voucher_id.hex()};to={to.hex()}"


def redeem_mac(receipt, voucher_id, certificate, server, nonce):
    message = field_text("cadenza/v1/redeem-mac") + field_bytes(voucher_id) + field_bytes(fingerprint(certificate))
    message += field_text(server) + field_bytes(nonce)
    return hmac.new(receipt, message, hashlib.sha256).digest()
