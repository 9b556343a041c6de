//! What the server does by itself: the secure log brought to the licensing center (R2),
//! certificates renewed in time (S1), lapsed reservations swept (B2), orders that were left open settled (B7).

use std::sync::Arc;
use std::time::Duration;

use cadenza_protocol::cert::Role;
use tokio::sync::watch;

use super::doors::stopped;
use crate::clock::Clock;
use crate::content::ContentManager;
use crate::licensing::enrol::{Enrolling, Enrolment};
use crate::merchant::Merchant;
use crate::tls::ServiceTls;

const EVERY: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Maintenance {
    services: Vec<(Enrolling, ServiceTls)>,
    enrolment: Enrolment,
    clock: Clock,
    manager: Option<Arc<ContentManager>>,
    merchant: Option<Arc<Merchant>>,
}

impl Maintenance {
    pub fn new(
        services: Vec<(Enrolling, ServiceTls)>,
        enrolment: Enrolment,
        clock: Clock,
        manager: Option<Arc<ContentManager>>,
        merchant: Option<Arc<Merchant>>,
    ) -> Self {
        Self { services, enrolment, clock, manager, merchant }
    }

    /// Once a minute until the server stops.
    pub async fn run(self: Arc<Self>, stopping: watch::Receiver<bool>) {
        let mut stopped = std::pin::pin!(stopped(stopping));
        let mut ticks = tokio::time::interval(EVERY);
        loop {
            tokio::select! {
                _ = ticks.tick() => self.once().await,
                () = &mut stopped => return,
            }
        }
    }

    pub async fn once(&self) {
        self.bring_the_log().await;
        for (enrolling, tls) in &self.services {
            match self.enrolment.identity(enrolling, &self.clock).await {
                Ok((identity, true)) => {
                    if let Err(error) = tls.replace(identity) {
                        tracing::error!(name = %enrolling.subject.name, %error, "a renewed certificate cannot be used");
                    }
                }
                Ok((_, false)) => {}
                Err(error) => {
                    tracing::error!(name = %enrolling.subject.name, %error, "a certificate was not renewed; trying again in a minute")
                }
            }
        }
        if let Some(manager) = &self.manager
            && let Err(failure) = manager.sweep().await
        {
            tracing::warn!(code = %failure.error.code, "lapsed reservations and uploads were not swept");
        }
        if let Some(merchant) = &self.merchant
            && let Err(failure) = merchant.settle_open_orders().await
        {
            tracing::warn!(code = %failure.error.code, "open orders are not all settled; trying again in a minute");
        }
    }

    /// Before the renewals, which rest on it.
    async fn bring_the_log(&self) {
        if let Some(merchant) = &self.merchant
            && let Err(error) = merchant.settle_log().await
        {
            tracing::error!(%error, "the merchant's secure log was not brought to the licensing center; trying again in a minute");
        }
        let Some(manager) = &self.manager else { return };
        let of_manager = |enrolling: &Enrolling| enrolling.subject.role == Role::ContentManager;
        let renewal = self.services.iter().find(|(enrolling, _)| of_manager(enrolling));
        let due = renewal.is_some_and(|(wish, _)| self.enrolment.due(wish, &self.clock).is_some());
        if let Err(error) = manager.settle_log(due).await {
            tracing::error!(%error, "the secure log was not brought to the licensing center; trying again in a minute");
        }
    }
}
