//! Every code that a failure can bear, once: the window has words for each in every language, and both faces match on them.
//!
//! A code says what happened in a way that stays; what happened to which track, file or field is in the failure's data.
//! Servers send codes of their own. The ones that a listener can do something about are codes here too; of any other
//! the server's words are shown ([`Code::StoreRefused`]).

use std::fmt;

use serde::{Deserialize, Serialize};

/// One line for each code, so that the enum, [`Code::ALL`] and the text cannot disagree.
macro_rules! codes {
    ($($(#[doc = $met:literal])+ $name:ident = $text:literal,)+) => {
        /// What went wrong, as a stable word.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Code {
            $($(#[doc = $met])+ #[serde(rename = $text)] $name,)+
        }

        impl Code {
            /// All of them.
            pub const ALL: &'static [Code] = &[$(Code::$name,)+];

            /// Its text: kebab-case, and the same for good.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Code::$name => $text,)+
                }
            }
        }
    };
}

codes! {
    /// The track is in the library already, in this quality.
    AlreadyOwned = "already-owned",
    /// A delivery server begins with too many deliveries at once.
    Busy = "busy",
    /// The listener stopped it.
    Cancelled = "cancelled",
    /// Sound was to go to a file, and this build writes none.
    CaptureUnavailable = "capture-unavailable",
    /// The bank says no.
    CardDeclined = "card-declined",
    /// The card's month is over, the form or the bank says.
    CardExpired = "card-expired",
    /// The card's number, date or name cannot be right.
    CardInvalid = "card-invalid",
    /// An order of nothing.
    CartEmpty = "cart-empty",
    /// A server says that the passport's certificate has run out.
    CertificateExpired = "certificate-expired",
    /// A server says that the passport's certificate begins later: somebody's clock is wrong.
    CertificateNotYetValid = "certificate-not-yet-valid",
    /// A server says that the passport was withdrawn.
    CertificateRevoked = "certificate-revoked",
    /// The delivery server cannot ask the store behind it.
    ContentManagerUnreachable = "content-manager-unreachable",
    /// A delivery server is not the one that was promised, or grants something else.
    DeliveryNotTrusted = "delivery-not-trusted",
    /// Another program has the sound device.
    DeviceBusy = "device-busy",
    /// The system does not let us use the sound device.
    DeviceForbidden = "device-forbidden",
    /// The chosen sound device is not there.
    DeviceNotConnected = "device-not-connected",
    /// The sound device does not do what is needed.
    DeviceUnusable = "device-unusable",
    /// A disc is being written already.
    DiscBusy = "disc-busy",
    /// A disc without tracks.
    DiscEmpty = "disc-empty",
    /// A recording code that is none was to be written to a disc.
    DiscIsrc = "disc-isrc",
    /// Longer than the disc.
    DiscTooLong = "disc-too-long",
    /// More than 99 tracks on a disc.
    DiscTooManyTracks = "disc-too-many-tracks",
    /// A track could not be read while its disc was written.
    DiscTrack = "disc-track",
    /// A track of less than four seconds on a disc.
    DiscTrackTooShort = "disc-track-too-short",
    /// A disc image cannot be written there.
    DiscUnwritable = "disc-unwritable",
    /// What was read back is not what was written.
    DiscVerify = "disc-verify",
    /// The disk, or the person's share of it, is full.
    DiskFull = "disk-full",
    /// A delivery server sent the wrong bytes twice.
    DownloadDamaged = "download-damaged",
    /// The connection to a delivery server broke; what arrived is kept.
    DownloadFailed = "download-failed",
    /// A file is not what it should be.
    FileBroken = "file-broken",
    /// There is a file of that name, and it is not written over.
    FileExists = "file-exists",
    /// The system does not let us read a file.
    FileUnreadable = "file-unreadable",
    /// Another Cadenza has the home folder.
    HomeBusy = "home-busy",
    /// The home folder cannot be written, or there is none.
    HomeUnusable = "home-unusable",
    /// A bug of ours.
    Internal = "internal",
    /// A field of a form is missing or cannot be right; data `field` says which.
    InvalidForm = "invalid-form",
    /// The system has no key store to remember the passphrase in.
    KeychainAbsent = "keychain-absent",
    /// The system's key store failed.
    KeychainFailed = "keychain-failed",
    /// The system's key store is locked.
    KeychainLocked = "keychain-locked",
    /// The counts of limited plays and recordings were altered or are damaged.
    LedgerAltered = "ledger-altered",
    /// The library's index cannot be used.
    LibraryBroken = "library-broken",
    /// A link from outside that leads nowhere we know.
    LinkUnknown = "link-unknown",
    /// The store has no delivery server at work.
    NoDeliveryServer = "no-delivery-server",
    /// There is no passport here.
    NoPassport = "no-passport",
    /// Nothing was heard in time.
    NoSound = "no-sound",
    /// There is nothing to play on.
    NoSoundDevice = "no-sound-device",
    /// No store is chosen.
    NoStore = "no-store",
    /// All preview streams of the store are taken.
    NoStream = "no-stream",
    /// The track can be heard as a clip only.
    NoWholeSong = "no-whole-song",
    /// The purchase is not paid yet.
    NotAuthorized = "not-authorized",
    /// A later version will do it.
    NotAvailableYet = "not-available-yet",
    /// Not sold, or not in that quality.
    NotForSale = "not-for-sale",
    /// There is no such track, file, playlist entry or order.
    NotFound = "not-found",
    /// The whole preview did not arrive, so it was not kept.
    NotKept = "not-kept",
    /// What was said to recover a passport fits no registration.
    NotRecognised = "not-recognised",
    /// The track was bought with another passport.
    NotYours = "not-yours",
    /// The track was bought or redeemed before and has not arrived yet.
    OnItsWay = "on-its-way",
    /// The prices changed while the order was on its way; nothing was charged.
    OrderOtherPrices = "order-other-prices",
    /// The computer's clock is more than ten minutes off; nothing was charged.
    OrderOtherTime = "order-other-time",
    /// The order was refunded: nothing more of it is delivered.
    OrderRefunded = "order-refunded",
    /// The order was given up; nothing was charged.
    OrderRefused = "order-refused",
    /// The order left, and no answer came.
    OrderUncertain = "order-uncertain",
    /// The list of past orders was damaged and is set aside.
    OrdersDamaged = "orders-damaged",
    /// The store belongs to another licensing center than the passport.
    OtherLicensingCenter = "other-licensing-center",
    /// The passphrase was not typed the same way twice.
    PassphrasesDiffer = "passphrases-differ",
    /// The passport file is damaged or was altered.
    PassportBroken = "passport-broken",
    /// There is a passport here already.
    PassportExists = "passport-exists",
    /// The passport has run out: it plays and does not buy.
    PassportExpired = "passport-expired",
    /// The passport has to be opened first.
    PassportLocked = "passport-locked",
    /// The bank did not answer; nothing was charged.
    PaymentTimeout = "payment-timeout",
    /// The payment is not confirmed yet; the same order again is charged once.
    PaymentUnconfirmed = "payment-unconfirmed",
    /// No more tracks fit into the playlist.
    PlaylistFull = "playlist-full",
    /// Not a name for a playlist.
    PlaylistName = "playlist-name",
    /// The playlist has no such place.
    PlaylistPlace = "playlist-place",
    /// There is a playlist of that name.
    PlaylistTaken = "playlist-taken",
    /// There is no such playlist.
    PlaylistUnknown = "playlist-unknown",
    /// The price is not what was shown; nothing was charged.
    PriceChanged = "price-changed",
    /// No failure: what was bought is ready to play.
    PurchaseReady = "purchase-ready",
    /// Purchases that were to count towards an album were paid back, or are another passport's.
    PurchasesNotCounted = "purchases-not-counted",
    /// The sound device and the track have rates that do not go together.
    RateUnsupported = "rate-unsupported",
    /// Its author does not let the track be recorded (any more).
    RecordNotAllowed = "record-not-allowed",
    /// The licensing center did not renew the passport.
    RenewalRefused = "renewal-refused",
    /// The store cannot find out which passports were withdrawn.
    RevocationUnknown = "revocation-unknown",
    /// The source of a track cannot go to that position.
    SeekFailed = "seek-failed",
    /// The settings file is not understood.
    SettingsBroken = "settings-broken",
    /// A delivery server's challenge has lapsed, twice in a row.
    StaleChallenge = "stale-challenge",
    /// Not the address of a store.
    StoreAddress = "store-address",
    /// A server's answer is not what the interface says.
    StoreGarbled = "store-garbled",
    /// A server's certificate is not good for what it was asked.
    StoreNotTrusted = "store-not-trusted",
    /// A server said no for a reason that is none of these; its own code is in data `server-code`, the words are its.
    StoreRefused = "store-refused",
    /// The store's root certificate is missing or damaged.
    StoreRoot = "store-root",
    /// The store that comes along cannot start.
    StoreStart = "store-start",
    /// The store cannot reach its music.
    StoreUnavailable = "store-unavailable",
    /// A server cannot be reached or does not answer.
    StoreUnreachable = "store-unreachable",
    /// A preview broke off.
    StreamFailed = "stream-failed",
    /// A delivery server does not know its approval any more.
    TicketExpired = "ticket-expired",
    /// The licensing center was asked too often.
    TooManyAttempts = "too-many-attempts",
    /// A track's audio is damaged.
    TrackDamaged = "track-damaged",
    /// A track needs a key that is not at hand.
    TrackLocked = "track-locked",
    /// A track's file is not where it was.
    TrackMissing = "track-missing",
    /// A track's file cannot be read.
    TrackUnreadable = "track-unreadable",
    /// A kind of audio that is not supported.
    TrackUnsupported = "track-unsupported",
    /// The store does not have the track.
    UnknownMedia = "unknown-media",
    /// The store does not know the voucher.
    UnknownVoucher = "unknown-voucher",
    /// Its author does not let the track be played (any more), or it has no audio that can be.
    Unplayable = "unplayable",
    /// A voucher is not as the store made it.
    VoucherAltered = "voucher-altered",
    /// A voucher is damaged, or of a kind or version that is no use here.
    VoucherBroken = "voucher-broken",
    /// A voucher has run out.
    VoucherExpired = "voucher-expired",
    /// A voucher completes an album for another passport.
    VoucherForAnother = "voucher-for-another",
    /// A voucher for listening was brought where a purchase is needed.
    VoucherPreview = "voucher-preview",
    /// A purchase was refunded: nothing more of it is delivered.
    VoucherRefunded = "voucher-refunded",
    /// A voucher was redeemed with another passport.
    VoucherUsed = "voucher-used",
    /// The passphrase is too easy to guess.
    WeakPassphrase = "weak-passphrase",
    /// A file cannot be written.
    WriteFailed = "write-failed",
    /// The passphrase does not open the passport.
    WrongPassphrase = "wrong-passphrase",
}

/// What a server may say in its own name; whatever else it sends cannot pass for a code of ours.
const FROM_SERVERS: &[Code] = &[
    Code::Busy,
    Code::CardDeclined,
    Code::CardExpired,
    Code::CertificateExpired,
    Code::CertificateNotYetValid,
    Code::CertificateRevoked,
    Code::ContentManagerUnreachable,
    Code::InvalidForm,
    Code::NoDeliveryServer,
    Code::NoStream,
    Code::NoWholeSong,
    Code::NotAuthorized,
    Code::NotForSale,
    Code::NotFound,
    Code::NotRecognised,
    Code::OrderOtherPrices,
    Code::OrderOtherTime,
    Code::OrderRefunded,
    Code::OrderRefused,
    Code::PaymentTimeout,
    Code::PaymentUnconfirmed,
    Code::PriceChanged,
    Code::PurchasesNotCounted,
    Code::RenewalRefused,
    Code::RevocationUnknown,
    Code::StaleChallenge,
    Code::StoreUnavailable,
    Code::TicketExpired,
    Code::TooManyAttempts,
    Code::UnknownMedia,
    Code::UnknownVoucher,
    Code::VoucherExpired,
    Code::VoucherForAnother,
    Code::VoucherRefunded,
    Code::VoucherUsed,
];

impl Code {
    /// The code that a server sent; none for a word that is not its to say, or that we do not know.
    #[must_use]
    pub fn from_server(word: &str) -> Option<Self> {
        FROM_SERVERS.iter().copied().find(|code| code.as_str() == word)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn a_code_is_one_kebab_case_word_and_none_has_two() {
        for (at, code) in Code::ALL.iter().enumerate() {
            let text = code.as_str();
            assert!(text.split('-').all(|part| part.bytes().all(|b| b.is_ascii_lowercase())), "{text}");
            assert!(Code::ALL[..at].iter().all(|other| other.as_str() < text), "{text} is out of order");
            assert_eq!(serde_json::to_string(code).unwrap(), format!("\"{text}\""));
        }
    }

    #[test]
    fn a_server_cannot_send_a_code_that_is_ours_alone() {
        assert_eq!(Code::from_server("voucher-used"), Some(Code::VoucherUsed));
        assert_eq!(Code::from_server("wrong-passphrase"), None);
        assert_eq!(Code::from_server("out-of-biscuits"), None);
    }

    /// A code that nobody sends would keep its words in the window for good.
    #[test]
    fn every_code_is_made_somewhere_or_sent_by_a_server() {
        let ours = sources(&["player-core/src", "src-tauri/src"]);
        let servers = sources(&["reference-server/src", "protocol/src"]);
        for code in Code::ALL {
            let sent = FROM_SERVERS.contains(code);
            assert!(
                !sent || servers.iter().any(|text| text.contains(&format!("\"{code}\""))),
                "no server sends {code}: take it out of FROM_SERVERS"
            );
            assert!(
                sent || ours.iter().any(|text| makes(text, &format!("Code::{code:?}"))),
                "nobody makes {code}: take it out"
            );
        }
    }

    /// Whether `name` stands there as a value, not only in a comparison or a pattern.
    fn makes(text: &str, name: &str) -> bool {
        text.match_indices(name).any(|(at, _)| {
            let (before, after) = (text[..at].trim_end(), text[at + name.len()..].trim_start());
            let whole = !text[at + name.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
            let compared = ["==", "!=", "|", "Some("].iter().any(|sign| before.ends_with(sign))
                || ["=>", "|", "if "].iter().any(|sign| after.starts_with(sign));
            whole && !compared
        })
    }

    /// The files below these folders of the repository, without this one and without their tests.
    fn sources(folders: &[&str]) -> Vec<String> {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a crate has a folder above");
        let mut open: Vec<_> = folders.iter().map(|folder| repository.join(folder)).collect();
        let mut texts = Vec::new();
        while let Some(path) = open.pop() {
            if path.is_dir() {
                open.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("error/code.rs") {
                let text = fs::read_to_string(path).unwrap();
                texts.push(text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned());
            }
        }
        texts
    }
}
