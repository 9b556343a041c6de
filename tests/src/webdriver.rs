//! A browser or web view under remote control: W3C WebDriver (<https://www.w3.org/TR/webdriver2/>).
//!
//! Here is the driver program and the line to it, plain blocking calls; what is done in a window and read from it
//! is in [`window`].

mod window;

use std::fmt;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::patience::wait_for;
pub use window::Window;

/// Longest wait for one answer of the driver. The longest is its first, for which it starts the browser.
const ANSWER: Duration = Duration::from_secs(80);

/// A driver program (`chromedriver`, `WebKitWebDriver`) on a port of its own.
#[derive(Debug)]
pub struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    /// Starts the driver; `prepare` sets what its children should see.
    pub fn start(program: &str, prepare: impl FnOnce(&mut Command)) -> Self {
        let port = free_port();
        let mut command = Command::new(program);
        command.arg(format!("--port={port}")).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        prepare(&mut command);
        let process = command.spawn().unwrap_or_else(|error| panic!("{program}: {error}"));
        let driver = Self { process, port };
        wait_for(program, || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok());
        driver
    }

    /// Opens a browser with these `alwaysMatch` capabilities.
    pub fn open(&self, capabilities: Value) -> Window {
        let mut line = Line::to(format!("http://127.0.0.1:{}/session", self.port));
        let wanted = json!({ "capabilities": { "alwaysMatch": capabilities } });
        let opened = line.post("", &wanted).unwrap_or_else(|refusal| panic!("no window: {refusal}"));
        let id = opened["sessionId"].as_str().expect("an open window has an id");
        line.base = format!("{}/{id}", line.base);
        Window::on(line)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Where the driver takes commands.
#[derive(Debug)]
struct Line {
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
    base: String,
}

/// What the driver says when it does not do what it was told; often only because the page is not so far yet.
#[derive(Debug)]
struct Refusal {
    error: String,
    message: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebDriver says {}: {}", self.error, self.message)
    }
}

impl Line {
    fn to(base: String) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime for one window");
        // The driver is spoken to without TLS, but the client asks for a provider all the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().timeout(ANSWER).build();
        Self { runtime, client: client.expect("a client for loopback"), base }
    }

    #[track_caller]
    fn get(&self, path: &str) -> Result<Value, Refusal> {
        self.answer(self.client.get(format!("{}{path}", self.base)))
    }

    #[track_caller]
    fn post(&self, path: &str, body: &Value) -> Result<Value, Refusal> {
        self.answer(self.client.post(format!("{}{path}", self.base)).json(body))
    }

    #[track_caller]
    fn delete(&self) -> Result<Value, Refusal> {
        self.answer(self.client.delete(&self.base))
    }

    #[track_caller]
    fn answer(&self, request: reqwest::RequestBuilder) -> Result<Value, Refusal> {
        let body = self.runtime.block_on(async { request.send().await?.json::<Value>().await });
        let body = body.unwrap_or_else(|error| panic!("the driver did not answer: {error}"));
        let value = &body["value"];
        match value.get("error").and_then(Value::as_str) {
            None => Ok(value.clone()),
            Some(error) => Err(Refusal {
                error: error.to_owned(),
                message: value["message"].as_str().unwrap_or_default().to_owned(),
            }),
        }
    }
}

/// A port that nobody listens on right now.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has free ports");
    listener.local_addr().expect("a bound socket has an address").port()
}
