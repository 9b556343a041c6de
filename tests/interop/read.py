"""Reads a folder of objects with the second reader and prints what it found as JSON. Used by protocol/tests/interop.rs.

The folder holds root.pem, delivered.cadenza, free.cadenza (its free part), passport.cadpassport with passphrase.txt, renewal.cadpassport, purchase.cadvoucher,
preview.cadvoucher, audit.log-file with log-secret.hex and checkpoint.json, renewal-request.json, redeem.json, expected.json (time, receipt,
delivery server), and revocation lists of which only unrevoked.crl lets the holder pass. The media keys are taken from the transaction block with the passport's private key.
"""

import hashlib
import json
import pathlib
import sys

import cadenza_documents as documents
import cadenza_formats as formats
import cadenza_log as log
import cadenza_media
from cryptography import x509


def main(folder):
    at = pathlib.Path(folder)
    stored = {path.name: path.read_bytes() for path in at.iterdir() if path.is_file()}
    root = x509.load_pem_x509_certificate(stored["root.pem"])
    expected = json.loads(stored["expected.json"])
    passphrase = stored["passphrase.txt"].decode()
    now, receipt = expected["now"], bytes.fromhex(expected["receipt"])

    ((_, private_key), personal), held, registration_key = documents.read_passport(stored["passport.cadpassport"], root, passphrase)
    readers = {
        "delivered.cadenza": lambda data: delivered(data, root),
        "free.cadenza": lambda data: free(data, root),
        "passport.cadpassport": lambda data: documents.read_passport(data, root, passphrase),
        "renewal.cadpassport": lambda data: documents.read_renewal(data, root, held),
        "purchase.cadvoucher": lambda data: documents.read_voucher(data, root),
        "preview.cadvoucher": lambda data: documents.read_voucher(data, root),
        "audit.log-file": lambda data: log.read_log_file(data, bytes.fromhex(stored["log-secret.hex"].decode()), stored["checkpoint.json"], root),
        "renewal-request.json": lambda data: documents.read_signed(data, root, "cadenza/v1/passport-renewal", "consumer", now),
        "redeem.json": lambda data: documents.read_redeem(data, root, receipt, expected["server"], now),
    }
    opened = {name: read(stored[name]) for name, read in readers.items()}

    media = opened["delivered.cadenza"]
    deal = media.transaction
    label = formats.purchase_label(media.media_id, deal["voucher_id"], deal["encryption"])
    keys = formats.unwrap_bundle(private_key, deal["wrapped_keys"], label)
    _, image = media.images[deal["quality"]]
    renewed, _ = opened["renewal.cadpassport"]
    entries = opened["audit.log-file"]
    found = {
        "title": media.first(1, 1).decode(),
        "lyrics": media.first(1, 14, keys).decode(),
        "waveform": list(media.first(2, 4, keys)),
        "parameters": {name: p for name, (p, _) in media.images.items()},
        "image_sha256": hashlib.sha256(media.content(image, keys)).hexdigest(),
        "agencies": [(a["agent"], a["codes"]) for a in media.agencies],
        "published": len(media.published),
        "stamped_at": media.publication["stamped_at"],
        "entry": deal["entry"],
        "free_title": opened["free.cadenza"].first(1, 1).decode(),
        "absent": opened["free.cadenza"].absent,
        "owner": personal["name"],
        "renewed_address": documents.open_body(renewed, registration_key)[1]["address"],
        "voucher_titles": [[t.get("title") for t in opened[name]["tracks"]] for name in ("purchase.cadvoucher", "preview.cadvoucher")],
        "log": entries,
        "request_at": opened["renewal-request.json"]["at"],
        "unrevoked_by": unrevoked_by(stored, root, now),
        "list_ages": {name: [int(t.timestamp()) for t in formats.list_age(der)] for name, der in stored.items() if name.endswith(".crl")},
        "redeemed": opened["redeem.json"]["voucher_id"],
        "noticed": {name: altered(name, stored[name], read) for name, read in readers.items()},
    }
    json.dump(found, sys.stdout)


def delivered(data, root):
    """Cut behind author's block or codes it would be the published file: whole, but nobody's purchase."""
    media = cadenza_media.read_media(data, root)
    if media.transaction is None:
        raise formats.Refused("not a delivered copy")
    return media


def free(data, root):
    media = cadenza_media.read_media(data, root)
    if not media.absent:
        raise formats.Refused("not a free part")
    return media


def unrevoked_by(stored, root, now):
    """The lists under which the request for renewal is taken."""

    def taken(der):
        try:
            documents.read_signed(stored["renewal-request.json"], root, "cadenza/v1/passport-renewal", "consumer", now, [der])
        except formats.Refused:
            return False
        return True

    return sorted(name for name, der in stored.items() if name.endswith(".crl") and taken(der))


def altered(name, data, read):
    """Some 250 bytes flipped under two masks, and as many cuts; all must be refused."""
    count, step = 0, max(1, len(data) // 250)
    trials = [(at, mask) for at in range(0, len(data), step) for mask in (0x01, 0x20)]
    for at, mask in trials:
        broken = bytearray(data)
        broken[at] ^= mask
        count += refuses(read, bytes(broken), f"{name}: byte {at} was altered unnoticed")
    return count + sum(refuses(read, data[:at], f"{name}: cut to {at} unnoticed") for at in range(0, len(data), step))


def refuses(read, data, message):
    try:
        read(data)
    except Exception:
        return 1
    raise SystemExit(message)


if __name__ == "__main__":
    main(sys.argv[1])
