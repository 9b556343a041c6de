//! What is done in a run, with one thing going wrong, and what must hold once all is well again.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use cadenza_protocol::card::test_cards::{DECLINED, GOOD};
use serde_json::Value;

use super::books;
use super::machine::{Machine, NEW_TITLE, Ran, Template, has_struck_at_a_step, tail, word};
use super::plan::{Fault, Flow, Plan};

/// Longest wait for an answer, with all the work around it, on a machine that does other things too: of one answer it is ten seconds.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// Starts of the store in which all that is written in secure logs has to reach the licensing center.
const STARTS: u32 = 3;

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    pub struck: bool,
    pub waited: Duration,
    pub broken: Vec<String>,
}

/// A run under way.
struct Run<'t> {
    template: &'t Template,
    plan: &'t Plan,
    machine: Machine,
    said: String,
    killed: bool,
    waited: Duration,
    broken: Vec<String>,
}

/// Does it.
pub fn run(template: &Template, plan: &Plan) -> Ended {
    let machine = Machine::of(template);
    let (said, waited, broken) = (String::new(), Duration::ZERO, Vec::new());
    let mut run = Run { template, plan, machine, said, killed: false, waited, broken };
    run.machine.home = run.machine.path(plan.flow.home());
    if run.machine.start(Some(&plan.fault)) {
        if let Fault::Wire { door, connection, harm } = plan.fault {
            run.machine.line(door).arm(connection, harm);
        }
        run.go_wrong();
    }
    let struck = run.has_struck();
    run.machine.end(plan.ends_hard);
    run.expect(run.machine.path("ready.json").exists() || struck, || "the store did not open".into());
    if run.open_again() {
        run.make_good();
        run.machine.end(false);
        run.settle_the_books();
    }
    if !run.broken.is_empty() {
        let log = run.machine.log();
        run.broken.push(format!("the end of the store's log:\n{}", tail(&log)));
    }
    Ended { struck, waited: run.waited, broken: run.broken }
}

impl Flow {
    /// Whose home it is.
    const fn home(self) -> &'static str {
        match self {
            Self::Register => "newcomer",
            Self::Buy | Self::BuyAll | Self::BuyDeclined | Self::Publish => "buyer",
            Self::Refund | Self::Burn | Self::Playlist => "owner",
        }
    }
}

impl Run<'_> {
    fn expect(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.broken.push(what());
        }
    }

    /// What the person hears while it goes wrong: success, or a clear message in time.
    fn hear(&mut self, ran: Ran) -> Ran {
        self.waited = self.waited.max(ran.took);
        self.killed |= ran.killed;
        self.said += &ran.stderr;
        self.expect(ran.is_clear(), || format!("neither success nor a clear message:\n{ran}"));
        // what the line took is not the player's: it went on from reply to reply
        let line = match self.plan.fault {
            Fault::Wire { door, .. } => self.machine.line(door).held_back(),
            Fault::Step { .. } | Fault::Kill { .. } => Duration::ZERO,
        };
        self.expect(ran.took <= LONGEST_WAIT + line, || format!("nobody waits that long:\n{ran}"));
        ran
    }

    fn must(&mut self, what: &str, ran: Ran) -> Ran {
        self.expect(ran.is_done(), || format!("{what}:\n{ran}"));
        ran
    }

    fn has_struck(&self) -> bool {
        let on_the_wire = match self.plan.fault {
            Fault::Wire { door, .. } => self.machine.line(door).has_struck(),
            Fault::Step { .. } | Fault::Kill { .. } => false,
        };
        let said = self.said.clone() + &self.machine.log();
        on_the_wire || self.killed || has_struck_at_a_step(self.plan, &said)
    }

    fn wanted(&self) -> Vec<String> {
        let tracks = &self.template.tracks;
        match self.plan.flow {
            Flow::Buy | Flow::BuyDeclined => vec![tracks[0].clone()],
            Flow::BuyAll => tracks.clone(),
            Flow::Register | Flow::Refund | Flow::Burn | Flow::Playlist | Flow::Publish => Vec::new(),
        }
    }

    fn buy(&mut self, ids: &[String], fault: Option<&Fault>) -> Ran {
        let card = word(&self.machine.path("card.toml"));
        let mut words = vec!["buy"];
        words.extend(ids.iter().map(String::as_str));
        words.extend(["--card-file", &card]);
        self.machine.play_with(&words, fault)
    }

    /// The flow, while the fault is there.
    fn go_wrong(&mut self) {
        let fault = self.plan.fault;
        match self.plan.flow {
            Flow::Register => {
                let ran = self.machine.register_with(Some(&fault));
                self.hear(ran);
            }
            Flow::Buy | Flow::BuyAll | Flow::BuyDeclined => {
                let card = if self.plan.flow == Flow::BuyDeclined { DECLINED } else { GOOD };
                self.machine.write_card(card);
                let ids = self.wanted();
                let ran = self.buy(&ids, Some(&fault));
                self.hear(ran);
            }
            Flow::Refund => {
                let (data, order) = (word(&self.machine.data()), self.template.order.clone());
                let ran = self.machine.shop_with(&["admin", "--data", &data, "refund", &order], Some(&fault));
                self.hear(ran);
            }
            Flow::Burn => {
                let ran = self.burn("first", Some(&fault));
                self.hear(ran);
            }
            Flow::Playlist => self.edit(Some(&fault)),
            Flow::Publish => {
                let ran = self.publish(Some(&fault));
                self.hear(ran);
            }
        }
    }

    /// The store starts again, without complaint, and so does the line in front of it.
    fn open_again(&mut self) -> bool {
        if let Fault::Wire { door, .. } = self.plan.fault {
            self.machine.line(door).mend();
        }
        let is_open = self.machine.start(None);
        let log = self.machine.log();
        self.expect(is_open, || format!("the store does not start again:\n{}", tail(&log)));
        is_open
    }

    /// The person tries again; now everything must work, and everything that was paid for is there.
    fn make_good(&mut self) {
        match self.plan.flow {
            Flow::Register => self.make_good_register(),
            Flow::Buy | Flow::BuyAll | Flow::BuyDeclined => self.make_good_purchase(),
            Flow::Refund => {
                let (data, order) = (word(&self.machine.data()), self.template.order.clone());
                let ran = self.machine.shop(&["admin", "--data", &data, "refund", &order]);
                self.must("an order cannot be paid back", ran);
            }
            Flow::Burn => self.make_good_burn(),
            Flow::Playlist => self.make_good_playlist(),
            Flow::Publish => {
                let ran = self.publish(None);
                self.must("a song cannot be published again", ran);
                let ran = self.machine.play(&["catalogue", NEW_TITLE]);
                self.expect(ran.stdout.contains(NEW_TITLE), || {
                    format!("the published song is not on sale:\n{ran}")
                });
            }
        }
        if self.plan.flow != Flow::Register {
            let ran = self.machine.play(&["library", "verify"]);
            self.must("the library does not verify", ran);
        }
        self.look_for_halves();
    }

    fn make_good_register(&mut self) {
        let ran = self.machine.play(&["passport", "show"]);
        if !ran.is_done() {
            self.expect(ran.is_clear(), || {
                format!("a home without a passport is not clear about it:\n{ran}")
            });
            let ran = self.machine.register();
            self.must("nobody can register any more", ran);
            let ran = self.machine.play(&["passport", "show"]);
            self.must("a new passport cannot be shown", ran);
        }
        // It is one to buy with.
        self.machine.write_card(GOOD);
        let ids = self.template.tracks[2..].to_vec();
        let ran = self.buy(&ids, None);
        self.must("a new passport cannot buy", ran);
    }

    fn make_good_purchase(&mut self) {
        self.machine.write_card(GOOD);
        let ids = self.wanted();
        if self.plan.repeats {
            let ran = self.buy(&ids, None);
            self.expect(ran.is_clear(), || format!("buying again is not clear:\n{ran}"));
        }
        for (what, words) in
            [("what was bought cannot be listed", "orders"), ("deliveries do not end", "redeem")]
        {
            let ran = self.machine.play(&[words]);
            self.must(what, ran);
        }
        let missing: Vec<String> = ids.iter().filter(|id| self.times_owned(id) == 0).cloned().collect();
        if !missing.is_empty() {
            let ran = self.buy(&missing, None);
            self.must("what was not bought cannot be bought", ran);
        }
        for id in &ids {
            let times = self.times_owned(id);
            self.expect(times == 1, || format!("track {id} is in the library {times} times"));
        }
        let files = files_in(self.machine.home.join("music"), |name| name.ends_with(".cadenza"));
        self.expect(files.len() == ids.len(), || {
            format!("{} files for {} tracks: {files:?}", files.len(), ids.len())
        });
        let open = files_in(self.machine.home.join("deliveries"), |_| true);
        self.expect(open.is_empty(), || format!("the delivery journal still holds {open:?}"));
    }

    fn times_owned(&mut self, id: &str) -> usize {
        let listed = self.machine.play(&["--json", "library", "list"]).stdout;
        let listed: Value = serde_json::from_str(&listed).unwrap_or_default();
        let tracks = listed["tracks"].as_array().map(Vec::as_slice).unwrap_or_default();
        tracks.iter().filter(|track| track["media_id"] == id || track["id"] == id).count()
    }

    fn burn(&mut self, folder: &str, fault: Option<&Fault>) -> Ran {
        let (track, target) =
            (self.template.tracks[1].clone(), format!("image:{}", word(&self.machine.path(folder))));
        self.machine.play_with(&["burn", &track, "--to", &target], fault)
    }

    /// One recording is allowed: there is one image, whole, or one can still be made; never two.
    fn make_good_burn(&mut self) {
        // Any start looks after what the last one left.
        let ran = self.machine.play(&["library", "list"]);
        self.must("the player does not start again", ran);
        let first = self.images("first");
        let ran = self.burn("second", None);
        self.expect(ran.is_clear(), || format!("recording again is not clear:\n{ran}"));
        let second = self.images("second");
        self.expect(second == usize::from(ran.is_done()), || {
            format!("{second} images of a burn that said:\n{ran}")
        });
        self.expect(first + second <= 1, || "a track that may be recorded once was recorded twice".into());
        // From the moment it is counted until it can be read a cut costs the recording: the other way round it could be had twice.
        let may_cost = matches!(
            self.plan.fault,
            Fault::Kill { .. }
                | Fault::Step {
                    step: "burn.counted"
                        | "burn.opening"
                        | "burn.opened"
                        | "burn.whole"
                        | "ledger.kept"
                        | "ledger.written"
                        | "file.written"
                        | "file.named",
                    ..
                }
        );
        self.expect(first + second == 1 || may_cost, || format!("a recording is lost:\n{ran}"));
        for folder in ["first", "second"] {
            let left = files_in(self.machine.path(folder), |name| name.starts_with(".cadenza-"));
            self.expect(left.is_empty(), || format!("an image left {left:?}"));
        }
    }

    /// Images in a folder that a person could use; half of one is none, and must not look like one.
    fn images(&mut self, folder: &str) -> usize {
        let folder = self.machine.path(folder);
        let of = |extension: &str| files_in(folder.clone(), |name| name.ends_with(extension)).len();
        let (bin, cue, toc) = (of(".bin"), of(".cue"), of(".toc"));
        let is_whole = bin == 1 && cue == 1 && toc == 1;
        // Readable samples count, sheet or no sheet.
        let is_named_without_samples = bin == 0 && cue + toc > 0;
        self.expect(!is_named_without_samples, || format!("sheets without samples in {}", folder.display()));
        usize::from(is_whole || bin == 1)
    }

    /// Edits one after the other until one does not succeed; the list is then as before that edit, or as after it.
    fn edit(&mut self, fault: Option<&Fault>) {
        let [a, b] = [self.template.tracks[0].clone(), self.template.tracks[1].clone()];
        let edits: [&[&str]; 5] = [
            &["create", "Evening"],
            &["add", "Evening", &a, &b, &a],
            &["move", "Evening", "3", "1"],
            &["remove", "Evening", "2"],
            &["rename", "Evening", "Night"],
        ];
        // Each edit is a process of its own; which of them it strikes is drawn.
        let strikes = self.plan.seed as usize / 7 % edits.len();
        for (place, edit) in edits.iter().enumerate() {
            let words = [&["playlist"], *edit].concat();
            let ran = self.machine.play_with(&words, fault.filter(|_| place == strikes));
            let ran = self.hear(ran);
            let states = [place, place + 1].map(|step| playlist_after(step, &a, &b));
            let (name, tracks) = self.playlist();
            let is_one = states.iter().any(|(n, t)| *n == name && *t == tracks);
            let wanted = if ran.is_done() { &states[1..] } else { &states[..] };
            self.expect(is_one && wanted.contains(&(name, tracks.clone())), || {
                format!("after {edit:?} there is {name:?} with {tracks:?}:\n{ran}")
            });
            if !ran.is_done() {
                return;
            }
        }
    }

    /// The one playlist's name and tracks, as the player tells them.
    fn playlist(&mut self) -> (Option<&'static str>, Vec<String>) {
        for name in ["Evening", "Night"] {
            let ran = self.machine.play(&["--json", "playlist", "show", name]);
            if ran.is_done() {
                let shown: Value = ran.json();
                let tracks = shown["tracks"].as_array().cloned().unwrap_or_default();
                let id = |track: &Value| {
                    let id = track.as_str().or(track["media_id"].as_str()).or(track["id"].as_str());
                    id.unwrap_or_default().to_owned()
                };
                return (Some(name), tracks.iter().map(id).collect());
            }
        }
        (None, Vec::new())
    }

    fn make_good_playlist(&mut self) {
        let ran = self.machine.play(&["playlist", "create", "Morning"]);
        self.must("no playlist can be made any more", ran);
        let track = self.template.tracks[0].clone();
        let ran = self.machine.play(&["playlist", "add", "Morning", &track]);
        self.must("no playlist can be changed any more", ran);
    }

    fn publish(&mut self, fault: Option<&Fault>) -> Ran {
        let ready = fs::read_to_string(self.machine.path("ready.json")).unwrap_or_default();
        let ready: Value = serde_json::from_str(&ready).unwrap_or_default();
        let to = ready["content_url"].as_str().unwrap_or_default().to_owned();
        let [song, account] = ["new.cadenza", "ada.account"].map(|name| word(&self.machine.path(name)));
        let words = ["publish", &song, "--to", &to, "--account", &account, "--project", "new", "--overwrite"];
        self.machine.shop_with(&words, fault)
    }

    /// Nothing half-written lies about once the player has started again.
    fn look_for_halves(&mut self) {
        let home = self.machine.home.clone();
        for folder in ["", "music", "deliveries"] {
            let halves =
                files_in(home.join(folder), |name| name.ends_with(".part") || name.ends_with(".new"));
            self.expect(halves.is_empty(), || format!("the home still holds {halves:?}"));
        }
    }

    /// The logs are brought, and then everything in the tables agrees, and at the licensing center too.
    fn settle_the_books(&mut self) {
        let data = self.machine.data();
        for _ in 0..STARTS {
            if books::entries_to_bring(&data) == 0 {
                break;
            }
            let is_open = self.machine.start(None);
            self.expect(is_open, || "the store does not start a third time".into());
            let _ = crate::patience::answer_within(Duration::from_secs(10), || {
                (books::entries_to_bring(&data) == 0).then_some(())
            });
            self.machine.end(false);
        }
        self.broken.extend(books::wrong_in(&data));
        let compared = self.machine.shop(&["admin", "--data", &word(&data), "compare-logs", "--json"]);
        let compared = self.must("the logs cannot be compared", compared);
        let found: Value = serde_json::from_str(&compared.stdout).unwrap_or_default();
        let differences = found["differences"].as_array().map_or(1, Vec::len);
        self.expect(differences == 0, || format!("the logs differ: {found}"));
        let taken = books::taken(&data);
        let logged = &found["totals"]["USD"]["merchants"]["retail_cents"];
        self.expect(*logged == taken, || format!("the bank took {taken}, the logs say {logged}"));
    }
}

/// The list after so many of the edits.
fn playlist_after(edits: usize, a: &str, b: &str) -> (Option<&'static str>, Vec<String>) {
    let list = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    match edits {
        0 => (None, Vec::new()),
        1 => (Some("Evening"), Vec::new()),
        2 => (Some("Evening"), list(&[a, b, a])),
        3 => (Some("Evening"), list(&[a, a, b])),
        4 => (Some("Evening"), list(&[a, b])),
        _ => (Some("Night"), list(&[a, b])),
    }
}

fn files_in(folder: PathBuf, which: impl Fn(&str) -> bool) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| which(name)).collect()
}
