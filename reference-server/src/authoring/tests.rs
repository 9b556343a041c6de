//! One recording from WAV to media file and back.

use std::io::{Read, Seek, SeekFrom};
use std::process::Command;

use cadenza_encode::{Recording, measure};
use cadenza_protocol::cert::Role;
use cadenza_protocol::crypto::wrap::{RsaPrivateKey, WrapLabel};
use cadenza_protocol::media::{Codec, GraphicKind, MediaFile, Part, TextKind};

use super::*;
use crate::licensing::authority::{Authority, Subject};
use crate::licensing::keys::rsa_3072;

const NOW: UnixTime = UnixTime(1_790_000_000);

/// Twelve seconds of two tones, 16 bit stereo, 44.1 kHz.
fn recording() -> Vec<i16> {
    let tone = |i: u32, hz: f64| (f64::from(i) * hz * std::f64::consts::TAU / 44_100.0).sin() * 12_000.0;
    (0..44_100 * 12).flat_map(|i| [tone(i, 440.0) as i16, tone(i, 554.4) as i16]).collect()
}

fn wav(samples: &[i16]) -> Vec<u8> {
    let data: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + data.len() as u32).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x02\0\x44\xac\0\0\x10\xb1\x02\0\x04\0\x10\0data");
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(data);
    bytes
}

const ABOUT: &str = r#"
title = "Two Tones"
artist = "The Oscillators"
album = "Bench"
lyrics = "[00:01.00] aaah"
liner_notes = "Recorded on a bench."
[clip]
start = 2.0
duration = 5.0
fade_in = 0.5
fade_out = 1.0
[restrictions]
record = 3
"#;

fn account() -> (Authority, Identity) {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::open(folder.path(), &crate::rest::Vault::default(), NOW).unwrap();
    let subject = Subject { name: "The Oscillators".into(), role: Role::Author, hosts: vec![] };
    let identity = authority.issue_identity(&subject, rsa_3072().unwrap(), NOW).unwrap();
    (authority, identity)
}

#[test]
fn a_recording_becomes_a_media_file_and_comes_out_bit_for_bit() {
    // S8, O4
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("song.wav"), wav(&recording())).unwrap();
    std::fs::write(at("about.toml"), ABOUT).unwrap();
    let (authority, account) = account();
    let options = AuthorOptions { input: at("song.wav"), about: at("about.toml"), out: at("song.cadenza") };
    let authored = author(&options, &account, NOW).unwrap();

    let file = std::fs::File::open(at("song.cadenza")).unwrap();
    assert_eq!(file.metadata().unwrap().len(), authored.bytes);
    let mut media = MediaFile::open(file, authority.root()).unwrap();
    media.verify_all().unwrap();
    assert_eq!(media.text(TextKind::Title).unwrap().as_deref(), Some("Two Tones"));
    assert!(media.text(TextKind::Lyrics).is_err(), "lyrics are for buyers");
    assert_eq!(media.graphic(GraphicKind::Waveform).unwrap().unwrap().bytes.len(), measure::BARS);

    // The previews hold the clip only, to the frame.
    let preview = media.image("preview-96").unwrap();
    assert_eq!((preview.codec, preview.part, preview.frames), (Codec::OggOpus, Part::Clip, 5 * 48_000));
    assert!(preview.index.len() >= 5 && !preview.for_sale && preview.key.is_none());

    // With the author's keys the lossless image is a FLAC file with the recording's own samples.
    let keys: AuthorKeys =
        serde_json::from_slice(&std::fs::read(keys_path(&at("song.cadenza"))).unwrap()).unwrap();
    let own = account.chain().leaf();
    let handed = keys.hand_over(&account, own).unwrap();
    let private = RsaPrivateKey::from_pkcs8_der(account.key_pkcs8()).unwrap();
    let bundle = private.unwrap_keys(&handed, &WrapLabel::custody(&keys.media_id, own)).unwrap();
    let seek = media.image("lossless").unwrap().seek_point(6 * 44_100);
    let mut image = media.open_image("lossless", Some(&bundle)).unwrap();
    let mut flac = Vec::new();
    image.read_to_end(&mut flac).unwrap();
    std::fs::write(at("clear.flac"), &flac).unwrap();
    let back = Recording::read(&at("clear.flac")).unwrap();
    let original: Vec<i32> = recording().into_iter().map(i32::from).collect();
    assert!(back.samples == original, "the lossless image differs from the recording");
    image.seek(SeekFrom::Start(seek.offset)).unwrap();
    let mut sync = [0; 2];
    image.read_exact(&mut sync).unwrap();
    assert!(sync[0] == 0xff && sync[1] & 0xfc == 0xf8, "the index points at a FLAC frame");
    let test = Command::new("flac").args(["-t", "-s"]).arg(at("clear.flac")).status();
    assert!(test.is_err() || test.is_ok_and(|s| s.success()), "flac -t refuses the image");
}

// O2, O3
#[test]
fn a_time_code_an_advertisement_and_a_cover_for_buyers_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("song.wav"), wav(&recording())).unwrap();
    image::RgbImage::from_pixel(8, 8, image::Rgb([200, 30, 30])).save(at("cover.png")).unwrap();
    image::RgbImage::from_pixel(8, 8, image::Rgb([30, 30, 200])).save(at("ad.png")).unwrap();
    let about = "smpte = \"01:02:03;04@30\"\ncover = \"cover.png\"\nadvertisement = [\"ad.png\"]\n";
    let about = format!("{about}{ABOUT}\n[encrypt]\nitems = [\"cover\", \"advertisement\"]\n");
    std::fs::write(at("about.toml"), about).unwrap();
    let (authority, account) = account();
    let options = AuthorOptions { input: at("song.wav"), about: at("about.toml"), out: at("song.cadenza") };
    author(&options, &account, NOW).unwrap();

    let mut media =
        MediaFile::open(std::fs::File::open(at("song.cadenza")).unwrap(), authority.root()).unwrap();
    let code = media.image("lossless").unwrap().smpte.unwrap();
    assert_eq!((code.hours, code.frames, code.frames_per_second, code.drop_frame), (1, 4, 30, true));
    assert_eq!(media.image("preview-96").unwrap().smpte, None, "a clip begins at another time");
    assert!(media.text(TextKind::Lyrics).unwrap().is_some(), "not named, so free to read");
    let keys = AuthorKeys::load(&at("song.cadenza")).unwrap();
    let own = account.chain().leaf();
    let private = RsaPrivateKey::from_pkcs8_der(account.key_pkcs8()).unwrap();
    let handed = keys.hand_over(&account, own).unwrap();
    let bundle = private.unwrap_keys(&handed, &WrapLabel::custody(&keys.media_id, own)).unwrap();
    for (kind, name) in [(GraphicKind::Cover, "cover.png"), (GraphicKind::Advertisement, "ad.png")] {
        assert!(media.graphic(kind).is_err(), "{name} is for buyers");
        let opened = media.graphic_with_keys(kind, &bundle).unwrap().unwrap();
        assert_eq!(opened.bytes, std::fs::read(at(name)).unwrap());
    }
}

#[test]
fn a_description_that_makes_no_sense_is_refused_and_nothing_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("song.wav"), wav(&recording())).unwrap();
    let (_, account) = account();
    for (wrong, wanted) in [
        ("title = \"x\"", "missing field `artist`"),
        ("title = \"x\"\nartist = \"y\"\nartits = \"z\"", "unknown field"),
        ("title = \"x\"\nartist = \"y\"\n[clip]\nstart = 10.0", "must end within the song"),
        ("title = \"x\\u001b[2J\"\nartist = \"y\"", "title: is one line"),
        ("title = \"x\"\nartist = \"y\"\nalbum = \"two\\nlines\"", "album: is one line"),
        ("title = \"x\"\nartist = \"y\"\nisrc = \"no\"", "ISO 3901"),
        ("title = \"x\"\nartist = \"y\"\nsmpte = \"01:02:03:04\"", "HH:MM:SS:FF@RATE"),
        ("title = \"x\"\nartist = \"y\"\nadvertisement = [\"none.png\"]", "cannot be read"),
        ("title = \"x\"\nartist = \"y\"\n[encrypt]\nitems = [\"title\"]", "cover, advertisement"),
    ] {
        std::fs::write(at("about.toml"), wrong).unwrap();
        let options =
            AuthorOptions { input: at("song.wav"), about: at("about.toml"), out: at("song.cadenza") };
        let error = author(&options, &account, NOW).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
    }
    let options = AuthorOptions { input: at("about.toml"), about: at("about.toml"), out: at("song.cadenza") };
    assert!(author(&options, &account, NOW).is_err());
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}
