"""Writes a folder of objects that the Rust crate must open. Used by protocol/tests/interop.rs.

Reads from the folder: NAME.key (PKCS #8, DER) and NAME.pem (chain, leaf first) for author, hub, manager, licensing, consumer and its receiver; root.pem;
passport.cadpassport with passphrase.txt; wanted.json with times, ids, secrets and texts. Writes into FOLDER/written.
"""

import json
import pathlib
import sys

import cadenza_documents as documents
import cadenza_log as log
import cadenza_media
import cadenza_writer as writer
from cryptography import x509
from cryptography.hazmat.primitives import serialization


def main(folder):
    at = pathlib.Path(folder)
    out = at / "written"
    out.mkdir()
    wanted = json.loads((at / "wanted.json").read_text())
    now, media_id, voucher_id = wanted["now"], bytes.fromhex(wanted["media_id"]), bytes.fromhex(wanted["voucher_id"])
    receipt, nonce = bytes.fromhex(wanted["receipt"]), bytes.fromhex(wanted["nonce"])
    root = x509.load_pem_x509_certificate((at / "root.pem").read_bytes())
    author, hub, manager, licensing, player = (holder(at, n) for n in ("author", "hub", "manager", "licensing", "consumer"))
    receiver = holder(at, "receiver")
    encryption = receiver[1][0]

    keys = {0: b"\x11" * 32, 1: b"\x22" * 32}
    media, running = writer.author_part(media_id, items(wanted), keys, author, now)
    (out / "authored.cadenza").write_bytes(media)
    codes = [("product", "ML-0042"), ("isrc", "USRC17607839")]
    codes, running = writer.agency_block(media_id, running, ("GEMA", b"\xe6" * 32), codes, hub, now + 1)
    media += codes
    media += writer.publication_block(media_id, running, manager, licensing, now + 2)
    (out / "published.cadenza").write_bytes(media)
    (out / "free.cadenza").write_bytes(writer.free_part(media, cadenza_media.read_media(media, root)))
    media += writer.transaction_block(media_id, media, voucher_id, "lossless", keys, manager, player, encryption, bytes.fromhex(wanted["log"]) + (1).to_bytes(8, "big"), now)
    (out / "delivered.cadenza").write_bytes(media)

    delivery = {"id": wanted["server"], "host": "127.0.0.1", "https": 8443, "rtsps": 8322}
    track = {"voucher_id": voucher_id.hex(), "media_id": media_id.hex(), "delivery": delivery, "title": wanted["title"]}
    center = {name: documents.to_base64(bytes.fromhex(wanted[name])) for name in ("root", "merchant_key")}
    purchase = center | {"gift": True, "kind": "purchase", "issued": now, "expires": now + 60, "tracks": [track | {"part": "song", "receipt": documents.to_base64(receipt)}]}
    preview = center | {"kind": "preview", "issued": now, "expires": now + 60, "tracks": [track | {"part": "clip", "delivery": delivery | {"rtsp": 8554}}]}
    (out / "purchase.cadvoucher").write_bytes(documents.write_voucher(purchase, *manager))
    (out / "preview.cadvoucher").write_bytes(documents.write_voucher(preview, *manager))

    passport = (at / "passport.cadpassport").read_bytes()
    *_, registration_key = documents.read_passport(passport, root, (at / "passphrase.txt").read_text())
    (out / "relocked.cadpassport").write_bytes(documents.relock(passport, registration_key, wanted["new_passphrase"]))
    registration = documents.write_registration(player, receiver, wanted["owner"], licensing, b"\x33" * 32, now)
    (out / "registration.json").write_bytes(registration)

    chain = log.Chain(bytes.fromhex(wanted["log"]), bytes.fromhex(wanted["log_secret"]))
    contents = [(1, b""), (2, log.sale_content(wanted["sale"])), (3, log.preview_content(wanted["preview"])), (4, b"")]
    entries = [chain.append(kind, content) for kind, content in contents]
    (out / "audit.log-file").write_bytes(log.write_log_file(chain.log, entries))
    (out / "checkpoint.json").write_text(json.dumps(chain.checkpoint()))

    redeem = documents.write_redeem(voucher_id, media_id, receipt, wanted["server"], nonce, player, encryption)
    (out / "redeem.json").write_bytes(redeem)
    request = documents.write_signed({"at": now}, "cadenza/v1/passport-renewal", *player)
    (out / "renewal-request.json").write_bytes(request)


def holder(at, name):
    key = serialization.load_der_private_key((at / f"{name}.key").read_bytes(), None)
    return key, x509.load_pem_x509_certificates((at / f"{name}.pem").read_bytes())


def items(wanted):
    song, clip = bytes.fromhex(wanted["song"]), bytes.fromhex(wanted["clip"])
    return [
        writer.text_item(1, wanted["title"]),
        writer.text_item(14, wanted["lyrics"], "en", key=0),
        writer.graphic_item(1, "image/png", b"\x01\x02\x03"),
        writer.graphic_item(4, "application/octet-stream", b"\x32" * 20, key=0),
        writer.graphic_item(3, "image/png", b"\x05" * 40, "EU", "piano,ragtime"),
        *writer.image_items(parameters("preview-96", False), clip),
        *writer.image_items(parameters("lossless", True), song, key=1),
    ]


def parameters(quality, for_sale):
    p = {"quality": quality, "codec": 1, "sample_rate": 44_100, "channels": 2, "bits": 16, "bit_rate": 700_000, "frames": 441_000, "part": 1}
    p |= {"clip": (1000, 5000, 10_000, 500, 900), "for_sale": for_sale, "smpte": (1, 2, 3, 4, 25, 0), "play": 65_535, "record": 5}
    return p | {"export": 0, "watermark": "none-yet", "loudness": (-1400, -100), "index": [(0, 42), (44_100, 9000)]}


if __name__ == "__main__":
    main(sys.argv[1])
