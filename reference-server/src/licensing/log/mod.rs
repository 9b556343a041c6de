//! The licensing center's end of secure logs (R2): agrees on them, verifies what comes, lets nobody whose log does not hold renew.
//!
//! | part | what |
//! |---|---|
//! | [`service`] | the two requests of content managers |
//! | [`intake`] | verifies and stores entries, keeps what it refused |
//! | [`rows`] | a log as the table has it, what is wrong with it, what can be done |
//! | [`renewal`] | no new certificate for a content manager whose log does not hold |
//! | [`compare`] | merchants' logs held against content managers' |
//! | [`audit`] | reads a log from its first entry on (`verify-log`), and the operator's view |
//!
//! Cryptography, the entries' bytes and the messages are [`cadenza_protocol::audit_log`]; the writer's end is the content
//! manager's.

pub mod audit;
pub mod compare;
pub mod entered;
mod intake;
pub mod renewal;
pub mod rows;
pub(super) mod service;
