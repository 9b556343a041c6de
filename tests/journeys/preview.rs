//! The preview (V1, V4): our player and ordinary RTSP programs hear the same clip.

use std::fs;

use cadenza_tests::programs::tool;
use cadenza_tests::{Shop, TestStore};

// V4: an ordinary RTSP client can play a preview from the same server
#[test]
fn gstreamer_plays_a_preview_from_the_delivery_server() {
    let store = TestStore::open();
    let shop = Shop::of(&store);
    let clip_ms = shop.track("First Light")["clip"]["duration_ms"].as_u64().expect("a clip has a length");
    let folder = tempfile::tempdir().expect("room for what is heard");
    let heard = folder.path().join("heard");

    let source = format!("location={}", shop.preview_url("First Light"));
    let sink = format!("location={}", heard.display());
    let pipeline = "60 gst-launch-1.0 -q rtspsrc SOURCE protocols=tcp ! rtpopusdepay ! opusdec ! audioconvert ! \
                    audio/x-raw,format=S16LE,rate=48000,channels=2 ! filesink SINK";
    let words = pipeline.split_whitespace().map(|word| match word {
        "SOURCE" => source.as_str(),
        "SINK" => sink.as_str(),
        other => other,
    });
    // At its end `rtspsrc` cancels its own PAUSE now and then and calls that an error: it is judged by what it heard.
    let ended = tool("timeout", &words.collect::<Vec<_>>());

    let bytes = fs::metadata(&heard).map_or(0, |heard| heard.len());
    assert!(
        bytes >= clip_ms * 48 * 4,
        "{bytes} bytes of a clip of {clip_ms} ms were heard: {}",
        ended.stderr()
    );
}

// V4
#[test]
fn ffmpeg_hears_the_whole_clip() {
    let store = TestStore::open();
    let address = Shop::of(&store).preview_url("First Light");

    let words = ["-v", "error", "-rtsp_transport", "tcp", "-i", &address, "-t", "3", "-f", "s16le", "-"];
    let heard = tool("ffmpeg", &words).succeeded();

    assert!(heard.bytes().len() > 48_000 * 4, "more than a second of sound: {}", heard.bytes().len());
}
