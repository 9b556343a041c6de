//! An HTTPS client of a service that outlives the service's certificates.
//!
//! A connection keeps the certificate it was made with, and two services that talk every minute never close theirs. So when the
//! service has a new certificate, its next request goes out on a new connection.

use std::sync::Arc;
use std::time::Duration;

use cadenza_protocol::cert::Role;
use parking_lot::Mutex;

use super::{ServiceTls, TlsError};
use crate::identity::Identity;

/// Talks to servers of one role as one service. Clones share their connections.
#[derive(Debug, Clone)]
pub struct ServiceClient {
    tls: ServiceTls,
    server: Role,
    timeout: Duration,
    made: Arc<Mutex<(Arc<Identity>, reqwest::Client)>>,
}

impl ServiceClient {
    pub(super) fn new(tls: ServiceTls, server: Role, timeout: Duration) -> Result<Self, TlsError> {
        let made = (tls.identity(), tls.connections(server, timeout)?);
        Ok(Self { tls, server, timeout, made: Arc::new(Mutex::new(made)) })
    }

    /// The client for the next request.
    pub fn now(&self) -> reqwest::Client {
        let identity = self.tls.identity();
        let mut made = self.made.lock();
        if !Arc::ptr_eq(&made.0, &identity) {
            match self.tls.connections(self.server, self.timeout) {
                Ok(client) => *made = (identity, client),
                Err(error) => tracing::error!(%error, "going on with the connections at hand"),
            }
        }
        made.1.clone()
    }

    /// A `GET` that can be added to.
    pub fn get(&self, url: String) -> reqwest::RequestBuilder {
        self.now().get(url)
    }

    /// A `POST` that can be added to.
    pub fn post(&self, url: String) -> reqwest::RequestBuilder {
        self.now().post(url)
    }
}
