//! The preview stream itself (V4 to V8), sample by sample: our player's receiving end and ordinary RTSP programs against a real
//! delivery server, judged by the free image that they stream.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use cadenza_player::audio::decode::FileSource;
use cadenza_player::audio::source::{PcmSource, Pull, SourceError, Waker};
use cadenza_player::clock::SystemClock;
use cadenza_player::playback::stream::{LiveStream, StreamMonitor, StreamPlace, StreamSetup};
use cadenza_protocol::cert::Certificate;
use cadenza_protocol::preview::{Npt, PreviewAddress, PreviewKind};
use cadenza_tests::programs::tool;
use cadenza_tests::{Shop, TestStore};

/// Sound that does not come within this time does not come.
const PATIENCE: Duration = Duration::from_secs(20);
/// One step of 16-bit audio, and a little: GStreamer decodes to 16 bit.
const ONE_STEP: f32 = 4e-5;
/// Frames that the encoder puts before the sound, which ordinary programs play.
const PRE_SKIP: usize = 312;

/// A store, and how to reach one of its previews.
struct Street {
    store: TestStore,
    folder: tempfile::TempDir,
}

impl Street {
    fn new() -> Self {
        Self { store: TestStore::open(), folder: tempfile::tempdir().expect("room") }
    }

    fn setup(&self) -> StreamSetup {
        let pem = std::fs::read_to_string(self.store.ready("root_cert")).expect("the root certificate");
        StreamSetup::new(&Certificate::from_pem(&pem).expect("PEM"), Arc::new(SystemClock))
    }

    fn setup_with(&self, change: impl FnOnce(&mut StreamSetup)) -> StreamSetup {
        let mut setup = self.setup();
        change(&mut setup);
        setup
    }

    fn place(&self, title: &str) -> StreamPlace {
        let voucher = Shop::of(&self.store).preview_voucher(title);
        let track = &voucher.tracks[0];
        let address = PreviewAddress {
            media_id: track.media_id,
            voucher_id: track.voucher_id,
            kind: PreviewKind::Clip,
        };
        StreamPlace::new(address, &track.delivery)
    }

    fn listen(&self, title: &str, setup: StreamSetup) -> (LiveStream, StreamMonitor) {
        let (mut stream, monitor) = LiveStream::open(self.place(title), setup, Npt::ZERO).expect("a thread");
        stream.set_waker(Waker::of_current_thread());
        (stream, monitor)
    }

    /// The free image of a song, kept over a preview's session (V6).
    fn kept(&self, title: &str) -> PathBuf {
        let path = self.folder.path().join(format!("{title}.opus"));
        let (_stream, monitor) = self.listen(title, self.setup());
        monitor.keep(path.clone()).expect("a thread");
        let start = Instant::now();
        while monitor.stats().kept.is_none() && start.elapsed() < PATIENCE {
            thread::park_timeout(Duration::from_millis(20));
        }
        assert_eq!(monitor.stats().kept, Some(Ok(path.clone())));
        path
    }
}

/// Pulls as the engine does, until the end.
fn hear(stream: &mut LiveStream) -> Result<Vec<f32>, SourceError> {
    let mut samples = Vec::new();
    let mut last = Instant::now();
    loop {
        match stream.read(&mut samples)? {
            Pull::Frames(_) => last = Instant::now(),
            Pull::End => return Ok(samples),
            Pull::Waiting => {
                assert!(last.elapsed() < PATIENCE, "silence after {} samples", samples.len());
                thread::park_timeout(Duration::from_millis(100));
            }
        }
    }
}

fn decoded(path: &Path) -> Vec<f32> {
    let file = File::open(path).expect("the kept file");
    let mut source = FileSource::open(Box::new(file), Some("opus")).expect("an Ogg Opus file");
    let mut samples = Vec::new();
    while source.read(&mut samples).expect("sound") != Pull::End {}
    samples
}

fn furthest_apart(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

// V4, V5, V6, V8, C5
#[test]
fn a_preview_is_the_published_clip_sample_for_sample() {
    let street = Street::new();
    let published = decoded(&street.kept("First Light"));
    its_samples_times_and_fades_are_the_published_ones(&street, &published);
    a_seek_is_exact_and_playing_again_after_the_end_works(&street, &published);
    over_udp_the_same_samples_arrive(&street, &published);
    a_slow_connection_gets_the_smaller_image_and_too_slow_a_one_a_clear_refusal(&street);
    a_server_of_another_role_is_not_trusted(&street);
}

fn its_samples_times_and_fades_are_the_published_ones(street: &Street, published: &[f32]) {
    let (mut stream, monitor) = street.listen("First Light", street.setup());
    let heard = hear(&mut stream).expect("a whole clip");

    assert_eq!(heard.len(), 6 * 48_000 * 2);
    assert_eq!(heard.len(), published.len());
    assert!(heard == published, "off by {}", furthest_apart(&heard, published));
    let stats = monitor.stats();
    let told = stats.description.expect("a description");
    assert_eq!((told.clip_start_ms, told.clip_duration_ms, told.song_duration_ms), (2_000, 6_000, 12_000));
    assert_eq!((told.fade_in_ms, told.fade_out_ms), (500, 1_000));
    assert_eq!((stats.packets.lost, told.image.as_str()), (0, "preview-96"));
    let fades = stream.fades().expect("fades");
    assert_eq!((fades.fade_in_ms, fades.fade_out_ms), (500, 1_000));
}

fn a_seek_is_exact_and_playing_again_after_the_end_works(street: &Street, published: &[f32]) {
    let (mut stream, _) = street.listen("First Light", street.setup());
    let mut first = Vec::new();
    while first.len() < 48_000 {
        if stream.read(&mut first).expect("sound") == Pull::Waiting {
            thread::park_timeout(Duration::from_millis(100));
        }
    }
    for frame in [200_001_u64, 12_345] {
        assert_eq!(stream.seek(frame).expect("a place in the clip").frame, frame);
        let rest = hear(&mut stream).expect("sound");
        let expected = &published[usize::try_from(frame).expect("small") * 2..];
        assert_eq!(rest.len(), expected.len());
        // A decoder that starts in the middle has settled after 80 ms, to within what nobody hears.
        let apart = furthest_apart(&rest, expected);
        assert!(apart < 0.03, "frame {frame}: off by {apart}");
    }
}

fn over_udp_the_same_samples_arrive(street: &Street, published: &[f32]) {
    let (mut stream, monitor) = street.listen("First Light", street.setup_with(|setup| setup.udp = true));
    let heard = hear(&mut stream).expect("a whole clip");
    let lost = monitor.stats().packets.lost;
    assert_eq!(heard.len(), published.len());
    assert!(heard == published || lost > 0, "off by {}", furthest_apart(&heard, published));
}

/// The player states its bandwidth, the server picks the image (V5).
fn a_slow_connection_gets_the_smaller_image_and_too_slow_a_one_a_clear_refusal(street: &Street) {
    let slow = street.setup_with(|setup| setup.bandwidth = Some(64_000));
    let (mut stream, monitor) = street.listen("Last Light", slow);
    assert_eq!(hear(&mut stream).expect("sound").len(), 4 * 48_000 * 2);
    assert_eq!(monitor.stats().description.expect("a description").image, "preview-32");

    let slower = street.setup_with(|setup| setup.bandwidth = Some(9_600));
    let refusal = hear(&mut street.listen("Last Light", slower).0).expect_err("no image is that small");
    assert!(refusal.to_string().contains("too slow"), "{refusal}");
}

/// A server of ours, with a certificate of our root, that is not a delivery server (C5).
fn a_server_of_another_role_is_not_trusted(street: &Street) {
    let store_port = street.store.ready("store_url").rsplit(':').next().and_then(|port| port.parse().ok());
    let place = StreamPlace { port: store_port.expect("a port"), ..street.place("Last Light") };
    let (mut stream, _) = LiveStream::open(place, street.setup(), Npt::ZERO).expect("a thread");
    let refused = hear(&mut stream).expect_err("a merchant streams nothing").to_string();
    assert!(refused.contains("not a delivery server to be trusted"), "{refused}");
}

// V7
#[test]
fn a_server_that_dies_is_a_clear_message_within_seconds() {
    let mut street = Street::new();
    let (mut stream, _) = street.listen("Steady Tone", street.setup());
    let mut samples = Vec::new();
    while samples.is_empty() {
        if stream.read(&mut samples).expect("sound") == Pull::Waiting {
            thread::park_timeout(Duration::from_millis(100));
        }
    }
    let place = street.place("Steady Tone");
    let setup = street.setup();
    street.store.kill();

    let died = Instant::now();
    let broken = hear(&mut stream).expect_err("the server is dead").to_string();
    assert!(broken.contains("try it again") || broken.contains("try again"), "{broken}");
    let (mut second, _) = LiveStream::open(place, setup, Npt::ZERO).expect("a thread");
    let unreachable = hear(&mut second).expect_err("nobody is there").to_string();
    assert!(unreachable.contains("cannot be reached"), "{unreachable}");
    assert!(died.elapsed() < Duration::from_secs(10));
}

// V4: ordinary clients hear the same clip, behind the encoder's delay that they play too
#[test]
fn ffmpeg_gstreamer_and_mpv_hear_the_clip_sample_for_sample() {
    let street = Street::new();
    let kept = street.kept("Last Light");
    let out = |name: &str| street.folder.path().join(name);
    let (published, by_ffmpeg, by_gstreamer, by_mpv) =
        (out("published"), out("ffmpeg"), out("gstreamer"), out("mpv"));
    let url = || Shop::of(&street.store).preview_url("Last Light");

    // ffmpeg and mpv decode with ffmpeg's own decoder, GStreamer with libopus, as we do.
    let by_libopus = decoded(&kept);
    ffmpeg_decodes(&kept.to_string_lossy(), &published);
    let published = floats(&published);
    ffmpeg_decodes(&url(), &by_ffmpeg);
    assert_same(&floats(&by_ffmpeg), &published, 0.0, "ffmpeg");

    let (source, sink) = (format!("location={}", url()), format!("location={}", by_gstreamer.display()));
    let pipeline = "60 gst-launch-1.0 -q rtspsrc SOURCE ! rtpopusdepay ! opusdec plc=false phase-inversion=true ! audioconvert ! \
                    audio/x-raw,format=F32LE,channels=2 ! filesink SINK";
    let words = pipeline.split_whitespace().map(|word| match word {
        "SOURCE" => source.as_str(),
        "SINK" => sink.as_str(),
        other => other,
    });
    // Its exit code tells of its own end only (see the test of the preview with it).
    tool("timeout", &words.collect::<Vec<_>>());
    assert_same(&floats(&by_gstreamer), &by_libopus, ONE_STEP, "GStreamer");

    let (address, file) = (url(), format!("--ao-pcm-file={}", by_mpv.display()));
    let words =
        "60 mpv --no-config --really-quiet --vo=null --ao=pcm --ao-pcm-waveheader=no --audio-format=float";
    let words = words.split(' ').chain([file.as_str(), address.as_str()]);
    tool("timeout", &words.collect::<Vec<_>>()).succeeded();
    assert_same(&floats(&by_mpv), &published, 0.0, "mpv");
}

fn ffmpeg_decodes(from: &str, to: &Path) {
    let to = to.to_string_lossy();
    tool("ffmpeg", &["-v", "error", "-i", from, "-f", "f32le", "-ac", "2", &to]).succeeded();
}

fn floats(path: &Path) -> Vec<f32> {
    let bytes = std::fs::read(path).expect("what was heard");
    bytes.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect()
}

fn assert_same(heard: &[f32], published: &[f32], tolerance: f32, who: &str) {
    let heard = heard.get(PRE_SKIP * 2..).unwrap_or_default();
    assert!(heard.len() >= published.len(), "{who} heard {} of {} samples", heard.len(), published.len());
    let apart = furthest_apart(heard, published);
    assert!(apart <= tolerance, "{who}: off by {apart}");
}
