//! Discs: sectors, sheets, images. The sheets are checked by the programs that people burn with.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use cadenza_player::audio::decode::FileSource;
use cadenza_player::audio::source::{PcmSource, SourceError};
use cadenza_player::disc::burn::{
    BurnError, BurnJob, BurnProgress, BurnTarget, Cancel, RecordLedger, RecordRefusal, Reservation,
    Unrestricted, burn,
};
use cadenza_player::disc::layout::{Capacity, DiscLayout, DiscOptions, DiscTrack, Sectors};
use cadenza_player::library::TrackId;
use cadenza_player::playback::{Track, TrackKind};
use cadenza_player::{Code, Explain};

use crate::rig::{encode, folder, named, noise_wav, numbers, run, run_in, stamp, wav};

fn file_track(path: &Path, title: &str) -> DiscTrack {
    let path = path.to_owned();
    let mut track = Track::new(named(title), TrackKind::Own, title, move || {
        let file = fs::File::open(&path).map_err(SourceError::Unreadable)?;
        Ok(Box::new(FileSource::open(Box::new(file), None)?) as Box<dyn PcmSource>)
    });
    track.artist = Some("Ensemble \"Örgel\"".to_owned());
    DiscTrack::measure(&track, None).expect("it can be measured")
}

fn job(tracks: Vec<DiscTrack>, gap: u32, folder: &Path) -> BurnJob {
    let options = DiscOptions {
        title: "Night Music".to_owned(),
        performer: "Cadenza Players".to_owned(),
        gap: Sectors(gap),
        capacity: Capacity::Minutes74,
    };
    BurnJob {
        layout: DiscLayout::plan(tracks, options).expect("a disc"),
        target: BurnTarget::Image { folder: folder.to_owned(), name: "disc".to_owned() },
        verify: true,
    }
}

fn make(job: &BurnJob) -> Vec<u8> {
    let report = burn(job, &Unrestricted, &Cancel::default(), &mut |_| {}).expect("it is burned");
    assert!(report.verified);
    fs::read(report.files.bin).expect("the samples are there")
}

fn files_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn bytes(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

/// Two FLAC tracks of 4.1 s and 5.2 s that end inside sectors, and their samples.
fn two_tracks(folder: &Path) -> (Vec<DiscTrack>, Vec<i16>, Vec<i16>) {
    let (a, b) = (folder.join("a.wav"), folder.join("b.wav"));
    let first = noise_wav(&a, 44_100, 180_813);
    let second = noise_wav(&b, 44_100, 229_321);
    let tracks =
        vec![file_track(&encode(&a, "flac", &[]), "Prélude"), file_track(&encode(&b, "flac", &[]), "Fugue")];
    (tracks, first, second)
}

// D2, D4
#[test]
fn sixteen_bit_tracks_join_on_the_disc_bit_for_bit() {
    let home = folder();
    let (tracks, first, second) = two_tracks(home.path());
    let out = home.path().join("out");
    let bin = make(&job(tracks, 0, &out));
    let authored = [bytes(&first), bytes(&second)].concat();
    assert_eq!(bin[..authored.len()], authored[..]);
    assert!(bin[authored.len()..].iter().all(|byte| *byte == 0), "the last sector is filled with silence");
    assert_eq!(bin.len(), authored.len().next_multiple_of(2_352));
    assert_eq!(files_in(&out), ["disc.bin", "disc.cue", "disc.toc"]);
}

// D1, D2
#[test]
fn gaps_are_silence_before_each_track_but_the_first() {
    let home = folder();
    let (tracks, first, second) = two_tracks(home.path());
    let bin = make(&job(tracks, 150, &home.path().join("out")));
    let start = (180_813_usize.div_ceil(588) + 150) * 2_352;
    assert_eq!(bin[..first.len() * 2], bytes(&first)[..]);
    assert!(bin[first.len() * 2..start].iter().all(|byte| *byte == 0));
    assert_eq!(bin[start..start + second.len() * 2], bytes(&second)[..]);
}

// D1, D5
#[test]
fn the_sheets_say_what_the_programs_that_burn_expect() {
    let home = folder();
    let (mut tracks, ..) = two_tracks(home.path());
    tracks[0].isrc = Some("SE-6HN-26-00001".parse().expect("a code"));
    let out = home.path().join("out");
    make(&job(tracks, 150, &out));
    let cue = fs::read_to_string(out.join("disc.cue")).expect("a sheet");
    let golden = "REM COMMENT \"Cadenza\"\nTITLE \"Night Music\"\nPERFORMER \"Cadenza Players\"\nFILE \"disc.bin\" BINARY\n  \
                  TRACK 01 AUDIO\n    TITLE \"Prélude\"\n    PERFORMER \"Ensemble 'Örgel'\"\n    ISRC SE6HN2600001\n    \
                  INDEX 01 00:00:00\n  TRACK 02 AUDIO\n    TITLE \"Fugue\"\n    PERFORMER \"Ensemble 'Örgel'\"\n    \
                  INDEX 00 00:04:08\n    INDEX 01 00:06:08\n";
    assert_eq!(cue.replace("\r\n", "\n"), golden);
    let toc = fs::read_to_string(out.join("disc.toc")).expect("a TOC");
    assert!(toc.contains("TITLE \"Pr\\351lude\""), "{toc}");
    assert!(toc.contains("FILE \"disc.bin\" SWAP 00:04:08 00:07:16\nSTART 00:02:00\n"), "{toc}");

    let sheet = out.join("disc.cue").display().to_string();
    let seen =
        run("cd-info", &["--no-header", "--no-device-info", "--no-cddb", &format!("--cue-file={sheet}")]);
    assert!(seen.contains("1: 00:02:00  000000 audio"), "{seen}");
    assert!(seen.contains("2: 00:08:08  000458 audio"), "{seen}");
    let toc = out.join("disc.toc").display().to_string();
    let seen = run("cdrdao", &["show-toc", &toc]);
    assert!(seen.contains("ISRC SE 6HN 26 00001"), "{seen}");
    assert!(seen.contains("START  00:06:08(   458)"), "{seen}");
    run("cdrdao", &["read-test", &toc]);
    run_in(&out, "cdrdao", &["show-toc", "disc.cue"]);
}

// D5: what cdrdao would send to a drive is what was authored.
#[test]
fn cdrdao_reads_the_samples_in_the_right_byte_order() {
    let home = folder();
    let (tracks, first, _) = two_tracks(home.path());
    let out = home.path().join("out");
    make(&job(tracks, 0, &out));
    let shown = run("cdrdao", &["show-data", &out.join("disc.toc").display().to_string()]);
    let samples: Vec<i16> = shown
        .lines()
        .filter_map(|line| line.split_once(':'))
        .filter(|(number, _)| number.trim().parse::<u32>().is_ok())
        .take(500)
        .flat_map(|(_, values)| {
            values.split_whitespace().map(|v| v.parse().expect("a sample")).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(samples.len(), 1_000);
    assert_eq!(samples, first[..1_000]);
}

// D2
#[test]
fn other_rates_and_depths_are_converted_to_the_exact_length() {
    let home = folder();
    let path = home.path().join("hi.wav");
    let frames = 96_000 * 5 + 17;
    let data: Vec<u8> = (0..frames)
        .flat_map(|n| {
            let value = ((n as f64 * 0.03).sin() * 4_000_000.0) as i32;
            [value.to_le_bytes(), (-value).to_le_bytes()].map(|bytes| bytes[..3].to_vec()).concat()
        })
        .collect();
    fs::write(&path, wav(96_000, 24, &data)).expect("written");
    let track = file_track(&encode(&path, "flac", &[]), "Hi");
    let due = (frames as f64 * 44_100.0 / 96_000.0).round() as u64;
    assert_eq!(track.frames.0, due);
    let bin = make(&job(vec![track], 0, &home.path().join("out")));
    let left: Vec<f64> =
        bin.chunks_exact(4).map(|frame| f64::from(i16::from_le_bytes([frame[0], frame[1]]))).collect();
    for (n, value) in left.iter().enumerate().take(due as usize - 2_000).skip(2_000) {
        let ideal = (n as f64 * 0.03 * 96_000.0 / 44_100.0).sin() * 4_000_000.0 / 256.0;
        assert!((value - ideal).abs() < 4.0, "frame {n}: {value} for {ideal}");
    }
}

/// A ledger that allows so many recordings and keeps an account.
#[derive(Default)]
struct Account {
    allowed: u32,
    lines: Mutex<Vec<&'static str>>,
}

impl RecordLedger for Account {
    fn reserve(&self, tracks: &[TrackId]) -> Result<Reservation, RecordRefusal> {
        let mut lines = self.lines.lock().expect("account");
        if lines.iter().filter(|line| **line == "committed").count() as u32 >= self.allowed {
            return Err(RecordRefusal::UsedUp { title: tracks[0].to_string(), allowed: self.allowed as u16 });
        }
        lines.push("reserved");
        Ok(Reservation { id: 1, tracks: tracks.to_vec() })
    }

    fn commit(&self, _: Reservation) -> Result<(), RecordRefusal> {
        self.lines.lock().expect("account").push("committed");
        Ok(())
    }

    fn release(&self, _: Reservation) {
        self.lines.lock().expect("account").push("released");
    }
}

// D3
#[test]
fn a_recording_is_counted_before_it_is_written_and_once() {
    let home = folder();
    let account = Arc::new(Account { allowed: 1, ..Account::default() });
    let (tracks, ..) = two_tracks(home.path());
    let job = job(tracks, 0, &home.path().join("out"));
    let mut first = None;
    let seen = Arc::clone(&account);
    burn(&job, &*account, &Cancel::default(), &mut |_| {
        first.get_or_insert_with(|| seen.lines.lock().expect("account").clone());
    })
    .expect("the first is allowed");
    assert_eq!(first.expect("progress"), ["reserved"]);
    assert_eq!(*account.lines.lock().expect("account"), ["reserved", "committed"]);
    let refused = burn(&job, &*account, &Cancel::default(), &mut |_| {}).expect_err("the second is not");
    assert!(refused.to_string().contains("may be recorded 1 times"), "{refused}");
}

// D5
#[test]
fn a_cancelled_job_leaves_nothing_behind_and_counts_nothing() {
    let home = folder();
    let out = home.path().join("out");
    let account = Account { allowed: 1, ..Account::default() };
    let (tracks, ..) = two_tracks(home.path());
    let job = job(tracks, 0, &out);
    for stop_while_verifying in [false, true] {
        let cancel = Cancel::default();
        let stopper = cancel.clone();
        let stopped = burn(&job, &account, &cancel, &mut |progress| {
            if matches!(progress, BurnProgress::Verifying { .. }) == stop_while_verifying {
                stopper.cancel();
            }
        });
        assert!(matches!(stopped, Err(BurnError::Cancelled)));
        assert_eq!(files_in(&out), [""; 0]);
    }
    assert_eq!(*account.lines.lock().expect("account"), ["reserved", "released", "reserved", "released"]);
}

// D1
#[test]
fn a_track_that_changed_since_it_was_planned_is_named() {
    let home = folder();
    let mut track = DiscTrack::measure(&numbers("Changed", 44_100, 200_000, stamp), None).expect("measured");
    track.frames.0 += 1;
    let out = home.path().join("out");
    let job = job(vec![track], 0, &out);
    let error = burn(&job, &Unrestricted, &Cancel::default(), &mut |_| {}).expect_err("it is shorter now");
    assert!(error.to_string().contains("'Changed'"), "{error}");
    assert_eq!(files_in(&out), [""; 0]);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let home = folder();
    let blocked = home.path().join("file");
    fs::write(&blocked, "in the way").expect("written");
    let track = DiscTrack::measure(&numbers("T", 44_100, 200_000, stamp), None).expect("measured");
    let error = burn(&job(vec![track], 0, &blocked), &Unrestricted, &Cancel::default(), &mut |_| {})
        .expect_err("a file is no folder");
    assert_eq!(error.code(), Code::DiscUnwritable);
    let drive = BurnJob {
        target: BurnTarget::Drive("/dev/sr0".to_owned()),
        ..job(
            vec![DiscTrack::measure(&numbers("T", 44_100, 200_000, stamp), None).expect("measured")],
            0,
            &blocked,
        )
    };
    let error = burn(&drive, &Unrestricted, &Cancel::default(), &mut |_| {}).expect_err("not yet");
    assert!(error.to_string().contains("not available yet"), "{error}");
}
