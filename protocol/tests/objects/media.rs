//! The media data file as its author makes it (O1 to O4).

use std::io::{Cursor, Read};

use cadenza_protocol::cert::{CertificateError, Role};
use cadenza_protocol::media::*;

use crate::alter::{MASKS, nothing_passes};
use crate::support::made::{CLIP, SONG, authored};
use crate::support::samples::parameters;
use crate::support::{Center, NOW};

#[test]
fn a_media_file_gives_back_what_the_author_put_in() {
    // O1, O2, O3, O4
    let center = Center::new();
    let made = authored(&center.certify(Role::Author));
    let mut file = MediaFile::open(Cursor::new(&made.bytes), &center.root).unwrap();
    assert_eq!(*file.media_id(), made.id);
    assert_eq!(file.published_length(), made.bytes.len() as u64);
    assert_eq!(file.text(TextKind::Title).unwrap().as_deref(), Some("Maple Leaf Rag"));
    assert_eq!(file.text(TextKind::Album).unwrap(), None);
    assert!(matches!(file.text(TextKind::Lyrics), Err(MediaError::Locked { .. })));
    assert_eq!(file.text_with_keys(TextKind::Lyrics, &made.keys).unwrap().as_deref(), Some("(hummed)"));
    assert_eq!(file.graphic(GraphicKind::Cover).unwrap().unwrap().bytes, [1, 2, 3, 4]);
    assert!(matches!(file.graphic(GraphicKind::Waveform), Err(MediaError::Locked { .. })));
    let bars = file.graphic_with_keys(GraphicKind::Waveform, &made.keys).unwrap().unwrap();
    assert_eq!(bars.bytes, [50; 20]);
    assert_eq!(file.image("lossless").unwrap().parameters, parameters("lossless", true));
    assert!(file.image("preview-96").unwrap().key.is_none());

    let mut clip = Vec::new();
    file.open_image("preview-96", None).unwrap().read_to_end(&mut clip).unwrap();
    assert_eq!(clip, CLIP);
    assert!(matches!(file.open_image("lossless", None), Err(MediaError::Locked { .. })));
    let mut song = Vec::new();
    file.open_image("lossless", Some(&made.keys)).unwrap().read_to_end(&mut song).unwrap();
    assert_eq!(song, SONG);
    file.verify_all().unwrap();
}

#[test]
fn the_stored_file_shows_nothing_of_the_encrypted_parts() {
    // O2, C1
    let center = Center::new();
    let bytes = authored(&center.certify(Role::Author)).bytes;
    let contains = |needle: &[u8]| bytes.windows(needle.len()).any(|w| w == needle);
    assert!(contains(b"Maple Leaf Rag") && contains(CLIP));
    assert!(!contains(b"(hummed)") && !contains(&SONG[..16]) && !contains(&[50; 16]));
}

#[test]
fn every_altered_byte_and_every_cut_of_a_media_file_is_noticed() {
    // F5, O1
    let center = Center::new();
    let bytes = authored(&center.certify(Role::Author)).bytes;
    nothing_passes("media file, as authored", &bytes, &MASKS, &[], |bytes| {
        MediaFile::open(Cursor::new(bytes), &center.root).and_then(|mut file| file.verify_all()).is_ok()
    });
}

#[test]
fn an_altered_item_is_named_and_nothing_of_it_is_shown() {
    // O1, F5
    let center = Center::new();
    let made = authored(&center.certify(Role::Author));
    let toc: Vec<TocEntry> =
        MediaFile::open(Cursor::new(&made.bytes), &center.root).unwrap().toc().iter().cloned().collect();
    for entry in &toc {
        let mut bytes = made.bytes.clone();
        bytes[usize::try_from(entry.offset + entry.length / 2).unwrap()] ^= 1;
        let wanted = format!("the {} in this media file was altered; download it again", entry.words());
        let mut file = match MediaFile::open(Cursor::new(&bytes), &center.root) {
            Ok(file) => file,
            Err(error) => {
                // Parameters are read when the file is opened.
                assert_eq!((entry.kind, error.to_string()), (ItemKind::Audio(AudioKind::Parameters), wanted));
                continue;
            }
        };
        assert_eq!(file.verify_all().unwrap_err().to_string(), wanted);
        assert_eq!(file.item(entry, Some(&made.keys)).unwrap_err().to_string(), wanted);
    }
    println!("{} items altered, each named", toc.len());
}

#[test]
fn an_altered_song_plays_up_to_its_altered_chunk_and_no_further() {
    // F5, C1, M1
    let center = Center::new();
    let author = center.certify(Role::Author);
    let song: Vec<u8> = (0..50_000u32).map(|i| (i % 251) as u8).collect();
    let mut builder = MediaBuilder::new(cadenza_protocol::id::MediaId::random());
    builder.image(&parameters("lossless", true), song.clone());
    let mut bytes = Vec::new();
    let keys = builder.finish(&mut bytes, &author.key, &author.chain, NOW).unwrap();
    let image =
        MediaFile::open(Cursor::new(&bytes), &center.root).unwrap().image("lossless").unwrap().clone();
    for chunk in 0..4 {
        let mut altered = bytes.clone();
        altered[usize::try_from(image.offset).unwrap() + 56 + chunk * 16_400 + 30] ^= 0x10;
        let mut file = MediaFile::open(Cursor::new(&altered), &center.root).unwrap();
        let mut played = Vec::new();
        let end = file.open_image("lossless", Some(&keys)).unwrap().read_to_end(&mut played);
        let message = end.unwrap_err().to_string();
        assert_eq!(message, format!("chunk {chunk} of the encrypted part was altered; download it again"));
        assert_eq!(played, song[..chunk * 16_384]);
    }
}

#[test]
fn a_second_text_of_one_kind_and_language_is_refused_where_it_is_written() {
    // O1
    let center = Center::new();
    let author = center.certify(Role::Author);
    let write = |kind, languages: [&str; 2]| {
        let mut builder = MediaBuilder::new(cadenza_protocol::id::MediaId::random());
        for language in languages {
            builder.text(kind, language, "text", Protection::Clear);
        }
        builder.finish(Vec::new(), &author.key, &author.chain, NOW)
    };
    assert!(write(TextKind::Lyrics, ["en", "en"]).is_err());
    assert!(write(TextKind::Lyrics, ["en", "de"]).is_ok());
    assert!(write(TextKind::Other, ["en", "en"]).is_ok());
}

#[test]
fn a_media_file_signed_by_someone_who_is_no_author_is_refused() {
    // C5, F7
    let center = Center::new();
    let bytes = authored(&center.certify(Role::Consumer)).bytes;
    let error = MediaFile::open(Cursor::new(&bytes), &center.root).unwrap_err();
    assert!(matches!(error, MediaError::Author(CertificateError::WrongRole { .. })), "{error}");
    let bytes = authored(&Center::new().certify(Role::Author)).bytes;
    let error = MediaFile::open(Cursor::new(&bytes), &center.root).unwrap_err();
    assert!(matches!(error, MediaError::Author(CertificateError::Forged { .. })), "{error}");
}
