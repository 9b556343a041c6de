//! Making every version of a recording and putting them into a media file in their final order: texts and pictures first, then
//! previews, then what is for sale.

use cadenza_encode::{Recording, flac, measure, opus};
use cadenza_protocol::id::MediaId;
use cadenza_protocol::media::{
    ClipTimes, Codec, GraphicKind, ImageParameters, Loudness, MediaBuilder, Part, Protection, Restrictions,
    SmpteTimestamp, TextKind,
};
use cadenza_protocol::shop::list;

use super::about::{About, Facts, opus_kbps};
use super::{AboutError, AuthoringError};

/// Encodes and collects; writing and signing is the builder's.
pub fn assemble(
    media_id: MediaId,
    about: &About,
    recording: &Recording,
) -> Result<MediaBuilder, AuthoringError> {
    let clip = clip_times(about, recording)?;
    let (restrictions, loudness) = (about.restrictions()?, measure::loudness(recording));
    let common = Common { clip, restrictions, loudness, smpte: about.smpte() };
    let at_frame = |ms: u32| u64::from(ms) * u64::from(recording.rate) / 1000;
    let clip_samples =
        recording.floats(at_frame(clip.start_ms), at_frame(clip.start_ms) + at_frame(clip.duration_ms));

    let mut builder = MediaBuilder::new(media_id);
    add_texts(&mut builder, about);
    add_pictures(&mut builder, about);
    let bars = measure::waveform(&clip_samples, recording.channels);
    builder.graphic(GraphicKind::Waveform, "application/octet-stream", bars, Protection::Clear);

    let q = &about.facts.qualities;
    let failed = |quality: &str| {
        let quality = quality.to_owned();
        move |reason| AuthoringError::Encode { quality, reason }
    };
    let to_48k = |samples| opus::to_48k(samples, recording.channels, recording.rate);
    let whole = || to_48k(recording.floats(0, recording.frames()));
    let (part, preview) = match q.previews_part.as_str() {
        "song" => (Part::Song, whole()),
        _ => (Part::Clip, to_48k(clip_samples)),
    };
    let preview = preview.map_err(failed("preview"))?;
    for kbps in &q.previews {
        let quality = format!("preview-{kbps}");
        let file = opus::encode(&preview, recording.channels, *kbps).map_err(failed(&quality))?;
        add_opus(&mut builder, &common, (quality, *kbps), part, recording.channels, file);
    }
    if let Some(kbps) = opus_kbps(&q.lossy) {
        let samples = whole().map_err(failed("lossy"))?;
        let file = opus::encode(&samples, recording.channels, kbps).map_err(failed("lossy"))?;
        add_opus(&mut builder, &common, ("lossy".into(), kbps), Part::Song, recording.channels, file);
    }
    if q.lossless == "flac" {
        let (bytes, index) = flac::encode(recording).map_err(failed("lossless"))?;
        let parameters = ImageParameters {
            codec: Codec::Flac,
            sample_rate: recording.rate,
            bits: recording.bits,
            bit_rate: bit_rate(bytes.len(), recording.frames(), recording.rate),
            frames: recording.frames(),
            index,
            ..common.parameters("lossless".into(), Part::Song, recording.channels, true)
        };
        builder.image(&parameters, bytes);
    }
    Ok(builder)
}

/// What all images of a file share.
struct Common {
    clip: ClipTimes,
    restrictions: Restrictions,
    loudness: Option<Loudness>,
    smpte: Option<SmpteTimestamp>,
}

impl Common {
    fn parameters(&self, quality: String, part: Part, channels: u8, for_sale: bool) -> ImageParameters {
        ImageParameters {
            quality,
            codec: Codec::OggOpus,
            sample_rate: opus::RATE,
            channels,
            bits: 0,
            bit_rate: 0,
            frames: 0,
            part,
            clip: self.clip,
            for_sale,
            // it is the time of the song's first frame; a clip begins elsewhere
            smpte: self.smpte.filter(|_| part == Part::Song),
            restrictions: self.restrictions,
            watermark: None,
            loudness: self.loudness,
            index: Vec::new(),
        }
    }
}

fn add_opus(
    builder: &mut MediaBuilder,
    common: &Common,
    (quality, kbps): (String, u32),
    part: Part,
    channels: u8,
    file: opus::OpusFile,
) {
    let for_sale = quality == "lossy";
    let parameters = ImageParameters {
        bit_rate: kbps * 1000,
        frames: file.frames,
        index: file.index,
        ..common.parameters(quality, part, channels, for_sale)
    };
    builder.image(&parameters, file.bytes);
}

fn bit_rate(bytes: usize, frames: u64, rate: u32) -> u32 {
    u32::try_from(bytes as u64 * 8 * u64::from(rate) / frames.max(1)).unwrap_or(u32::MAX)
}

/// The clip in whole milliseconds; it must lie within the song.
fn clip_times(about: &About, recording: &Recording) -> Result<ClipTimes, AboutError> {
    let ms = |seconds: f64| (seconds * 1000.0).round() as u32;
    let clip = &about.facts.clip;
    let song_ms = u32::try_from(recording.duration_ms()).unwrap_or(u32::MAX);
    let times = ClipTimes {
        start_ms: ms(clip.start),
        duration_ms: ms(clip.duration),
        song_ms,
        fade_in_ms: ms(clip.fade_in),
        fade_out_ms: ms(clip.fade_out),
    };
    if times.start_ms.saturating_add(times.duration_ms) > song_ms {
        return Err(about.invalid("clip", &format!("must end within the song, which lasts {song_ms} ms")));
    }
    Ok(times)
}

fn add_texts(builder: &mut MediaBuilder, about: &About) {
    let f = &about.facts;
    let number = |n: u16| if n == 0 { String::new() } else { n.to_string() };
    let clear = [
        (TextKind::Title, f.title.clone()),
        (TextKind::Artist, f.artist.clone()),
        (TextKind::Album, f.album.clone()),
        (TextKind::AlbumArtist, f.album_artist.clone()),
        (TextKind::Composer, f.composer.clone()),
        (TextKind::Genre, f.genre.clone()),
        (TextKind::Year, number(f.year)),
        (TextKind::TrackNumber, number(f.track)),
        (TextKind::TrackCount, number(f.track_count)),
        (TextKind::DiscNumber, number(f.disc)),
        (TextKind::Isrc, f.isrc.to_ascii_uppercase()),
        (TextKind::Label, f.label.clone()),
        (TextKind::Copyright, f.copyright.clone()),
        (TextKind::Prices, prices(f)),
    ];
    for (kind, text) in clear.iter().filter(|(_, text)| !text.is_empty()) {
        builder.text(*kind, "", text.trim(), Protection::Clear);
    }
    let chosen = [
        (TextKind::Lyrics, "lyrics", &f.lyrics),
        (TextKind::LinerNotes, "liner_notes", &f.liner_notes),
        (TextKind::Credits, "credits", &f.credits),
        (TextKind::Commentary, "commentary", &f.commentary),
        (TextKind::Biography, "biography", &f.biography),
    ];
    for (kind, name, text) in chosen.into_iter().filter(|(_, _, text)| !text.trim().is_empty()) {
        builder.text(kind, &f.language, text.trim(), protection(about, name));
    }
}

fn protection(about: &About, item: &str) -> Protection {
    if about.is_encrypted(item) { Protection::Buyers } else { Protection::Clear }
}

fn prices(facts: &Facts) -> String {
    list::to_text(&facts.price.lines().unwrap_or_default()) // checked when it was read
}

fn add_pictures(builder: &mut MediaBuilder, about: &About) {
    if let Some(cover) = &about.cover {
        builder.graphic(
            GraphicKind::Cover,
            cover.media_type,
            cover.bytes.clone(),
            protection(about, "cover"),
        );
    }
    for picture in &about.advertisement {
        let protection = protection(about, "advertisement");
        builder.graphic(GraphicKind::Advertisement, picture.media_type, picture.bytes.clone(), protection);
    }
    for (art, picture) in &about.promotional {
        let interests = art.interests.join(",");
        builder.promotional(picture.media_type, &art.region, &interests, picture.bytes.clone());
    }
}
