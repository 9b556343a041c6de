//! What a run does and what goes wrong in it, drawn from its seed.

use std::fmt;

use super::dice::Dice;
use super::wire::{Door, Harm};

/// What a person, or the shop, is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flow {
    /// Get a passport.
    Register,
    /// Buy one track: reserve, pay, authorize, capture, redeem, deliver, report the hash.
    Buy,
    /// Buy all tracks at once.
    BuyAll,
    /// The same with a card that the bank declines, then with a good one.
    BuyDeclined,
    /// The shop pays an order back.
    Refund,
    /// Write the image of a disc with a track that may be recorded once.
    Burn,
    /// Make a playlist and edit it.
    Playlist,
    /// An author publishes a song.
    Publish,
}

/// Purchases are what most runs are about.
const FLOWS: [Flow; 14] = [
    Flow::Register,
    Flow::Buy,
    Flow::Buy,
    Flow::Buy,
    Flow::Buy,
    Flow::BuyAll,
    Flow::BuyAll,
    Flow::BuyDeclined,
    Flow::Refund,
    Flow::Refund,
    Flow::Burn,
    Flow::Burn,
    Flow::Playlist,
    Flow::Publish,
];

/// Whose process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    Player,
    Store,
}

/// How a step goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// The process is gone.
    Die,
    /// The step fails as a disk does.
    Fail,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// At a step of the program, when it is reached for the `at`th time.
    Step { side: Side, step: &'static str, act: Act, at: u32 },
    /// The process is gone after so many milliseconds, whatever it is doing.
    Kill { side: Side, after_ms: u64 },
    /// At one of the store's doors, to the `connection`th that comes.
    Wire { door: Door, connection: u32, harm: Harm },
}

/// One run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where it came from.
    pub seed: u64,
    /// What is done.
    pub flow: Flow,
    /// What goes wrong meanwhile.
    pub fault: Fault,
    /// Whether the person first does the same once more, before looking after what is open.
    pub repeats: bool,
    /// Whether the store, if it is still there, is ended by a kill as well.
    pub ends_hard: bool,
}

impl Plan {
    /// The run of a seed.
    pub fn drawn(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let flow = dice.pick(&FLOWS);
        let fault = Fault::drawn(&mut dice, flow);
        Self { seed, flow, fault, repeats: dice.below(2) == 0, ends_hard: dice.below(2) == 0 }
    }
}

impl Fault {
    /// One that can strike in this flow.
    fn drawn(dice: &mut Dice, flow: Flow) -> Self {
        let (players, stores, doors) = flow.places();
        let mut kinds: Vec<u64> = vec![2, 2];
        kinds.extend(std::iter::repeat_n(0, 2 * usize::from(!players.is_empty())));
        kinds.extend(std::iter::repeat_n(1, 3 * usize::from(!stores.is_empty())));
        kinds.extend(std::iter::repeat_n(3, 5 * usize::from(!doors.is_empty())));
        match dice.pick(&kinds) {
            0 => Self::step(dice, flow, Side::Player, &players),
            1 => Self::step(dice, flow, Side::Store, &stores),
            2 => {
                let sides: &[Side] = match flow {
                    Flow::Burn | Flow::Playlist => &[Side::Player],
                    Flow::Refund | Flow::Publish => &[Side::Store],
                    Flow::Register | Flow::Buy | Flow::BuyAll | Flow::BuyDeclined => {
                        &[Side::Player, Side::Store]
                    }
                };
                let longest = match flow {
                    Flow::Playlist => 250,
                    Flow::Refund | Flow::Publish => 600,
                    Flow::Register | Flow::Buy | Flow::BuyAll | Flow::BuyDeclined | Flow::Burn => 2_000,
                };
                Self::Kill { side: dice.pick(sides), after_ms: 20 + dice.below(longest) }
            }
            _ => Self::Wire {
                door: dice.pick(doors),
                connection: dice.pick(&[1, 1, 1, 2]),
                harm: Harm::drawn(dice),
            },
        }
    }

    fn step(dice: &mut Dice, flow: Flow, side: Side, steps: &[&'static str]) -> Self {
        let step = dice.pick(steps);
        // Many files are written in one flow, a track comes in many pieces, and three tracks in three deliveries.
        let times = match flow {
            Flow::Buy | Flow::BuyAll if step.starts_with("file.") || step == "download.piece" => 6,
            Flow::Burn if step.starts_with("file.") => 4,
            Flow::BuyAll => 2,
            Flow::Register
            | Flow::Buy
            | Flow::BuyDeclined
            | Flow::Refund
            | Flow::Burn
            | Flow::Playlist
            | Flow::Publish => 1,
        };
        let act = dice.pick(&[Act::Die, Act::Die, Act::Fail]);
        Self::Step { side, step, act, at: 1 + dice.below(times) as u32 }
    }
}

const REGISTER: (&[&str], &[&str]) = (
    &["register.answered", "register.stored", "file.written", "file.named"],
    &["register.card-kept", "register.issued"],
);
const BUY: (&[&str], &[&str]) = (
    &["buy.noted", "buy.answered", "buy.paid", "buy.voucher", "buy.vouchers-kept"],
    &[
        "order.opened",
        "reserve.written",
        "reserve.kept",
        "order.reserved",
        "pay.decided",
        "pay.set-aside",
        "order.set-aside",
        "authorize.kept",
        "order.authorized",
        "pay.captured",
        "order.captured",
        "books.entered",
        "books.kept",
        "order.paid",
        "voucher.kept",
        "log.state",
    ],
);
const DELIVER: (&[&str], &[&str]) = (
    &[
        "deliver.redeemed",
        "download.piece",
        "deliver.fetched",
        "deliver.sealed",
        "deliver.noted",
        "deliver.placed",
        "deliver.acknowledged",
        "deliver.shelving",
        "file.written",
        "file.named",
        "file.moved",
        "file.removing",
        "index.changed",
        "index.flushed",
    ],
    &["redeem.claimed", "redeem.verified", "delivered.entered", "delivered.kept", "delivered.told"],
);
const GIVE_UP: &[&str] =
    &["give-up.noted", "expire.kept", "give-up.expired", "pay.voided", "give-up.given-back"];
const REFUND: &[&str] = &[
    "refund.begun",
    "take-back.entered",
    "take-back.kept",
    "refund.vouchers-ended",
    "pay.refunded",
    "refund.paid-back",
    "books.entered",
    "books.kept",
    "log.state",
];
const BURN: &[&str] = &[
    "ledger.written",
    "ledger.kept",
    "burn.writing",
    "burn.counted",
    "burn.opening",
    "burn.opened",
    "burn.whole",
    "file.written",
    "file.named",
    "file.removing",
];
const PLAYLIST: &[&str] = &["index.changed", "index.flushed"];
const PUBLISH: &[&str] = &[
    "upload.received",
    "publish.stored",
    "publish.written",
    "publish.kept",
    "publish.listed",
    "file.written",
    "file.named",
];

impl Flow {
    /// The steps of player and store that belong to it, and the doors that it goes through.
    fn places(self) -> (Vec<&'static str>, Vec<&'static str>, &'static [Door]) {
        match self {
            Self::Register => {
                (REGISTER.0.to_vec(), REGISTER.1.to_vec(), &[Door::Licensing, Door::Payment, Door::Store])
            }
            Self::Buy | Self::BuyAll => (
                [BUY.0, DELIVER.0].concat(),
                [BUY.1, DELIVER.1].concat(),
                &[Door::Store, Door::Store, Door::Delivery, Door::Delivery, Door::Content, Door::Payment],
            ),
            Self::BuyDeclined => (
                vec!["buy.noted", "file.removing"],
                [GIVE_UP, &["pay.decided", "order.reserved"]].concat(),
                &[Door::Store, Door::Content, Door::Payment],
            ),
            Self::Refund => (Vec::new(), REFUND.to_vec(), &[Door::Content, Door::Payment]),
            Self::Burn => (BURN.to_vec(), Vec::new(), &[]),
            Self::Playlist => (PLAYLIST.to_vec(), Vec::new(), &[]),
            Self::Publish => (Vec::new(), PUBLISH.to_vec(), &[Door::Content]),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}: {:?}, {}", self.seed, self.flow, self.fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step { side, step, act: Act::Die, at } => write!(f, "{side:?} ends at {step} ({at})"),
            Self::Step { side, step, act: Act::Fail, at } => write!(f, "{side:?} fails at {step} ({at})"),
            Self::Kill { side, after_ms } => write!(f, "{side:?} is killed after {after_ms} ms"),
            Self::Wire { door, connection, harm } => {
                write!(f, "connection {connection} at the door {door:?}: {harm}")
            }
        }
    }
}

impl Fault {
    /// What it counts as in a tally.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Step { side: Side::Player, act: Act::Die, .. } => "player ends at a step",
            Self::Step { side: Side::Player, act: Act::Fail, .. } => "a step of the player fails",
            Self::Step { side: Side::Store, act: Act::Die, .. } => "store ends at a step",
            Self::Step { side: Side::Store, act: Act::Fail, .. } => "a step of the store fails",
            Self::Kill { side: Side::Player, .. } => "player killed at a random time",
            Self::Kill { side: Side::Store, .. } => "store killed at a random time",
            Self::Wire { harm: Harm::Delay { .. }, .. } => "reply delayed",
            Self::Wire { harm: Harm::Cut { bytes: 0, .. }, .. } => "reply lost after the answer was made",
            Self::Wire { harm: Harm::Cut { .. }, .. } => "reply cut short",
            Self::Wire { harm: Harm::Swallow { .. }, .. } => "silence in place of a reply",
            Self::Wire { harm: Harm::Refuse, .. } => "connection closed at once",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_the_same_run_and_a_thousand_seeds_draw_every_kind() {
        assert_eq!(Plan::drawn(7).to_string(), Plan::drawn(7).to_string());
        let kinds: std::collections::BTreeSet<_> = (0..1000).map(|s| Plan::drawn(s).fault.kind()).collect();
        assert_eq!(kinds.len(), 11, "{kinds:?}");
    }
}
