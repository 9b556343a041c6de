//! How much one visitor may have: the `[limits]` table of the configuration.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Files that the server itself needs: tables, keys, logs, connections between its services.
const OWN_FILES: u64 = 256;

/// Connections that one address may always have at a door: a browser opens that many.
const FEWEST: usize = 6;

/// Limits of all doors. An address is an IPv4 address, or the first 64 bits of an IPv6 one; four times as much goes to the first 48.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitSettings {
    /// Connections at one time, at all doors together; fewer where the system gives fewer open files.
    pub connections: usize,
    /// Connections at one time from one address at one door; never more than a sixteenth of all.
    pub connections_per_address: usize,
    /// Preview streams at one time to one address, at one delivery server.
    pub streams_per_address: usize,
    /// Downloads at one time to one address, at one delivery server.
    pub downloads_per_address: usize,
    /// A handshake is over after this long, seconds.
    pub handshake_seconds: u32,
    /// The header of a request is here after this long, seconds.
    pub header_seconds: u32,
    /// A body may keep us waiting this long in all, seconds; and one second more for each KiB of it that came.
    pub body_seconds: u32,
    /// A connection on which nothing is asked is closed after this long, seconds.
    pub idle_seconds: u32,
    /// A connection whose client takes nothing of an answer is closed after this long, seconds.
    pub stall_seconds: u32,
    /// Requests of one address at all doors for everybody, in a minute.
    pub requests_per_minute: u32,
    /// Orders of one address, in a minute: asked for what they cost, and paid.
    pub orders_per_minute: u32,
    /// Cards that one address showed to the payment processor, in a minute.
    pub cards_per_minute: u32,
    /// Cards of one address that the bank declined, in an hour: for orders, registrations and recoveries together.
    pub declined_cards_per_hour: u32,
    /// Registrations and recoveries of one address, in an hour.
    pub registrations_per_hour: u32,
    /// Preview vouchers for one address, in a minute.
    pub previews_per_minute: u32,
    /// Challenges and redemptions of one address, in a minute.
    pub redemptions_per_minute: u32,
    /// Reverse proxies of ours: for them the last address in `X-Forwarded-For` counts, and they may hold any number of connections.
    pub proxies: Vec<IpAddr>,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            connections: 4_096,
            connections_per_address: 128,
            streams_per_address: 16,
            downloads_per_address: 16,
            handshake_seconds: 10,
            header_seconds: 15,
            body_seconds: 20,
            idle_seconds: 60,
            stall_seconds: 60,
            requests_per_minute: 600,
            orders_per_minute: 120,
            cards_per_minute: 60,
            declined_cards_per_hour: 20,
            registrations_per_hour: 30,
            previews_per_minute: 120,
            redemptions_per_minute: 600,
            proxies: vec![],
        }
    }
}

impl LimitSettings {
    /// Connections in all, where the process may have this many files open: half of the rest is for what connections read.
    pub(super) fn connections_within(&self, files: Option<u64>) -> usize {
        let room = files.map_or(usize::MAX, |files| {
            usize::try_from(files.saturating_sub(OWN_FILES) / 2).unwrap_or(usize::MAX)
        });
        self.connections.min(room).max(1)
    }

    /// Connections of one address at one door, of so many in all: sixteen addresses are no crowd.
    pub(super) fn connections_of_one(&self, most: usize) -> usize {
        self.connections_per_address.min((most / 16).max(FEWEST))
    }

    /// How long a handshake may take.
    pub fn handshake(&self) -> Duration {
        Duration::from_secs(self.handshake_seconds.into())
    }

    /// How long the header of a request may take.
    pub fn header(&self) -> Duration {
        Duration::from_secs(self.header_seconds.into())
    }

    pub(super) fn body(&self) -> Duration {
        Duration::from_secs(self.body_seconds.into())
    }

    /// How long a connection may be silent.
    pub fn idle(&self) -> Duration {
        Duration::from_secs(self.idle_seconds.into())
    }

    pub(super) fn stall(&self) -> Duration {
        Duration::from_secs(self.stall_seconds.into())
    }
}
