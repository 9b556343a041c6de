//! The preview (V1, V4): our player and ordinary RTSP programs hear the same clip.

use cadenza_tests::programs::tool;
use cadenza_tests::{Shop, TestStore};

// V4: an ordinary RTSP client can play a preview from the same server
#[test]
fn gstreamer_plays_a_preview_from_the_delivery_server() {
    let store = TestStore::open();
    let address = Shop::of(&store).preview_url("First Light");

    let source = format!("location={address}");
    let words = ["-q", "rtspsrc", &source, "protocols=tcp", "!", "rtpopusdepay", "!", "fakesink"];
    let words: Vec<&str> = ["60", "gst-launch-1.0"].iter().chain(&words).copied().collect();
    tool("timeout", &words).succeeded();
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
