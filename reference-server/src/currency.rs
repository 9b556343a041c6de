//! What everything is sold and accounted in here.

/// ISO 4217.
pub const CURRENCY: &str = "USD";
