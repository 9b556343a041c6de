//! A faulty line in front of every TLS door of the store (F3), for players and for the services among themselves.
//!
//! The store says that it lives at 127.0.0.2 and listens at 127.0.0.1; between the two, at each port, stand these listeners. They see
//! sealed bytes only, and do harm by the turn: whatever comes back from the store after something was sent to it is one turn. The
//! first holds the handshake, the next ones replies. A reply that is cut before its first byte was made all the same: who repeats the
//! request has sent it twice.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use super::dice::Dice;

/// Where the store says that it is.
pub const PUBLIC: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// A door of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Door {
    Store,
    Licensing,
    Content,
    Payment,
    /// Where a card is shown.
    Counter,
    Delivery,
}

/// All of them.
pub const DOORS: [Door; 6] =
    [Door::Store, Door::Licensing, Door::Content, Door::Payment, Door::Counter, Door::Delivery];

impl Door {
    /// Its name in the configuration's `[ports]`.
    pub const fn port_name(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Licensing => "licensing",
            Self::Content => "content",
            Self::Payment => "payment",
            Self::Counter => "payment_counter",
            Self::Delivery => "delivery_https",
        }
    }
}

/// What a connection suffers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harm {
    /// Every turn comes so much later.
    Delay { ms: u64 },
    /// Of this turn so many bytes come, then the line is dead in both directions.
    Cut { turn: u32, bytes: usize },
    /// From this turn on nothing comes, and nobody hangs up.
    Swallow { turn: u32 },
    /// It is closed before anything is said.
    Refuse,
}

impl Harm {
    pub(super) fn drawn(dice: &mut Dice) -> Self {
        let turn = 1 + dice.below(4) as u32;
        match dice.below(10) {
            0 | 1 => Self::Delay { ms: 100 + dice.below(2_400) },
            2..=4 => Self::Cut { turn, bytes: 0 },
            5..=7 => {
                let most = dice.pick(&[300, 3_000, 400_000]);
                Self::Cut { turn, bytes: 1 + dice.below(most) as usize }
            }
            8 => Self::Swallow { turn },
            _ => Self::Refuse,
        }
    }
}

impl fmt::Display for Harm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delay { ms } => write!(f, "replies come {ms} ms later"),
            Self::Cut { turn, bytes } => write!(f, "turn {turn} is cut after {bytes} bytes"),
            Self::Swallow { turn } => write!(f, "silence from turn {turn} on"),
            Self::Refuse => f.write_str("closed at once"),
        }
    }
}

/// The line in front of one door.
#[derive(Debug)]
pub struct Line {
    /// Its port, and the door's.
    pub port: u16,
    /// Its door.
    pub door: Door,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What the how-manieth connection from now on suffers.
    armed: Mutex<Option<(u32, Harm)>>,
    connections: AtomicU32,
    /// Those that are open, or were.
    open: Mutex<Vec<TcpStream>>,
    struck: AtomicBool,
    /// Milliseconds by which replies came later.
    held_back: AtomicU64,
    closed: AtomicBool,
}

impl Line {
    /// Listens at a port of the public address that is free at the door's own address too. Below the ports that systems give away
    /// by themselves: a store that is being started again finds its own still free.
    pub fn lay(door: Door) -> io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let own = std::process::id().wrapping_mul(97);
        let free = std::iter::repeat_with(|| own.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)));
        let mut free = free.map(|drawn| 12_000 + (drawn % 20_000) as u16).filter_map(|port| {
            TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()?;
            TcpListener::bind((PUBLIC, port)).ok()
        });
        let listener = free.next().ok_or(io::ErrorKind::AddrInUse)?;
        let (port, state) = (listener.local_addr()?.port(), Arc::new(State::default()));
        let own = Arc::clone(&state);
        thread::Builder::new().name(format!("line-{door:?}")).spawn(move || {
            for caller in listener.incoming() {
                if own.closed.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(caller) = caller else { continue };
                carry(&own, caller, port);
            }
        })?;
        Ok(Self { port, door, state })
    }

    /// From now on, this connection suffers this. Those that are open are closed, as a door does with one that rests: services
    /// among themselves have one for all requests.
    pub fn arm(&self, connection: u32, harm: Harm) {
        for resting in self.state.open.lock().expect("no one panics with it").drain(..) {
            let _ = resting.shutdown(Shutdown::Both);
        }
        self.state.connections.store(0, Ordering::SeqCst);
        *self.state.armed.lock().expect("no one panics with it") = Some((connection, harm));
    }

    /// From now on all is well.
    pub fn mend(&self) {
        *self.state.armed.lock().expect("no one panics with it") = None;
    }

    /// By how much all replies together came later.
    pub fn held_back(&self) -> Duration {
        Duration::from_millis(self.state.held_back.load(Ordering::SeqCst))
    }

    /// Whether any harm was done.
    pub fn has_struck(&self) -> bool {
        self.state.struck.load(Ordering::SeqCst)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.state.closed.store(true, Ordering::SeqCst);
        // The listener waits for a caller: this is the last one.
        let _ = TcpStream::connect((PUBLIC, self.port));
    }
}

fn carry(state: &Arc<State>, caller: TcpStream, port: u16) {
    let number = state.connections.fetch_add(1, Ordering::SeqCst) + 1;
    let armed = *state.armed.lock().expect("no one panics with it");
    let harm = armed.filter(|(connection, _)| *connection == number).map(|(_, harm)| harm);
    if harm == Some(Harm::Refuse) {
        state.struck.store(true, Ordering::SeqCst);
        return;
    }
    // The store may be away: then this line ends as the store's own would.
    let Ok(door) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { return };
    let _ = (caller.set_nodelay(true), door.set_nodelay(true));
    let (Ok(from_caller), Ok(from_door)) = (caller.try_clone(), door.try_clone()) else { return };
    if let Ok(open) = caller.try_clone() {
        state.open.lock().expect("no one panics with it").push(open);
    }
    let asked = Arc::new(AtomicBool::new(false));
    let (telling, state) = (Arc::clone(&asked), Arc::clone(state));
    thread::spawn(move || {
        there(from_caller, door, &telling);
    });
    thread::spawn(move || {
        back(from_door, caller, &asked, harm, &state);
    });
}

fn there(mut caller: TcpStream, mut door: TcpStream, asked: &AtomicBool) {
    let mut buffer = [0; 16 << 10];
    while let Ok(count) = caller.read(&mut buffer) {
        asked.store(true, Ordering::SeqCst);
        if count == 0 || door.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = door.shutdown(Shutdown::Write);
}

fn back(mut door: TcpStream, mut caller: TcpStream, asked: &AtomicBool, harm: Option<Harm>, state: &State) {
    let (mut turn, mut sent) = (0, 0);
    let mut buffer = [0; 16 << 10];
    while let Ok(count) = door.read(&mut buffer) {
        if asked.swap(false, Ordering::SeqCst) {
            (turn, sent) = (turn + 1, 0);
            if let Some(Harm::Delay { ms }) = harm {
                state.struck.store(true, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(ms));
                state.held_back.fetch_add(ms, Ordering::SeqCst);
            }
        }
        let mut through = &buffer[..count];
        match harm {
            Some(Harm::Cut { turn: of, bytes }) if turn == of && sent + count >= bytes && count > 0 => {
                state.struck.store(true, Ordering::SeqCst);
                let _ = caller.write_all(&through[..bytes - sent]);
                let _ = (caller.shutdown(Shutdown::Both), door.shutdown(Shutdown::Both));
                return;
            }
            Some(Harm::Swallow { turn: from }) if turn >= from && count > 0 => {
                state.struck.store(true, Ordering::SeqCst);
                through = &[];
            }
            Some(Harm::Swallow { .. } | Harm::Cut { .. } | Harm::Delay { .. } | Harm::Refuse) | None => {}
        }
        sent += count;
        if count == 0 || caller.write_all(through).is_err() {
            break;
        }
    }
    let _ = (caller.shutdown(Shutdown::Both), door.shutdown(Shutdown::Read));
}
