//! The disc image (D2), judged by programs that burn and read discs.

use std::fs;
use std::path::PathBuf;

use cadenza_tests::player::GOOD_CARD;
use cadenza_tests::programs::tool;
use cadenza_tests::song::Samples;
use cadenza_tests::store::songs;
use cadenza_tests::{TestPlayer, TestStore};

const SECTOR: usize = 2352;

/// Buys two songs and makes an image of them; the folder and the file with this extension in it.
fn image(player: &TestPlayer) -> impl Fn(&str) -> PathBuf {
    let (first, last) = (player.track("First Light"), player.track("Last Light"));
    player.buy_with(&first, GOOD_CARD, &[&last]).succeeded();
    let folder = player.path("disc");
    let target = format!("image:{}", folder.display());
    player.run(&["burn", &first, &last, "--to", &target]).succeeded();
    move |extension| {
        let files = fs::read_dir(&folder).expect("the image's folder").flatten();
        let mut paths = files.map(|entry| entry.path());
        paths
            .find(|path| path.extension().is_some_and(|found| found == extension))
            .unwrap_or_else(|| panic!("no .{extension} file in {}", folder.display()))
    }
}

// D2
#[test]
fn cd_info_and_cdrdao_accept_the_image_of_two_tracks() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let file = image(&player);

    let cue = file("cue");
    let shown = tool("cd-info", &["--no-header", &format!("--cue-file={}", cue.display())]).succeeded();
    assert!(shown.text().contains("audio"), "{shown}");
    let toc = file("toc");
    let shown = tool("cdrdao", &["show-toc", &toc.to_string_lossy()]).succeeded();
    assert!(shown.text().contains("TRACK  2") || shown.text().contains("TRACK 02"), "{shown}");
}

// D2: 44.1 kHz, 16 bit, as the author delivered it
#[test]
fn the_image_holds_the_authored_samples_in_whole_sectors() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let bin = fs::read(image(&player)("bin")).expect("the image");

    assert_eq!(bin.len() % SECTOR, 0);
    let [first, _, last] = songs();
    for (title, samples, _) in [first, last] {
        let position = position_of(&samples, &bin);
        assert!(position.is_some(), "{title} is not in the image, bit for bit");
    }
}

// D3
#[test]
fn a_track_that_may_not_be_recorded_is_refused_before_anything_is_written() {
    let store = TestStore::open();
    let player = TestPlayer::registered(&store);
    let track = player.track("Steady Tone");
    player.buy(&track, GOOD_CARD).succeeded();

    let target = format!("image:{}", player.text("refused"));
    let reason = player.run(&["burn", &track, "--to", &target]).refused();

    assert!(reason.contains("record") || reason.contains("disc"), "{reason}");
    assert!(!player.path("refused").join("disc.bin").exists());
}

/// Where in the image these samples begin.
fn position_of(samples: &Samples, image: &[u8]) -> Option<usize> {
    let wanted = samples.bytes();
    image
        .windows(4096)
        .position(|window| window == &wanted[..4096])
        .filter(|start| image.get(*start..*start + wanted.len()) == Some(&wanted))
}
