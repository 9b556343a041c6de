//! A whole media file: as a stranger's bytes, and as an author with a genuine certificate would write it to do harm.
//!
//! The first byte chooses. Everything that a player or a server does with a file is then done with it.
#![no_main]

use std::io::{Cursor, Read, Seek, SeekFrom};

use cadenza_fuzz::{center, insider};
use cadenza_protocol::crypto::wrap::KeyBundle;
use cadenza_protocol::media::{GraphicKind, MediaFile, TextKind};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((which, rest)) = data.split_first() else { return };
    match which % 2 {
        0 => use_file(rest),
        _ => {
            if let Some(file) = insider::media_file(rest) {
                use_file(&file);
            }
        }
    }
});

fn use_file(bytes: &[u8]) {
    let Ok(mut file) = MediaFile::open(Cursor::new(bytes), center::root()) else { return };
    let keys = insider::keys();
    assert!(file.published_length() <= bytes.len() as u64);
    let more = file.transaction().is_some() || !file.absent().is_empty();
    assert_eq!(more, file.published_length() < bytes.len() as u64);
    let mut free = Vec::new();
    if file.write_free_part(&mut free).is_ok() {
        let part =
            MediaFile::open(Cursor::new(free.as_slice()), center::root()).expect("what was written is read");
        assert!(part.transaction().is_none());
    }
    for kind in TextKind::ALL {
        let _ = file.text(*kind);
        let _ = file.text_with_keys(*kind, &keys);
    }
    for kind in GraphicKind::ALL {
        let _ = file.graphic(*kind);
        let _ = file.graphic_with_keys(*kind, &keys);
    }
    for entry in file.toc().clone().iter() {
        let _ = (entry.words(), file.item(entry, Some(&keys)));
    }
    for image in file.images().to_vec() {
        let _ = image.duration_ms();
        let place = image.seek_point(image.frames / 2);
        read_image(&mut file, &image.quality, None, place.offset);
        read_image(&mut file, &image.quality, Some(&keys), place.offset);
    }
    let _ = file.verify_all();
}

fn read_image(file: &mut MediaFile<Cursor<&[u8]>>, quality: &str, keys: Option<&KeyBundle>, offset: u64) {
    let Ok(mut reader) = file.open_image(quality, keys) else { return };
    let length = reader.seek(SeekFrom::End(0)).unwrap_or(0);
    for place in [0, offset, length.saturating_sub(1)] {
        if reader.seek(SeekFrom::Start(place)).is_ok() {
            let _ = reader.by_ref().take(40_000).read_to_end(&mut Vec::new());
        }
    }
}
