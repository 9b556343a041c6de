//! The device's callback: ring in, device frames out.
//!
//! This is the only code of ours that runs on the device's thread. It reads atomics, pops frames, multiplies and
//! counts; it never allocates, locks, logs or calls the system, and it always fills the whole buffer.
//!
//! Transport fades happen here, because the ring is seconds ahead of the ear. Whatever stops sound in its middle
//! (pause, stop, a cut, a ring that runs dry) goes down a [`Ramp`] first, and what starts in a middle comes up one.
//! What starts or ends where its author let it start or end is not touched: at unity gain the device gets the
//! authored samples bit for bit, from the first to the last, and a gapless join is just the next frame.

use super::fade::Ramp;
use super::mix::to_device;
use super::ring::Drain;

/// Length of the fades at pause, resume and stop.
const TRANSPORT_FADE_MS: u32 = 15;
/// Length of the two fades at a seek or a change of track: short, so that the new sound is there at once.
const CUT_FADE_MS: u32 = 6;
/// Sound that has to be there before a silent callback starts to play.
const START_MS: u32 = 30;
/// The same after running dry, so that a slow stream does not stutter.
const RESTART_MS: u32 = 120;

/// Turns the ring into device frames, period by period.
#[derive(Debug)]
pub struct Renderer {
    drain: Drain,
    channels: usize,
    flow: Flow,
    ramp: Ramp,
    volume: f32,
    lengths: Lengths,
}

/// What the callback is doing, the gain aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    /// Waits for the first frames of something new.
    Waiting { softly: bool },
    /// In the middle of a sound.
    Playing,
    /// Ran dry in the middle of a sound, and waits for more.
    Starved,
}

/// The durations above in frames of the device.
#[derive(Debug, Clone, Copy)]
struct Lengths {
    transport: u32,
    cut: u32,
    start: usize,
    restart: usize,
}

impl Renderer {
    /// A renderer for a device of `channels` channels at the ring's rate.
    #[must_use]
    pub fn new(drain: Drain, channels: u16) -> Self {
        let rate_hz = drain.gauges().rate_hz();
        let frames = |ms: u32| rate_hz * ms / 1_000;
        let volume = drain.gauges().volume();
        Renderer {
            drain,
            channels: usize::from(channels.max(1)),
            flow: Flow::Waiting { softly: false },
            ramp: Ramp::SILENT,
            volume,
            lengths: Lengths {
                transport: frames(TRANSPORT_FADE_MS),
                cut: frames(CUT_FADE_MS),
                start: frames(START_MS) as usize,
                restart: frames(RESTART_MS) as usize,
            },
        }
    }

    /// Fills one device period of interleaved frames. Returns how many of them are sound; the rest is silence.
    pub fn render(&mut self, period: &mut [f32]) -> usize {
        let frames = period.len() / self.channels;
        let target = self.drain.gauges().volume();
        let step = if frames == 0 { 0.0 } else { (target - self.volume) / frames as f32 };
        let mut done = 0;
        while done < frames {
            let Some(run) = self.next_run(frames - done) else { break };
            let from = done * self.channels;
            self.play(&mut period[from..from + run * self.channels], step);
            done += run;
        }
        period[done * self.channels..].fill(0.0);
        self.volume = target;
        let gauges = self.drain.gauges();
        gauges.period(done == 0 && !gauges.is_wanted(), self.wants_more());
        done
    }

    /// Whether a device that need not keep time (a capture) should be served now: there is a whole period to
    /// play, or what remains is the end.
    #[must_use]
    pub fn is_ready(&self, frames: usize) -> bool {
        let available = self.drain.available();
        let enough = match self.flow {
            Flow::Playing => frames,
            Flow::Waiting { .. } => frames.max(self.lengths.start),
            Flow::Starved => frames.max(self.lengths.restart),
        };
        let running = self.drain.gauges().is_wanted();
        let fading = !self.ramp.is_silent();
        self.drain.pending_cut().is_some()
            || (running && available > 0 && (available >= enough || self.drain.ends_within(available)))
            || (!running && fading)
    }

    fn wants_more(&self) -> bool {
        self.drain.gauges().is_wanted() && self.flow != Flow::Playing
    }

    /// Decides what the next frames are, and how many of them; nothing when the rest of the period is silence.
    fn next_run(&mut self, wanted: usize) -> Option<usize> {
        loop {
            let available = self.drain.available();
            if let Some((cut, old)) = self.drain.pending_cut() {
                if self.ramp.is_silent() || self.flow != Flow::Playing || old == 0 {
                    self.drain.carry_out(cut, old);
                    self.flow = Flow::Waiting { softly: cut.softly() };
                    self.ramp = Ramp::SILENT;
                    continue;
                }
                self.fall_within(self.lengths.cut, old);
                return Some(self.ramp.frames_left().clamp(1, old.min(wanted)));
            }
            if !self.drain.gauges().is_wanted() {
                if self.ramp.is_silent() || self.flow != Flow::Playing || available == 0 {
                    self.ramp = Ramp::SILENT;
                    return None;
                }
                self.fall_within(self.lengths.transport, available);
                return Some(self.ramp.frames_left().clamp(1, available.min(wanted)));
            }
            match self.flow {
                Flow::Waiting { softly } => {
                    if !self.may_start(available, self.lengths.start.max(wanted)) {
                        return None;
                    }
                    self.flow = Flow::Playing;
                    self.ramp = if softly { Ramp::SILENT } else { Ramp::FULL };
                }
                Flow::Starved => {
                    if !self.may_start(available, self.lengths.restart) {
                        self.drain.gauges().missed(wanted);
                        return None;
                    }
                    self.flow = Flow::Playing;
                    self.ramp = Ramp::SILENT;
                }
                Flow::Playing => {
                    if available >= wanted {
                        self.rise();
                        return Some(wanted);
                    }
                    if self.drain.ends_within(available) {
                        if available == 0 {
                            self.flow = Flow::Waiting { softly: false };
                            return None;
                        }
                        self.rise();
                        return Some(available);
                    }
                    if available == 0 || self.ramp.is_silent() {
                        self.ramp = Ramp::SILENT;
                        self.flow = Flow::Starved;
                        self.drain.gauges().underrun();
                        continue;
                    }
                    // The ring runs dry within this period: go down while there is something to go down with.
                    self.fall_within(self.lengths.cut, available);
                    return Some(available);
                }
            }
        }
    }

    fn may_start(&self, available: usize, enough: usize) -> bool {
        available > 0 && (available >= enough || self.drain.ends_within(available))
    }

    fn rise(&mut self) {
        if !self.ramp.is_full() && (self.ramp.is_falling() || self.ramp.frames_left() == 0) {
            let length = if self.ramp.is_falling() { self.lengths.transport } else { self.lengths.cut };
            self.ramp.rise(length);
        }
    }

    /// Heads for silence, at least as fast as the frames left allow.
    fn fall_within(&mut self, length: u32, frames: usize) {
        if !self.ramp.is_falling() {
            self.ramp.fall(length);
        }
        if self.ramp.frames_left() > frames {
            self.ramp.fall_from_here(frames as u32);
        }
    }

    fn play(&mut self, out: &mut [f32], step: f32) {
        let channels = self.channels;
        let frames = out.len() / channels;
        let (ramp, volume) = (&mut self.ramp, &mut self.volume);
        let mut device = out.chunks_exact_mut(channels);
        let plain = ramp.is_full() && step == 0.0 && *volume == 1.0;
        self.drain.take(frames, |left, right| {
            let Some(frame) = device.next() else { return };
            if plain {
                to_device(left, right, frame);
            } else {
                *volume += step;
                let gain = *volume * if ramp.is_full() { 1.0 } else { ramp.next_gain() };
                to_device(left * gain, right * gain, frame);
            }
        });
        self.drain.gauges().played(frames);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::audio::ring::{Feed, Volume, ring};

    const RATE: u32 = 48_000;
    const PERIOD: usize = 1_024;

    struct Bench {
        feed: Feed,
        renderer: Renderer,
        volume: Arc<Volume>,
    }

    fn bench() -> Bench {
        let volume = Arc::<Volume>::default();
        let (feed, drain) = ring(RATE, Arc::clone(&volume));
        feed.gauges().run(true);
        Bench { feed, renderer: Renderer::new(drain, 2), volume }
    }

    impl Bench {
        fn steady(&mut self, frames: usize, level: f32) {
            assert_eq!(self.feed.push(&vec![level; frames * 2]), frames);
        }

        fn periods(&mut self, count: usize) -> Vec<f32> {
            let mut heard = vec![9.0; count * PERIOD * 2];
            heard.chunks_exact_mut(PERIOD * 2).for_each(|period| {
                self.renderer.render(period);
            });
            heard.iter().step_by(2).copied().collect()
        }
    }

    fn largest_step(heard: &[f32]) -> f32 {
        heard.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
    }

    // F1
    #[test]
    fn what_is_pushed_is_heard_unchanged_from_the_first_sample_to_the_last() {
        let mut bench = bench();
        let samples: Vec<f32> =
            (0..10_000).map(|n| ((n * 7_919) % 65_536 - 32_768) as f32 / 32_768.0).collect();
        bench.feed.push(&samples);
        bench.feed.end(true);
        let heard = bench.periods(6);
        let left: Vec<f32> = samples.iter().step_by(2).copied().collect();
        assert_eq!(heard[..5_000], left[..]);
        assert!(heard[5_000..].iter().all(|s| *s == 0.0));
        assert!(bench.feed.gauges().is_drained());
        assert_eq!(bench.feed.gauges().underruns(), 0);
    }

    // M2
    #[test]
    fn pause_and_resume_make_no_click_and_lose_no_frame() {
        let mut bench = bench();
        bench.steady(60_000, 1.0);
        bench.periods(2);
        bench.feed.gauges().run(false);
        let pausing = bench.periods(3);
        assert!(largest_step(&pausing) < 0.01);
        assert!(bench.feed.gauges().silent_periods() > 0);
        let paused_at = bench.feed.gauges().read();
        assert!(bench.periods(4).iter().all(|s| *s == 0.0));
        assert_eq!(bench.feed.gauges().read(), paused_at);
        bench.feed.gauges().run(true);
        let resumed = bench.periods(3);
        assert!(largest_step(&resumed) < 0.01);
        assert_eq!(resumed.last(), Some(&1.0));
    }

    // V5, P3
    #[test]
    fn a_cut_fades_the_old_sound_out_and_the_new_one_in_within_a_period() {
        let mut bench = bench();
        bench.steady(60_000, 1.0);
        bench.periods(2);
        bench.feed.cut(true);
        bench.steady(20_000, -1.0);
        let heard = bench.periods(1);
        assert!(largest_step(&heard) < 0.02);
        assert_eq!(heard.last(), Some(&-1.0), "the new sound is at full level inside the same period");
        let silence = heard.iter().filter(|s| s.abs() < 1e-4).count();
        assert!(silence < 100, "{silence} silent frames");
    }

    #[test]
    fn a_new_track_starts_with_its_first_sample_at_full_level() {
        let mut bench = bench();
        bench.steady(60_000, 1.0);
        bench.periods(2);
        bench.feed.cut(false);
        bench.steady(20_000, -0.5);
        let heard = bench.periods(1);
        let first = heard.iter().position(|s| *s < 0.0).expect("the new track is heard");
        assert_eq!(heard[first], -0.5);
    }

    #[test]
    fn a_cut_while_paused_is_silent_until_resumed() {
        let mut bench = bench();
        bench.steady(60_000, 1.0);
        bench.periods(2);
        bench.feed.gauges().run(false);
        bench.periods(2);
        let at = bench.feed.cut(true);
        bench.steady(20_000, 0.25);
        assert!(bench.periods(1).iter().all(|s| *s == 0.0));
        assert_eq!(bench.feed.gauges().read(), at);
        bench.feed.gauges().run(true);
        let heard = bench.periods(1);
        assert!(largest_step(&heard) < 0.01);
        assert_eq!(heard.last(), Some(&0.25));
    }

    // V7
    #[test]
    fn running_dry_is_counted_and_does_not_click() {
        let mut bench = bench();
        bench.steady(PERIOD * 2 + 500, 1.0);
        let heard = bench.periods(5);
        assert!(largest_step(&heard) < 0.02);
        assert_eq!(bench.feed.gauges().underruns(), 1);
        assert!(bench.feed.gauges().is_starved());
        bench.steady(10_000, 1.0);
        let heard = bench.periods(2);
        assert!(largest_step(&heard) < 0.02);
        assert_eq!(heard.last(), Some(&1.0));
        assert_eq!(bench.feed.gauges().underruns(), 1);
    }

    #[test]
    fn volume_moves_over_a_period_and_unity_is_exact_again() {
        let mut bench = bench();
        bench.steady(60_000, 0.7);
        bench.periods(1);
        bench.volume.set(0.5);
        let heard = bench.periods(2);
        assert!(largest_step(&heard) < 0.001);
        assert!((heard[2_047] - 0.7 * 0.125).abs() < 1e-6);
        bench.volume.set(1.0);
        bench.periods(1);
        assert!(bench.periods(1).iter().all(|s| *s == 0.7));
    }
}
