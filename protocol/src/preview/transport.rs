//! The `Transport` header (RFC 2326, section 12.39): how packets travel, and the proof that comes before the first datagram.
//!
//! Interleaved in the control connection is the default. UDP is only for clients that can prove where they are (V8):
//! their `Transport` carries `x-cadenza-proof`, the answer carries a token, and nothing is sent until a datagram with
//! that token has come from the address of the control connection. An ordinary client that asks for UDP is answered 461 and
//! goes on to ask for TCP.
//!
//! Read by hand rather than by `rtsp_types::headers::Transports`, which panics on some malformed values.

use std::fmt;

use crate::id::{hex, unhex};

/// What a datagram begins with that proves its sender's address.
const PROOF_PREFIX: &[u8; 4] = b"CADZ";

/// The secret between `SETUP`'s answer and the first datagram.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ProofToken([u8; 16]);

impl ProofToken {
    /// The token with these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The datagram that a client sends.
    pub fn datagram(&self) -> [u8; 20] {
        let mut bytes = [0; 20];
        bytes[..4].copy_from_slice(PROOF_PREFIX);
        bytes[4..].copy_from_slice(&self.0);
        bytes
    }

    /// Whether a datagram is this token's.
    pub fn is_proven_by(&self, datagram: &[u8]) -> bool {
        datagram == self.datagram()
    }
}

impl fmt::Debug for ProofToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProofToken(..)")
    }
}

/// One way for packets to travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// In the control connection, on these channels (RFC 2326, section 10.12).
    Interleaved {
        /// Channel of RTP.
        rtp: u8,
        /// Channel of RTCP.
        rtcp: u8,
    },
    /// In datagrams, RTP and RTCP on one port (RFC 5761).
    Udp {
        /// The client's port, told for information; packets go to where the proof came from.
        client_port: u16,
        /// In an answer: the server's port and the token to send there.
        answer: Option<(u16, ProofToken)>,
    },
}

impl Transport {
    /// The first of the offered transports that we speak.
    pub fn choose(header: &str) -> Option<Self> {
        header.split(',').take(8).find_map(Self::parse)
    }

    fn parse(offer: &str) -> Option<Self> {
        let mut parts = offer.trim().split(';').map(str::trim);
        let profile = parts.next()?.to_ascii_uppercase();
        let (mut interleaved, mut client, mut server, mut token) = (None, None, None, None);
        let (mut proof, mut multicast) = (false, false);
        for part in parts {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            match name.to_ascii_lowercase().as_str() {
                "interleaved" => interleaved = Some(pair::<u8>(value)?),
                "client_port" => client = Some(pair::<u16>(value)?.0),
                "server_port" => server = Some(pair::<u16>(value)?.0),
                "x-cadenza-token" => {
                    token = unhex(value).and_then(|bytes| bytes.try_into().ok()).map(ProofToken)
                }
                "x-cadenza-proof" => proof = true,
                "multicast" => multicast = true,
                "mode" if !value.trim_matches('"').eq_ignore_ascii_case("play") => return None,
                _ => {}
            }
        }
        match profile.as_str() {
            "RTP/AVP/TCP" => {
                let (rtp, rtcp) = interleaved.unwrap_or((0, None));
                let rtcp = rtcp.or(rtp.checked_add(1))?;
                (rtp != rtcp).then_some(Self::Interleaved { rtp, rtcp })
            }
            "RTP/AVP" | "RTP/AVP/UDP" if !multicast && (proof || token.is_some()) => {
                Some(Self::Udp { client_port: client?, answer: server.zip(token) })
            }
            _ => None,
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interleaved { rtp, rtcp } => write!(f, "RTP/AVP/TCP;unicast;interleaved={rtp}-{rtcp}"),
            Self::Udp { client_port, answer: None } => {
                write!(f, "RTP/AVP;unicast;client_port={client_port};RTCP-mux;x-cadenza-proof")
            }
            Self::Udp { client_port, answer: Some((server_port, token)) } => write!(
                f,
                "RTP/AVP;unicast;client_port={client_port};server_port={server_port};RTCP-mux;x-cadenza-token={}",
                hex(&token.0)
            ),
        }
    }
}

/// `4-5`, or `4` alone.
fn pair<N: std::str::FromStr>(value: &str) -> Option<(N, Option<N>)> {
    match value.split_once('-') {
        None => Some((value.parse().ok()?, None)),
        Some((first, second)) => Some((first.parse().ok()?, Some(second.parse().ok()?))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transports_survive_their_text() {
        let token = ProofToken([5; 16]);
        for transport in [
            Transport::Interleaved { rtp: 2, rtcp: 3 },
            Transport::Udp { client_port: 5000, answer: None },
            Transport::Udp { client_port: 5000, answer: Some((6000, token)) },
        ] {
            assert_eq!(Transport::choose(&transport.to_string()), Some(transport));
        }
        assert_eq!(format!("{token:?}"), "ProofToken(..)");
    }

    // V8
    #[test]
    fn udp_without_a_proof_is_not_chosen_and_the_next_offer_is() {
        let offer = "RTP/AVP/UDP;unicast;client_port=5000-5001;mode=play";
        assert_eq!(Transport::choose(offer), None);
        let both = format!("{offer},RTP/AVP/TCP;unicast;interleaved=0-1;mode=\"PLAY\"");
        assert_eq!(Transport::choose(&both), Some(Transport::Interleaved { rtp: 0, rtcp: 1 }));
    }

    #[test]
    fn what_makes_no_sense_is_not_chosen() {
        for offer in [
            "",
            ";",
            "RTP/AVP/TCP;interleaved=",
            "RTP/AVP/TCP;interleaved=255",
            "RTP/AVP/TCP;interleaved=1-1",
            "RTP/AVP/TCP;interleaved=300-301",
            "RTP/AVP/TCP;mode=\"",
            "RTP/AVP/TCP;mode=RECORD",
            "RTP/AVP;multicast;x-cadenza-proof;client_port=1",
            "RTP/AVP;x-cadenza-proof",
            "RAW/RAW/UDP",
        ] {
            assert_eq!(Transport::choose(offer), None, "{offer}");
        }
        assert!(!ProofToken([5; 16]).is_proven_by(&ProofToken([6; 16]).datagram()));
    }
}
