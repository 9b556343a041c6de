//! A bought file opened by somebody who knows only the formats: passport, transaction block, key,
//! image. The player is not asked, so this checks that what it writes is what the formats say.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use cadenza_protocol::cert::Certificate;
use cadenza_protocol::crypto::wrap::{KeyBundle, WrapLabel};
use cadenza_protocol::media::{ImageReader, MediaFile};
use cadenza_protocol::passport::Passport;
use cadenza_protocol::secret::Passphrase;

use crate::player::{PASSPHRASE, TestPlayer};
use crate::store::TestStore;

/// A bought file and the keys to it.
#[derive(Debug)]
pub struct Purchase {
    media: MediaFile<File>,
    keys: KeyBundle,
}

impl Purchase {
    /// Opens a file of this player's music folder with the player's passport.
    pub fn open(store: &TestStore, player: &TestPlayer, file: &Path) -> Self {
        let pem = std::fs::read_to_string(store.ready("root_cert")).expect("the root certificate");
        let root = Certificate::from_pem(&pem).expect("PEM");
        let passport = std::fs::read(player.home().join("passport.cadpassport")).expect("a passport");
        let passport = Passport::from_json(&passport, &root).expect("signed by the licensing center");
        let passphrase = Passphrase::new(PASSPHRASE.to_owned());
        let passport = passport.unlock(&passphrase).expect("the right passphrase");

        let media = MediaFile::open(File::open(file).expect("a bought file"), &root).expect("signed");
        let block = media.transaction().expect("a delivered file carries its transaction");
        block.verify(&root, media.media_id()).expect("both signatures hold");
        let grant = &block.facts.grant;
        let label =
            WrapLabel::purchase(media.media_id(), &grant.voucher_id, &passport.encryption().fingerprint());
        let keys = passport.unwrap_keys(&block.facts.wrapped_keys, &label).expect("wrapped to this buyer");
        Self { media, keys }
    }

    /// Checks every byte against what the author signed.
    pub fn verify(&mut self) {
        self.media.verify_all().expect("every item is as its author signed it");
    }

    /// A reader of one image's clear bytes, decrypting as it goes.
    pub fn into_image(self, quality: &str) -> ImageReader<File> {
        self.media.into_image(quality, Some(&self.keys)).expect("the image that was bought")
    }

    /// The clear bytes of one image: a normal FLAC or Ogg Opus file.
    pub fn image(self, quality: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.into_image(quality).read_to_end(&mut bytes).expect("the whole image decrypts");
        bytes
    }
}
