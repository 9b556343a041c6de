//! The server as players, merchants and authors meet it: everything over real TLS, in a temporary folder, on free ports.
#![allow(clippy::unwrap_used)]

#[path = "server/account.rs"]
mod account;
#[path = "server/after_sale.rs"]
mod after_sale;
#[path = "server/author.rs"]
mod author;
#[path = "server/books.rs"]
mod books;
#[path = "server/clock.rs"]
mod clock;
#[path = "server/delivery.rs"]
mod delivery;
#[path = "server/doors.rs"]
mod doors;
#[path = "server/enrolment.rs"]
mod enrolment;
#[path = "server/found_copy.rs"]
mod found_copy;
#[path = "server/hub.rs"]
mod hub;
#[path = "server/listener.rs"]
mod listener;
#[path = "server/money.rs"]
mod money;
#[path = "server/orders.rs"]
mod orders;
#[path = "server/passports.rs"]
mod passports;
#[path = "server/postgres.rs"]
mod postgres;
#[path = "server/prices.rs"]
mod prices;
#[path = "server/recovery.rs"]
mod recovery;
#[path = "server/rest.rs"]
mod rest;
#[path = "server/roles.rs"]
mod roles;
#[path = "server/secrecy.rs"]
mod secrecy;
#[path = "server/secure_log.rs"]
mod secure_log;
#[path = "server/signed_orders.rs"]
mod signed_orders;
#[path = "server/storefront.rs"]
mod storefront;
#[path = "server/tokens.rs"]
mod tokens;
#[path = "server/world.rs"]
mod world;
