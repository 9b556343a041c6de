//! Lyrics line by line; `[mm:ss.xx]` at the start of a line (LRC) says when it is sung.

/// A line of lyrics or programme notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LyricLine {
    /// When it is sung, in milliseconds; none when the lyrics are not synchronised.
    pub start_ms: Option<u32>,
    /// What is sung.
    pub text: String,
}

/// The lines of a text.
pub fn lines(lyrics: &str) -> Vec<LyricLine> {
    lyrics.lines().map(|line| timed(line.trim_end())).collect()
}

fn timed(line: &str) -> LyricLine {
    let sung = line.strip_prefix('[').and_then(|rest| rest.split_once(']')).and_then(|(time, text)| {
        Some(LyricLine { start_ms: Some(milliseconds(time)?), text: text.trim().to_owned() })
    });
    sung.unwrap_or_else(|| LyricLine { start_ms: None, text: line.to_owned() })
}

/// `mm:ss`, `mm:ss.xx` or `mm:ss.xxx`.
fn milliseconds(time: &str) -> Option<u32> {
    let (minutes, rest) = time.split_once(':')?;
    let (whole, hundredths) = rest.split_once('.').unwrap_or((rest, "0"));
    let fraction: u32 = format!("{hundredths:0<3}").get(..3)?.parse().ok()?;
    let (minutes, whole): (u32, u32) = (minutes.parse().ok()?, whole.parse().ok()?);
    minutes.checked_mul(60_000)?.checked_add(whole.checked_mul(1_000)?)?.checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    // M6
    #[test]
    fn lyrics_say_when_they_are_sung_or_stay_as_they_are() {
        let lines = lines("[01:02.50]Slow and sorrowful\n\nplain [text]\n[ar: Satie]");
        assert_eq!(lines[0], LyricLine { start_ms: Some(62_500), text: "Slow and sorrowful".into() });
        assert_eq!(lines[1].text, "");
        assert_eq!(lines[2], LyricLine { start_ms: None, text: "plain [text]".into() });
        assert_eq!(lines[3].start_ms, None);
    }
}
