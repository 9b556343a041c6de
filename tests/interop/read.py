"""Reads a folder of objects with the second reader and prints what it found as JSON.

The folder holds root.pem, media.cadenza (delivered), passport.cadpassport, passphrase.txt, voucher.cadvoucher. The media keys are taken from
the transaction block with the passport's private key. Used by protocol/tests/interop.rs.
"""

import hashlib
import json
import pathlib
import sys

import cadenza_formats as formats
from cryptography import x509


def main(folder):
    at = pathlib.Path(folder)
    root = x509.load_pem_x509_certificate((at / "root.pem").read_bytes())
    passphrase = (at / "passphrase.txt").read_text()
    private_key, personal, holder = formats.read_passport((at / "passport.cadpassport").read_bytes(), root, passphrase)
    stored = (at / "media.cadenza").read_bytes()
    media = formats.read_media(stored, root)
    deal = media.transaction
    label = formats.purchase_label(media.media_id, deal["voucher_id"], holder)
    keys = formats.unwrap_bundle(private_key, deal["wrapped_keys"], label)
    _, image = media.images[deal["quality"]]
    voucher = formats.read_voucher((at / "voucher.cadvoucher").read_bytes())
    noticed = altered(stored, root)
    found = {
        "title": media.text(1),
        "lyrics": media.text(14, keys),
        "parameters": {name: p for name, (p, _) in media.images.items()},
        "image_sha256": hashlib.sha256(media.content(image, keys)).hexdigest(),
        "owner": personal["name"],
        "voucher_tracks": len(voucher["tracks"]),
        "altered_bytes_noticed": noticed,
    }
    json.dump(found, sys.stdout)


def altered(stored, root):
    """Every 61st byte flipped in turn; all must be refused."""
    count = 0
    for at in range(0, len(stored), 61):
        broken = bytearray(stored)
        broken[at] ^= 0x20
        try:
            formats.read_media(bytes(broken), root)
        except Exception:
            count += 1
        else:
            raise SystemExit(f"byte {at} was altered unnoticed")
    return count


if __name__ == "__main__":
    main(sys.argv[1])
