//! Sends a preview at the right time: a quick burst so that sound starts at once, then real time, a bounded stretch ahead of
//! the ear.
//!
//! Packets come from the shared [`Preview`] and are written straight into the caller's buffer; a session allocates nothing
//! per packet. Two time lines meet: wall time since `PLAY`, and decoded positions in the image.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Npt, Preview};
use crate::rtp::Packetizer;

/// Between two sender reports (RFC 3550, section 6.2, asks for 5 s at the least).
const REPORT_EVERY: Duration = Duration::from_secs(5);

/// How far and how fast to run ahead.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Sent at once.
    burst: Duration,
    /// Then this many times real time,
    speed: u32,
    /// until this far ahead.
    lead: Duration,
    /// Sent per wake-up, so that a thousand sessions cost few of them.
    batch: Duration,
}

impl Pace {
    /// In the control connection TCP smooths the burst.
    pub(super) const TCP: Self = Self {
        burst: Duration::from_secs(2),
        speed: 1,
        lead: Duration::from_secs(2),
        batch: Duration::from_millis(200),
    };
    /// Datagrams must not come in floods.
    pub(super) const UDP: Self = Self {
        burst: Duration::from_millis(200),
        speed: 4,
        lead: Duration::from_secs(2),
        batch: Duration::from_millis(40),
    };

    fn ahead(&self, elapsed: Duration) -> Duration {
        (self.burst + elapsed * (self.speed - 1)).min(self.lead)
    }

    /// When something `offset` into the run may go out.
    fn due(&self, offset: Duration) -> Duration {
        let racing = offset.saturating_sub(self.burst) / self.speed;
        racing.max(offset.saturating_sub(self.lead))
    }
}

/// What `PLAY` is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Started {
    pub(super) from: Npt,
    pub(super) to: Npt,
    pub(super) sequence: u16,
    pub(super) rtptime: u32,
}

#[derive(Debug)]
struct Run {
    started: Instant,
    first: u64,
    report_at: Instant,
}

#[derive(Debug)]
pub(super) struct Sender {
    preview: Arc<Preview>,
    packetizer: Packetizer,
    pace: Pace,
    origin: Instant,
    next: usize,
    until: u64,
    run: Option<Run>,
    heard: Npt,
}

impl Sender {
    pub(super) fn new(preview: Arc<Preview>, packetizer: Packetizer, pace: Pace, now: Instant) -> Self {
        let next = preview.packet_before(Npt::ZERO);
        let until = preview.position_of(preview.description().length);
        Self { preview, packetizer, pace, origin: now, next, until, run: None, heard: Npt::ZERO }
    }

    pub(super) fn preview(&self) -> &Preview {
        &self.preview
    }

    pub(super) fn shared_preview(&self) -> Arc<Preview> {
        self.preview.clone()
    }

    pub(super) const fn ssrc(&self) -> u32 {
        self.packetizer.ssrc()
    }

    pub(super) const fn is_playing(&self) -> bool {
        self.run.is_some()
    }

    /// Starts at the nearest seekable time, or goes on where it paused. `None`: the range lies outside the preview.
    pub(super) fn play(&mut self, from: Option<Npt>, to: Option<Npt>, now: Instant) -> Option<Started> {
        let length = self.preview.description().length;
        let to = to.unwrap_or(length).min(length);
        // Going on after the end means: again from the beginning.
        let from = from.or_else(|| self.position().is_none().then_some(Npt::ZERO));
        let time = match from {
            Some(asked) => self.preview.nearest(asked)?.time,
            None => Npt(self.position()?.saturating_sub(self.preview.position_of(Npt::ZERO))),
        };
        if time >= to {
            return None;
        }
        self.pause(now);
        if from.is_some() {
            self.next = self.preview.packet_before(time);
            self.packetizer.mark_next();
        }
        self.until = self.preview.position_of(to);
        let (_, first, _) = self.preview.image().packet(self.next)?;
        self.run = Some(Run { started: now, first, report_at: now });
        let skipped = u32::try_from(self.preview.position_of(time).saturating_sub(first)).ok()?;
        let rtptime = self.packetizer.next_timestamp().wrapping_add(skipped);
        Some(Started { from: time, to, sequence: self.packetizer.next_sequence(), rtptime })
    }

    /// The run's clock starts now: its packets were waiting for permission.
    pub(super) fn hold_until(&mut self, now: Instant) {
        if let Some(run) = &mut self.run {
            run.started = now;
            run.report_at = now;
        }
    }

    /// Stops sending; the next packet stays the next.
    pub(super) fn pause(&mut self, now: Instant) {
        if let Some(run) = self.run.take() {
            let position = self.position().unwrap_or(self.until);
            let sent = position.saturating_sub(run.first);
            let elapsed = Npt::from_duration(now.saturating_duration_since(run.started)).0;
            self.heard.0 += sent.min(elapsed);
        }
    }

    /// Sound that a player can have played so far.
    pub(super) fn heard(&mut self, now: Instant) -> Npt {
        let Some(run) = &self.run else { return self.heard };
        let sent = self.position().unwrap_or(self.until).saturating_sub(run.first);
        let elapsed = Npt::from_duration(now.saturating_duration_since(run.started)).0;
        Npt(self.heard.0 + sent.min(elapsed))
    }

    /// Appends the next RTP packet to `out` if it is due.
    pub(super) fn write_due(&mut self, now: Instant, out: &mut Vec<u8>) -> bool {
        let Some(run) = &self.run else { return false };
        let Some((packet, position, frames)) = self.preview.image().packet(self.next) else { return false };
        let elapsed = now.saturating_duration_since(run.started);
        let allowed = run.first + Npt::from_duration(elapsed + self.pace.ahead(elapsed)).0;
        if position >= self.until || position > allowed {
            return false;
        }
        self.packetizer.write(packet, frames, out);
        self.next += 1;
        true
    }

    /// Appends the RTCP packet that is due: a report from time to time, a goodbye after the last packet.
    pub(super) fn write_control_due(&mut self, now: Instant, out: &mut Vec<u8>) -> bool {
        let over = self.is_over();
        let Some(run) = &mut self.run else { return false };
        if over {
            self.packetizer.write_bye(out);
            // What was sent ahead is still to be heard.
            self.heard.0 += self.until.saturating_sub(run.first);
            self.run = None;
            return true;
        }
        if now < run.report_at {
            return false;
        }
        run.report_at = now + REPORT_EVERY;
        let elapsed = now.saturating_duration_since(self.origin);
        let fraction = u64::from(elapsed.subsec_nanos()) * (1 << 32) / 1_000_000_000;
        let ntp = (elapsed.as_secs() << 32) | fraction;
        self.packetizer.write_report(ntp, self.packetizer.next_timestamp(), out);
        true
    }

    /// When to look again.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let run = self.run.as_ref()?;
        let Some(position) = self.position().filter(|&position| position < self.until) else {
            return Some(run.started);
        };
        let offset = Npt(position - run.first).as_duration() + self.pace.batch;
        Some(run.started + self.pace.due(offset))
    }

    fn is_over(&self) -> bool {
        self.position().is_none_or(|position| position >= self.until)
    }

    fn position(&self) -> Option<u64> {
        self.preview.image().packet(self.next).map(|(_, position, _)| position)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Description;
    use super::super::image::tests::image;
    use super::*;

    fn sender(pace: Pace, now: Instant) -> Sender {
        let preview = Preview::new(Description::example(), image(500), Npt::ZERO, Npt(u64::MAX)).unwrap();
        Sender::new(Arc::new(preview), Packetizer::new(1, 100, 5_000), pace, now)
    }

    fn sent(sender: &mut Sender, now: Instant) -> usize {
        let mut out = Vec::new();
        std::iter::from_fn(|| sender.write_due(now, &mut out).then_some(())).count()
    }

    #[test]
    fn a_burst_goes_out_at_once_and_then_real_time() {
        let now = Instant::now();
        let mut sender = sender(Pace::TCP, now);
        assert_eq!(sent(&mut sender, now), 0);
        sender.play(None, None, now).unwrap();
        assert_eq!(sent(&mut sender, now), 101); // 2 s of 20 ms packets, and the one at 2 s
        let wake = sender.deadline().unwrap();
        assert_eq!(wake - now, Duration::from_millis(220));
        assert_eq!(sent(&mut sender, wake), 11);
        assert_eq!(sent(&mut sender, wake), 0);
    }

    #[test]
    fn datagrams_ramp_up() {
        let now = Instant::now();
        let mut sender = sender(Pace::UDP, now);
        sender.play(None, None, now).unwrap();
        assert_eq!(sent(&mut sender, now), 11);
        assert_eq!(sent(&mut sender, now + Duration::from_millis(100)), 20);
        let settled = now + Duration::from_secs(1);
        sent(&mut sender, settled);
        assert_eq!(sent(&mut sender, settled + Duration::from_millis(200)), 10);
    }

    #[test]
    fn rtp_info_names_the_first_frame_that_is_heard() {
        let now = Instant::now();
        let mut sender = sender(Pace::TCP, now);
        let start = sender.play(None, None, now).unwrap();
        assert_eq!((start.from, start.sequence, start.rtptime), (Npt::ZERO, 100, 5_312));
        sent(&mut sender, now);
        // After 101 packets the stamps go on, whatever the time in the song.
        let seek = sender.play(Some(Npt::from_millis(4_000)), None, now).unwrap();
        assert_eq!(seek.from, Npt(200 * 960 - 312));
        assert_eq!(seek.sequence, 201);
        assert_eq!(seek.rtptime, 5_000 + 101 * 960 + 3_840);
    }

    #[test]
    fn a_pause_loses_nothing_and_the_end_says_goodbye() {
        let now = Instant::now();
        let mut sender = sender(Pace::TCP, now);
        sender.play(Some(Npt::from_millis(9_000)), None, now).unwrap();
        let mut out = Vec::new();
        assert!(sender.write_control_due(now, &mut out)); // the first report
        assert_eq!(sent(&mut sender, now), 55 - 1);
        assert!(sender.write_control_due(now, &mut out));
        assert!(!sender.is_playing());
        assert!(crate::rtp::is_goodbye(&out));
        assert_eq!(sender.play(Some(Npt::from_millis(10_000)), None, now), None);
        assert_eq!(sender.play(None, None, now).unwrap().from, Npt::ZERO);

        sent(&mut sender, now);
        let later = now + Duration::from_millis(500);
        sender.pause(later);
        assert_eq!(sent(&mut sender, later), 0);
        assert_eq!(sender.play(None, None, later).unwrap().from, Npt(101 * 960 - 312));
    }
}
