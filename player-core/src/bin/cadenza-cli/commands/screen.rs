//! The terminal while music plays: one line that says what plays, how far it is and whose it is, and the keys that steer it (M2, M5).
//!
//! Without a terminal, or with `--json`, there are no keys and no line; what is said then is progress like any other.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use cadenza_player::playback::{Command, Knob, Playback, PlaybackState, Status};
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::terminal;

use crate::output::{Output, minutes};

/// How far an arrow key goes.
const STEP_MS: u64 = 5_000;
/// Until the engine shows what it was told.
const A_MOMENT: Duration = Duration::from_millis(300);
/// How far a press turns the volume.
const TURN: u8 = 5;
/// Columns of a terminal that does not say how wide it is.
const COLUMNS: u16 = 80;
/// Back to the line's start, and whatever stands there is gone.
const FRESH: &str = "\r\x1b[2K";

/// Where a turn is shown, and from where it is steered.
pub struct Screen {
    output: Output,
    owner: Option<String>,
    knob: Knob,
    /// Keys come one by one, and the line is ours.
    raw: bool,
    drawn: String,
    /// Where the last seek went, and when: the status follows it a moment later.
    sought: Option<(Instant, u64)>,
}

/// What came of the keys.
#[derive(Debug, PartialEq, Eq)]
pub enum Steered {
    On,
    Ended,
}

/// What a key means.
#[derive(Debug)]
enum Deed {
    Send(Command),
    Louder,
    Quieter,
    End,
}

impl Screen {
    pub fn new(output: Output, owner: Option<String>, volume: Option<u8>) -> Self {
        let can_be_steered = output.is_text() && io::stdin().is_terminal() && io::stderr().is_terminal();
        let raw = can_be_steered && terminal::enable_raw_mode().is_ok();
        let knob = Knob::default().turned(volume.unwrap_or(100));
        let screen = Self { output, owner, knob, raw, drawn: String::new(), sought: None };
        if let Some(owner) = &screen.owner {
            screen.say(&format!("Bought by {owner}"));
        }
        screen
    }

    /// A line that stays.
    pub fn say(&self, line: &str) {
        if self.raw {
            let _ = write!(io::stderr(), "{FRESH}{line}\r\n{}", self.drawn);
        } else {
            self.output.progress(line);
        }
    }

    /// The same, where no line says it anyway.
    pub fn announce(&self, line: &str) {
        if !self.raw {
            self.output.progress(line);
        }
    }

    /// What is heard now.
    pub fn draw(&mut self, status: &Status) {
        if !self.raw {
            return;
        }
        let told = terminal::size().map_or(0, |(columns, _)| columns);
        let columns = if told == 0 { COLUMNS } else { told };
        let line = line(status, self.owner.as_deref(), columns.into());
        if line != self.drawn {
            let mut terminal = io::stderr();
            let _ = write!(terminal, "{FRESH}{line}").and_then(|()| terminal.flush());
            self.drawn = line;
        }
    }

    /// Does what was typed since.
    pub fn steer(&mut self, playback: &Playback, status: &Status) -> Steered {
        while self.raw {
            let key = match event::poll(Duration::ZERO).and_then(|any| any.then(event::read).transpose()) {
                Ok(None) => break,
                Ok(Some(Event::Key(key))) => key,
                Ok(Some(_)) => continue,
                Err(_) => return Steered::Ended, // the terminal is gone
            };
            let time_ms = match self.sought {
                Some((at, time_ms)) if at.elapsed() < A_MOMENT => time_ms,
                _ => status.time_ms(),
            };
            match deed(key, status.is_sounding(), time_ms) {
                Some(Deed::Send(command)) => {
                    self.sought = match command {
                        Command::Seek(time_ms) => Some((Instant::now(), time_ms)),
                        _ => None,
                    };
                    playback.send(command);
                }
                Some(Deed::Louder) => self.turn(self.knob.percent().saturating_add(TURN), playback),
                Some(Deed::Quieter) => self.turn(self.knob.percent().saturating_sub(TURN), playback),
                Some(Deed::End) => return Steered::Ended,
                None => {}
            }
        }
        Steered::On
    }

    fn turn(&mut self, percent: u8, playback: &Playback) {
        self.knob = self.knob.turned(percent);
        playback.set_volume(self.knob.level());
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if self.raw {
            let _ = write!(io::stderr(), "{FRESH}");
            let _ = terminal::disable_raw_mode();
        }
    }
}

fn deed(key: KeyEvent, is_sounding: bool, time_ms: u64) -> Option<Deed> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    Some(match key.code {
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Deed::End,
        KeyCode::Char('q') => Deed::End,
        KeyCode::Char(' ') => Deed::Send(if is_sounding { Command::Pause } else { Command::Play }),
        KeyCode::Char('s') => Deed::Send(Command::Stop),
        KeyCode::Char('n') => Deed::Send(Command::Next),
        KeyCode::Char('p') => Deed::Send(Command::Previous),
        KeyCode::Right => Deed::Send(Command::Seek(time_ms.saturating_add(STEP_MS))),
        KeyCode::Left => Deed::Send(Command::Seek(time_ms.saturating_sub(STEP_MS))),
        KeyCode::Char('+') | KeyCode::Up => Deed::Louder,
        KeyCode::Char('-') | KeyCode::Down => Deed::Quieter,
        _ => return None,
    })
}

/// State, title, time, time that remains, owner; where room is short the title gives way.
fn line(status: &Status, owner: Option<&str>, columns: usize) -> String {
    let state = match status.state {
        PlaybackState::Playing => "playing",
        PlaybackState::Buffering => "waiting",
        PlaybackState::Paused => "paused",
        PlaybackState::Stopped => "stopped",
    };
    let title = status.current.as_ref().map_or("", |entry| entry.track.title.as_str());
    let left = status.length_ms().saturating_sub(status.time_ms());
    let mut rest = format!("  {}  -{}", minutes(status.time_ms()), minutes(left));
    if let Some(owner) = owner.filter(|_| status.shows_owner()) {
        rest.push_str("  ");
        rest.push_str(owner);
    }
    let room = columns.saturating_sub(width(&rest) + state.len() + 2);
    cut(&format!("{state} {}{rest}", cut(title, room)), columns.saturating_sub(1))
}

/// As much of a text as fits, with a sign that there is more.
fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    for character in text.chars() {
        if width(&kept) + wide(character) >= columns {
            break;
        }
        kept.push(character);
    }
    kept.push('…');
    kept
}

/// Columns that a text takes at most: whatever is not plain ASCII may take two.
fn width(text: &str) -> usize {
    text.chars().map(wide).sum()
}

fn wide(character: char) -> usize {
    if character.is_ascii() || matches!(character, '•' | '·' | '…') { 1 } else { 2 }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use cadenza_player::audio::source::SourceError;
    use cadenza_player::library::TrackId;
    use cadenza_player::playback::{Queue, Track, TrackKind};

    use super::*;

    fn heard(kind: TrackKind, title: &str) -> Status {
        let id = TrackId::of_own_file(Path::new(title));
        let mut queue = Queue::new(1);
        queue.load(
            vec![Arc::new(Track::new(id, kind, title, || Err(SourceError::Missing("test".into()))))],
            0,
        );
        Status {
            state: PlaybackState::Playing,
            current: queue.current().cloned(),
            position_ms: 62_000,
            duration_ms: Some(195_000),
            ..Status::default()
        }
    }

    // M2, M5
    #[test]
    fn one_line_tells_title_time_what_remains_and_whose_it_is() {
        let owner = "Ada <ada@example.org> · Visa •••• 4242 · my cat";
        let bought = line(&heard(TrackKind::Purchased, "Clair de lune"), Some(owner), 120);
        assert_eq!(bought, format!("playing Clair de lune  1:02  -2:13  {owner}"));
        let own = line(&heard(TrackKind::Own, "Clair de lune"), Some(owner), 120);
        assert_eq!(own, "playing Clair de lune  1:02  -2:13");
        let narrow =
            line(&heard(TrackKind::Purchased, "A title that goes on and on and on"), Some(owner), 80);
        assert!(
            narrow.ends_with(owner) && narrow.starts_with("playing A title …") && width(&narrow) < 80,
            "{narrow}"
        );
        assert!(width(&line(&heard(TrackKind::Own, &"長".repeat(200)), None, 40)) < 40);
    }

    // M2
    #[test]
    fn keys_steer_and_other_keys_do_nothing() {
        let press = |code| deed(KeyEvent::new(code, KeyModifiers::NONE), true, 62_000);
        assert!(matches!(press(KeyCode::Char(' ')), Some(Deed::Send(Command::Pause))));
        assert!(matches!(press(KeyCode::Right), Some(Deed::Send(Command::Seek(67_000)))));
        assert!(matches!(press(KeyCode::Left), Some(Deed::Send(Command::Seek(57_000)))));
        assert!(matches!(press(KeyCode::Char('q')), Some(Deed::End)));
        assert!(press(KeyCode::Char('x')).is_none());
        let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert!(matches!(deed(interrupt, true, 0), Some(Deed::End)));
    }
}
