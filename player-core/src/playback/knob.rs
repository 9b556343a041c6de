//! The volume as a listener turns it: volume and silence are two things to a listener and one to the engine.

/// A volume that can be silenced without moving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Knob {
    percent: u8,
    muted: bool,
}

impl Default for Knob {
    /// Before anything was chosen.
    fn default() -> Self {
        Self { percent: 80, muted: false }
    }
}

impl Knob {
    /// 0 to 100.
    #[must_use]
    pub const fn percent(self) -> u8 {
        self.percent
    }

    /// Whether it is silenced.
    #[must_use]
    pub const fn is_muted(self) -> bool {
        self.muted
    }

    /// Turned to this volume; turning it up ends a silence.
    #[must_use]
    pub fn turned(self, percent: u8) -> Self {
        Self { percent: percent.min(100), muted: self.muted && percent == 0 }
    }

    /// Silenced, or not any more.
    #[must_use]
    pub const fn muted(self, muted: bool) -> Self {
        Self { muted, ..self }
    }

    /// What the engine is to play at, 0 to 1.
    #[must_use]
    pub fn level(self) -> f32 {
        if self.muted { 0.0 } else { f32::from(self.percent) / 100.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // M2
    #[test]
    fn silence_keeps_the_volume_and_turning_it_up_ends_the_silence() {
        let silent = Knob::default().muted(true);
        assert!(silent.level() == 0.0 && silent.percent() == 80);
        assert!(silent.turned(0).is_muted());
        assert!(!silent.turned(30).is_muted());
        assert!((silent.turned(130).level() - 1.0).abs() < f32::EPSILON);
    }
}
