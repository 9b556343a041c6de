//! What is asked on the terminal. Passphrases come from the first line of a file, or are typed unseen, and are wiped once they are used.

use std::io::{BufRead, IsTerminal, Read};
use std::path::Path;

use cadenza_player::{Code, Failure, atomic};
use cadenza_protocol::secret::Passphrase;
use zeroize::Zeroizing;

const BOUND: u64 = 64 << 10;
/// Bytes.
const LONGEST_ANSWER: u64 = 100;

/// The passphrase of a passport that exists.
pub fn passphrase(file: Option<&Path>) -> Result<Passphrase, Failure> {
    match file {
        Some(file) => from_file(file),
        None => typed("Passphrase: "),
    }
}

/// A new one: typed twice.
pub fn new_passphrase(file: Option<&Path>) -> Result<Passphrase, Failure> {
    let Some(file) = file else {
        let (first, again) = (typed("New passphrase: ")?, typed("The same again: ")?);
        if first.expose() != again.expose() {
            return Err(Failure::new(
                Code::PassphrasesDiffer,
                "the two passphrases are not the same: start again",
            ));
        }
        return Ok(first);
    };
    from_file(file)
}

fn from_file(file: &Path) -> Result<Passphrase, Failure> {
    let bytes = Zeroizing::new(atomic::read_bounded(file, BOUND)?);
    let line = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let text = std::str::from_utf8(line).map_err(|_| {
        Failure::new(
            Code::FileBroken,
            format!("{} is not text: write the passphrase in its first line, in UTF-8", file.display()),
        )
    })?;
    Ok(Passphrase::new(text.to_owned()))
}

fn typed(prompt: &str) -> Result<Passphrase, Failure> {
    if !std::io::stdin().is_terminal() {
        let message = "the passphrase is needed, and there is no terminal to ask on: name a file with --passphrase-file";
        return Err(Failure::new(Code::PassportLocked, message));
    }
    let typed = rpassword::prompt_password(prompt);
    typed.map(Passphrase::new).map_err(|e| {
        Failure::new(
            Code::PassportLocked,
            format!("the passphrase could not be read ({e}): name a file with --passphrase-file"),
        )
    })
}

/// Asks something that is answered with yes or no. Anything but yes is no.
pub fn agrees(question: &str) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        let message =
            "a link is followed only when you say so, and there is no terminal to ask on: add --yes";
        return Err(Failure::new(Code::Cancelled, message));
    }
    eprint!("{question} [y/N] ");
    let mut typed = String::new();
    std::io::stdin().lock().take(LONGEST_ANSWER).read_line(&mut typed).map_err(Failure::internal)?;
    Ok(matches!(typed.trim().to_lowercase().as_str(), "y" | "yes"))
}
