//! A conversation as bytes: what happens, how long after the last thing, and with which bytes.
//!
//! ```text
//! kind (1) | pause in units of 20 ms (1) | length (2, big-endian) | bytes
//! ```
//! The last step may be cut short. So every input is a conversation, and a mutated one is another.

use std::time::Duration;

/// Steps until the bytes end.
pub struct Script<'a>(&'a [u8]);

/// One thing that happens.
pub struct Step<'a> {
    pub kind: u8,
    pub pause: Duration,
    pub bytes: &'a [u8],
}

impl<'a> Script<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }
}

impl<'a> Iterator for Script<'a> {
    type Item = Step<'a>;

    fn next(&mut self) -> Option<Step<'a>> {
        let [kind, pause, high, low, ref rest @ ..] = *self.0 else { return None };
        let length = usize::from(u16::from_be_bytes([high, low])).min(rest.len());
        let (bytes, rest) = rest.split_at(length);
        self.0 = rest;
        Some(Step { kind, pause: Duration::from_millis(20) * u32::from(pause), bytes })
    }
}

/// The bytes of a step, for seeds.
pub fn step(kind: u8, pause: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("a step is below 64 KiB").to_be_bytes();
    [&[kind, pause, length[0], length[1]], bytes].concat()
}
