//! What every listening socket of the server has in common: one client must not shut the store (F12).
//!
//! ```text
//! accept ─▶ visitors: may this address hold another connection? ─▶ TLS, in time ─▶ http: header, body, idle, in time
//!                                                                                  └▶ guard: may this address ask this again? ─▶ service
//! ```
//!
//! [`visitors`] counts connections, [`http`] gives each its time, [`allowance`] counts requests of one kind by one address and
//! [`guard`] asks it, [`files`] raises the system's limit of open files at start. One [`Doorkeeper`] for all doors of a process
//! counts whom it turned away, for `admin stats`.

pub mod allowance;
pub mod files;
pub mod guard;
pub mod http;
mod pace;
pub mod settings;
pub mod turns;
pub mod visitors;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use cadenza_protocol::id::{hex, unhex};
use cadenza_protocol::secret::Secret;
use parking_lot::Mutex;

pub use settings::LimitSettings;
use visitors::{Rank, Visit, Visitors};

/// Says that a service of this process asks, for someone else.
const INTRODUCTION: &str = "x-cadenza-visitor";
const FORWARDED: &str = "x-forwarded-for";

/// What all doors of one process share.
#[derive(Debug)]
pub struct Doorkeeper {
    settings: LimitSettings,
    visitors: Arc<Visitors>,
    introductions: Secret<32>,
    turned_away: Mutex<BTreeMap<String, u64>>,
}

impl Doorkeeper {
    /// A keeper with these limits; raises the system's limit of open files, and stays below it.
    pub fn new(settings: LimitSettings) -> Arc<Self> {
        let files = files::raise();
        let most = settings.connections_within(files);
        let visitors = Visitors::new(most, settings.connections_of_one(most));
        Arc::new(Self {
            settings,
            visitors: Arc::new(visitors),
            introductions: Secret::random(),
            turned_away: Mutex::default(),
        })
    }

    /// The limits it keeps.
    pub fn settings(&self) -> &LimitSettings {
        &self.settings
    }

    /// A place for a connection at a door, until the [`Visit`] is dropped; nothing when there is none, which is counted.
    pub fn admit(&self, door: &'static str, rank: Rank, address: IpAddr) -> Option<Visit> {
        let address = address.to_canonical();
        // services of this machine share one address
        let is_ours = rank != Rank::Public && address.is_loopback();
        let limited = !is_ours && !self.settings.proxies.contains(&address);
        let visit = self.visitors.enter(door, rank, address, limited);
        if visit.is_none() {
            self.turn_away(&format!("connections at {door}"));
            tracing::debug!(door, %address, "a connection was turned away");
        }
        visit
    }

    /// Counts someone who was turned away.
    pub fn turn_away(&self, why: &str) {
        *self.turned_away.lock().entry(why.to_owned()).or_default() += 1;
    }

    /// How many were turned away since the start, by reason.
    pub fn turned_away(&self) -> BTreeMap<String, u64> {
        self.turned_away.lock().clone()
    }

    /// Who asks: the address of the connection, or what a proxy of ours says.
    pub fn visitor(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let forwarded = || last(headers, FORWARDED)?.rsplit(',').next()?.trim().parse().ok();
        let from_proxy = self.settings.proxies.contains(&peer.to_canonical());
        from_proxy.then(forwarded).flatten().unwrap_or(peer)
    }

    /// What a service of this process says when it asks another one for a visitor that was counted at its own door. A licensing center
    /// elsewhere reads the second header, if its operator named us among its proxies.
    pub fn introduction(&self, visitor: IpAddr) -> HeaderMap {
        let value = |text: &str| HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""));
        HeaderMap::from_iter([
            (HeaderName::from_static(INTRODUCTION), value(&hex(self.introductions.expose()))),
            (HeaderName::from_static(FORWARDED), value(&visitor.to_string())),
        ])
    }

    /// Whether a service of this process asks, for someone who was counted at its own door.
    pub fn introduced(&self, headers: &HeaderMap) -> bool {
        let shown = last(headers, INTRODUCTION).and_then(unhex).unwrap_or_default();
        aws_lc_rs::constant_time::verify_slices_are_equal(&shown, self.introductions.expose()).is_ok()
    }
}

fn last<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get_all(name).iter().next_back()?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    // F12
    #[test]
    fn a_visitor_is_named_by_our_own_proxy_and_our_own_services_only() {
        let named: IpAddr = "198.51.100.7".parse().unwrap();
        let stranger: IpAddr = "203.0.113.9".parse().unwrap();
        let keeper = Doorkeeper::new(LimitSettings { proxies: vec![PROXY], ..LimitSettings::default() });
        let forwarded = "10.0.0.1, 198.51.100.7";
        let headers =
            HeaderMap::from_iter([(HeaderName::from_static(FORWARDED), HeaderValue::from_static(forwarded))]);
        assert_eq!(keeper.visitor(PROXY, &headers), named);
        assert_eq!(keeper.visitor(stranger, &headers), stranger);
        assert!(!keeper.introduced(&headers));
        assert!(keeper.introduced(&keeper.introduction(named)));
        let other = Doorkeeper::new(LimitSettings::default());
        assert!(!other.introduced(&keeper.introduction(named)));
    }
}
