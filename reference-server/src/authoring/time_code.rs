//! SMPTE ST 12-1 time codes as ABOUT.toml writes them: `01:02:03:04@25`, or `01:02:03;04@30` with drop-frame counting.

use cadenza_protocol::media::SmpteTimestamp;

/// What a time code looks like, for messages.
pub const RULE: &str = "is HH:MM:SS:FF@RATE with a rate of 24, 25 or 30, e.g. \"01:02:03:04@25\"; with drop-frame counting, at 30 only, \
                        HH:MM:SS;FF@30, where frames 00 and 01 exist only in every tenth minute's first second";

/// Reads a time code; `None` when it is not one.
pub fn parse(text: &str) -> Option<SmpteTimestamp> {
    let (time, rate) = text.trim().split_once('@')?;
    let (clock, frames, drop_frame) = match time.rsplit_once(';') {
        Some((clock, frames)) => (clock, frames, true),
        None => time.rsplit_once(':').map(|(clock, frames)| (clock, frames, false))?,
    };
    let mut parts = clock.split(':').map(two_digits);
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    let code = SmpteTimestamp {
        hours,
        minutes,
        seconds,
        frames: two_digits(frames)?,
        frames_per_second: rate.parse().ok()?,
        drop_frame,
    };
    (parts.next().is_none() && exists(&code)).then_some(code)
}

fn two_digits(text: &str) -> Option<u8> {
    (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

fn exists(code: &SmpteTimestamp) -> bool {
    let counted =
        matches!(code.frames_per_second, 24 | 25 | 30) && (!code.drop_frame || code.frames_per_second == 30);
    let dropped = code.drop_frame && code.frames < 2 && code.seconds == 0 && !code.minutes.is_multiple_of(10);
    let fits =
        code.hours < 24 && code.minutes < 60 && code.seconds < 60 && code.frames < code.frames_per_second;
    counted && fits && !dropped
}

#[cfg(test)]
mod tests {
    use super::*;

    // O3
    #[test]
    fn a_time_code_is_read_with_its_rate_and_counting() {
        let code = parse("01:02:03:04@25").unwrap();
        assert_eq!((code.hours, code.minutes, code.seconds, code.frames), (1, 2, 3, 4));
        assert_eq!((code.frames_per_second, code.drop_frame), (25, false));
        assert!(parse("01:02:03;04@30").unwrap().drop_frame);
        assert!(parse("01:10:00;00@30").is_some(), "every tenth minute has all its frames");
    }

    #[test]
    fn what_no_clock_shows_is_no_time_code() {
        for text in [
            "",
            "01:02:03:04",
            "1:2:3:4@25",
            "24:00:00:00@25",
            "01:60:00:00@25",
            "01:02:03:25@25",
            "01:02:03:04@29",
            "01:02:03;04@25",
            "01:01:00;00@30",
            "01:01:00;01@30",
            "01:02:03:04:05@25",
            "01:02:03:+4@25",
            "01:02;03;04@30",
        ] {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
