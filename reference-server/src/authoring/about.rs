//! ABOUT.toml: what an author says of a recording.
//!
//! Unknown keys are errors, so a misspelt one is noticed. Lengths and times are checked here, once.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

use cadenza_protocol::line;
use cadenza_protocol::media::{Allowance, Restrictions, SmpteTimestamp};
use cadenza_protocol::shop::list::{ListPrice, PriceLine};
use cadenza_protocol::shop::money::NoCurrency;

use super::time_code;
use crate::picture;

/// Most pictures of one kind.
const MAX_PICTURES: usize = 32;

/// Why a description is refused.
#[derive(Debug, Error)]
pub enum AboutError {
    /// It, or a picture it names, cannot be read.
    #[error("{path} cannot be read: {source}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Not TOML of the right form.
    #[error("{path}: {reason}")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong, with its line.
        reason: String,
    },
    /// A value that makes no sense.
    #[error("{path}: {field}: {rule}")]
    Invalid {
        /// Which file.
        path: PathBuf,
        /// Which key.
        field: &'static str,
        /// What it must be.
        rule: String,
    },
}

/// The description, with pictures read.
#[derive(Debug, Clone)]
pub struct About {
    /// The keys of the file.
    pub facts: Facts,
    /// The cover's media type and bytes.
    pub cover: Option<Picture>,
    /// Promotional art.
    pub promotional: Vec<(PromotionalArt, Picture)>,
    /// Advertisements.
    pub advertisement: Vec<Picture>,
    /// Where it came from, for messages.
    pub path: PathBuf,
}

/// A picture as it will be stored.
#[derive(Debug, Clone)]
pub struct Picture {
    /// `image/png` or `image/jpeg`.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// ABOUT.toml as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the names are those of the file format, described in docs/operations.md")]
pub struct Facts {
    pub title: String,
    pub artist: String,
    #[serde(default)]
    pub album: String,
    #[serde(default)]
    pub album_artist: String,
    #[serde(default)]
    pub composer: String,
    #[serde(default)]
    pub genre: String,
    #[serde(default)]
    pub year: u16,
    #[serde(default)]
    pub track: u16,
    #[serde(default)]
    pub track_count: u16,
    #[serde(default)]
    pub disc: u16,
    #[serde(default)]
    pub isrc: String,
    #[serde(default)]
    pub label: String,
    #[serde(default)]
    pub copyright: String,
    #[serde(default)]
    pub language: String,
    #[serde(default)]
    pub lyrics: String,
    #[serde(default)]
    pub liner_notes: String,
    #[serde(default)]
    pub credits: String,
    #[serde(default)]
    pub commentary: String,
    #[serde(default)]
    pub biography: String,
    pub cover: Option<PathBuf>,
    #[serde(default)]
    pub promotional: Vec<PromotionalArt>,
    #[serde(default)]
    pub advertisement: Vec<PathBuf>,
    #[serde(default)]
    pub smpte: String,
    #[serde(default)]
    pub clip: Clip,
    #[serde(default)]
    pub price: Price,
    #[serde(default)]
    pub restrictions: RestrictionText,
    #[serde(default)]
    pub qualities: Qualities,
    #[serde(default)]
    pub encrypt: Encrypt,
}

/// A promotional picture and whom it is for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromotionalArt {
    /// The picture, relative to ABOUT.toml.
    pub file: PathBuf,
    /// Region, or empty for all.
    #[serde(default)]
    pub region: String,
    /// Interests, or none for all.
    #[serde(default)]
    pub interests: Vec<String>,
}

/// The clip, in seconds.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct Clip {
    pub start: f64,
    pub duration: f64,
    pub fade_in: f64,
    pub fade_out: f64,
}

impl Default for Clip {
    fn default() -> Self {
        Self { start: 0.0, duration: 30.0, fade_in: 0.5, fade_out: 2.0 }
    }
}

/// Prices. A quality without one is not for sale.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct Price {
    pub currency: String,
    pub lossless: Option<PriceText>,
    pub lossy: Option<PriceText>,
    pub album: Option<PriceText>,
}

/// What merchants pay, and mark up; or that with what they must charge. Cents.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
#[allow(missing_docs)]
pub enum PriceText {
    Cost(u64),
    Fixed { cost: u64, retail: u64 },
}

impl Price {
    /// The list for the media file.
    pub fn lines(&self) -> Result<Vec<PriceLine>, String> {
        let named = [("lossless", self.lossless), ("lossy", self.lossy), (PriceLine::ALBUM, self.album)];
        let mut lines = Vec::new();
        for (what, price) in named.into_iter().filter_map(|(what, price)| Some((what, price?))) {
            let price = match price {
                PriceText::Cost(cost) => ListPrice::new(cost, None),
                PriceText::Fixed { cost, retail } => ListPrice::new(cost, Some(retail)),
            };
            let currency = self.currency.parse().map_err(|e: NoCurrency| format!("currency: {e}"))?;
            lines.push(PriceLine {
                what: what.into(),
                currency,
                price: price.map_err(|e| format!("{what}: {e}"))?,
            });
        }
        Ok(lines)
    }
}

/// `"unlimited"`, `"never"` or a number.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
#[allow(missing_docs)]
pub enum AllowanceText {
    Times(u16),
    Word(String),
}

/// What a buyer may do.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct RestrictionText {
    pub play: Option<AllowanceText>,
    pub record: Option<AllowanceText>,
    pub export: Option<AllowanceText>,
}

/// Which versions to make.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Qualities {
    /// `"flac"`, or empty for none.
    pub lossless: String,
    /// `"opus-KBPS"`, or empty for none.
    pub lossy: String,
    /// Bit rates of the previews in kbit/s, best first; at least two.
    pub previews: Vec<u32>,
    /// `"clip"`, or `"song"` to give the whole song away at preview quality.
    pub previews_part: String,
}

impl Default for Qualities {
    fn default() -> Self {
        let (lossless, lossy) = ("flac".into(), "opus-160".into());
        Self { lossless, lossy, previews: vec![96, 32], previews_part: "clip".into() }
    }
}

/// Which texts and pictures only buyers may see.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Encrypt {
    /// `lyrics`, `liner_notes`, `credits`, `commentary`, `biography`, `cover`, `advertisement`.
    pub items: Vec<String>,
}

impl Default for Encrypt {
    fn default() -> Self {
        Self { items: vec!["lyrics".into()] }
    }
}

impl Facts {
    /// Reads and checks the keys of the file at this path.
    pub fn read(text: &str, path: &Path) -> Result<Self, AboutError> {
        let facts = toml::from_str(text).map_err(|e| malformed(path, &e.to_string()))?;
        check(path, &facts)?;
        Ok(facts)
    }
}

impl About {
    /// Reads and checks the file and its pictures.
    pub fn load(path: &Path) -> Result<Self, AboutError> {
        let text = String::from_utf8(read(path, 4 << 20)?).map_err(|_| malformed(path, "not UTF-8 text"))?;
        let facts = Facts::read(&text, path)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let cover = facts.cover.as_ref().map(|file| read_picture(&folder.join(file))).transpose()?;
        let with_picture = |art: &PromotionalArt| Ok((art.clone(), read_picture(&folder.join(&art.file))?));
        let promotional = facts.promotional.iter().map(with_picture).collect::<Result<_, _>>()?;
        let advertisement = facts
            .advertisement
            .iter()
            .map(|file| read_picture(&folder.join(file)))
            .collect::<Result<_, _>>()?;
        Ok(Self { facts, cover, promotional, advertisement, path: path.to_owned() })
    }

    /// What a buyer may do.
    pub fn restrictions(&self) -> Result<Restrictions, AboutError> {
        let read = |field, text: &Option<AllowanceText>| match text {
            None => Ok(Allowance::Unlimited),
            Some(AllowanceText::Times(0)) => Ok(Allowance::Never),
            Some(AllowanceText::Times(n)) => Ok(Allowance::Times(*n)),
            Some(AllowanceText::Word(w)) if w == "unlimited" => Ok(Allowance::Unlimited),
            Some(AllowanceText::Word(w)) if w == "never" => Ok(Allowance::Never),
            Some(AllowanceText::Word(_)) => {
                Err(self.invalid(field, "must be \"unlimited\", \"never\" or a number of times"))
            }
        };
        let r = &self.facts.restrictions;
        Ok(Restrictions {
            play: read("restrictions.play", &r.play)?,
            record: read("restrictions.record", &r.record)?,
            export: read("restrictions.export", &r.export)?,
        })
    }

    /// The time code of the song's first frame, if there is one.
    pub fn smpte(&self) -> Option<SmpteTimestamp> {
        time_code::parse(&self.facts.smpte) // checked when it was read
    }

    /// Whether only buyers may see this text or picture.
    pub fn is_encrypted(&self, item: &str) -> bool {
        self.facts.encrypt.items.iter().any(|name| name == item)
    }

    /// A complaint about one key.
    pub fn invalid(&self, field: &'static str, rule: &str) -> AboutError {
        AboutError::Invalid { path: self.path.clone(), field, rule: rule.to_owned() }
    }
}

fn check(path: &Path, facts: &Facts) -> Result<(), AboutError> {
    let invalid =
        |field, rule: &str| Err(AboutError::Invalid { path: path.to_owned(), field, rule: rule.to_owned() });
    if facts.title.trim().is_empty() || facts.artist.trim().is_empty() {
        return invalid("title, artist", "both must be given");
    }
    let lines = [
        ("title", &facts.title),
        ("artist", &facts.artist),
        ("album", &facts.album),
        ("album_artist", &facts.album_artist),
        ("composer", &facts.composer),
        ("genre", &facts.genre),
        ("label", &facts.label),
        ("copyright", &facts.copyright),
        ("language", &facts.language),
    ];
    if let Some((field, _)) = lines.into_iter().find(|(_, text)| !line::is_line(text.trim())) {
        return invalid(field, "is one line of at most 300 characters that can all be seen");
    }
    let isrc = &facts.isrc;
    if !isrc.is_empty() && (isrc.len() != 12 || !isrc.chars().all(|c| c.is_ascii_alphanumeric())) {
        return invalid("isrc", "is 12 letters and digits without hyphens (ISO 3901)");
    }
    let Clip { start, duration, fade_in, fade_out } = facts.clip;
    let sane = [start, duration, fade_in, fade_out].iter().all(|s| (0.0..=86_400.0).contains(s));
    if !sane || duration < 1.0 || fade_in + fade_out > duration {
        return invalid("clip", "starts at 0 or later, lasts at least 1 s, and its fades fit into it");
    }
    if let Err(rule) = facts.price.lines() {
        return invalid("price", &rule);
    }
    let q = &facts.qualities;
    if q.previews.len() < 2 || q.previews.len() > 4 || q.previews.iter().any(|k| !(8..=256).contains(k)) {
        return invalid("qualities.previews", "names 2 to 4 bit rates between 8 and 256 kbit/s");
    }
    if !matches!(q.previews_part.as_str(), "clip" | "song") {
        return invalid("qualities.previews_part", "is \"clip\" or \"song\"");
    }
    if !matches!(q.lossless.as_str(), "" | "flac") {
        return invalid("qualities.lossless", "is \"flac\" or empty");
    }
    if !q.lossy.is_empty() && opus_kbps(&q.lossy).is_none() {
        return invalid("qualities.lossy", "is \"opus-KBPS\" between 32 and 510, or empty");
    }
    const ITEMS: [&str; 7] =
        ["lyrics", "liner_notes", "credits", "commentary", "biography", "cover", "advertisement"];
    if facts.encrypt.items.iter().any(|item| !ITEMS.contains(&item.as_str())) {
        return invalid(
            "encrypt.items",
            "may name lyrics, liner_notes, credits, commentary, biography, cover, advertisement",
        );
    }
    if !facts.smpte.is_empty() && time_code::parse(&facts.smpte).is_none() {
        return invalid("smpte", time_code::RULE);
    }
    if facts.advertisement.len() > MAX_PICTURES || facts.promotional.len() > MAX_PICTURES {
        return invalid("advertisement, promotional", "name at most 32 pictures each");
    }
    Ok(())
}

/// The bit rate in `opus-KBPS`.
pub fn opus_kbps(quality: &str) -> Option<u32> {
    quality.strip_prefix("opus-")?.parse().ok().filter(|k| (32..=510).contains(k))
}

fn read_picture(path: &Path) -> Result<Picture, AboutError> {
    let bytes = read(path, 16 << 20)?;
    let media_type = match image::guess_format(&bytes) {
        Ok(image::ImageFormat::Png) => "image/png",
        Ok(image::ImageFormat::Jpeg) => "image/jpeg",
        _ => return Err(malformed(path, "not a PNG or JPEG picture")),
    };
    picture::open(&bytes).map_err(|e| malformed(path, &e.to_string()))?;
    Ok(Picture { media_type, bytes })
}

fn read(path: &Path, bound: u64) -> Result<Vec<u8>, AboutError> {
    use std::io::Read;
    let failed = |source| AboutError::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    std::fs::File::open(path).map_err(failed)?.take(bound + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > bound { Err(malformed(path, "the file is too large")) } else { Ok(bytes) }
}

fn malformed(path: &Path, reason: &str) -> AboutError {
    AboutError::Malformed { path: path.to_owned(), reason: reason.to_owned() }
}
