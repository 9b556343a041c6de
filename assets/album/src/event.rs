//! What a hand or a foot does, and when: made by [`crate::performance`], written down by [`crate::midi`].

/// Something one hand or foot does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Event {
    /// Seconds from the start.
    pub at: f64,
    pub action: Action,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Action {
    Press { key: u8, velocity: u8 },
    Release { key: u8 },
    Control { number: u8, value: u8 },
}
