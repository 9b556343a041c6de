//! P6: from 'buy' to ready to play over loopback; peer: curl fetching the same bytes over TLS
//! from nginx.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cadenza_player::event::{News, Stage};
use cadenza_tests::programs::tool;
use cadenza_tests::webdriver::free_port;

use crate::listener::{Listener, TITLES};
use crate::table::{Figure, median};

const DOWNLOAD: f64 = 1.3;
const REST_MS: f64 = 300.0;

pub fn measure(listener: &Listener) -> Figure {
    let file = listener.owned(TITLES[0]);
    let (mut whole, mut download) = (Vec::new(), Vec::new());
    for title in &TITLES[1..] {
        let (all, receiving) = buy(listener, title);
        whole.push(all);
        download.push(receiving);
    }
    let (whole, download) = (median(whole), median(download));
    let rest = whole - download;
    let Some(peer) = Nginx::serving(&file).map(|nginx| nginx.fetch_ms(listener)) else {
        return Figure::missing("P6", "buy to ready to play", "nginx did not start here");
    };
    let ratio = download / peer;
    let megabytes = file.metadata().map_or(0.0, |metadata| metadata.len() as f64 / 1e6);
    Figure {
        id: "P6",
        work: format!("buy to ready to play, {megabytes:.0} MB over loopback TLS"),
        ours: format!("download {download:.0} ms, everything else {rest:.0} ms"),
        peer: format!("curl from nginx: {peer:.0} ms"),
        ratio: format!("{ratio:.2}"),
        target: format!("download at most {DOWNLOAD}, rest at most {REST_MS:.0} ms"),
        met: Some(ratio <= DOWNLOAD && rest <= REST_MS),
    }
}

/// Milliseconds for all of it, and for the bytes alone.
fn buy(listener: &Listener, title: &str) -> (f64, f64) {
    let mut news = listener.core.news();
    let started = Instant::now();
    let watching = listener.runtime.spawn(async move {
        let (mut first, mut last) = (None, None);
        while let Ok(change) = news.recv().await {
            let News::Delivery(delivery) = change else { continue };
            match delivery.stage {
                Stage::Receiving { .. } => {
                    first.get_or_insert_with(Instant::now);
                }
                Stage::Checking => last = Some(Instant::now()),
                Stage::Ready => break,
                Stage::Waiting | Stage::Redeeming | Stage::Failed(_) => {}
            }
        }
        Some(last?.duration_since(first?))
    });
    listener.pay(title);
    listener.deliver();
    let whole = started.elapsed();
    let receiving = listener.runtime.block_on(watching).ok().flatten().unwrap_or(Duration::ZERO);
    (whole.as_secs_f64() * 1000.0, receiving.as_secs_f64() * 1000.0)
}

/// nginx with a certificate of its own and one folder.
struct Nginx {
    process: Child,
    folder: tempfile::TempDir,
    port: u16,
}

impl Nginx {
    fn serving(file: &Path) -> Option<Self> {
        let folder = tempfile::tempdir().ok()?;
        let place = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        fs::copy(file, place("bytes")).ok()?;
        let (key, cert) = (place("key.pem"), place("cert.pem"));
        let mut words =
            vec!["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        words.extend(["-days", "1", "-subj", "/CN=localhost", "-keyout", &key, "-out", &cert]);
        tool("openssl", &words).succeeded();
        let port = free_port();
        let here = folder.path().display();
        let settings = format!(
            "daemon off; pid {here}/pid; error_log {here}/error.log; worker_processes 1;\n\
             {}events {{ }}\n\
             http {{ access_log off; client_body_temp_path {here}/b; proxy_temp_path {here}/p;\n\
             fastcgi_temp_path {here}/f; uwsgi_temp_path {here}/u; scgi_temp_path {here}/s;\n\
             server {{ listen 127.0.0.1:{port} ssl; ssl_protocols TLSv1.3; root {here};\n\
             ssl_certificate {cert}; ssl_certificate_key {key}; }} }}\n",
            if is_root() { "user root;\n" } else { "" },
        );
        fs::write(place("nginx.conf"), settings).ok()?;
        let mut command = Command::new("nginx");
        command.args(["-c", &place("nginx.conf"), "-e", &place("error.log")]);
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        Some(Self { process, folder, port })
    }

    /// Milliseconds that curl needs for the file, written to the same disk as ours.
    fn fetch_ms(&self, listener: &Listener) -> f64 {
        let url = format!("https://127.0.0.1:{}/bytes", self.port);
        let out = listener.player.text("fetched");
        let mut words = vec!["--silent", "--show-error", "--fail", "--insecure", "--retry-connrefused"];
        words.extend([
            "--retry",
            "20",
            "--retry-delay",
            "1",
            "--write-out",
            "%{time_total}",
            "-o",
            &out,
            &url,
        ]);
        let times =
            (0..3).map(|_| tool("curl", &words).succeeded().text().trim().parse().unwrap_or(f64::NAN));
        median(times.collect()) * 1000.0
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.folder.path();
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn is_root() -> bool {
    tool("id", &["-u"]).text().trim() == "0"
}
