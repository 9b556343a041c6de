//! A browser or web view under remote control: W3C WebDriver (<https://www.w3.org/TR/webdriver2/>).
//!
//! Only the dozen commands that the journeys use, as plain blocking calls. Waiting is the
//! driver's business: `find` waits for the element as long as [`PATIENCE`] says.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long an element may take to appear.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The name under which WebDriver hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

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
        driver.answers(program);
        driver
    }

    /// Opens a browser with these `alwaysMatch` capabilities.
    pub fn session(&self, capabilities: Value) -> Session {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime for one session");
        // The driver is spoken to without TLS, but the client asks for a provider all the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE * 4).build();
        let client = client.expect("a client for loopback");
        let mut session =
            Session { runtime, client, base: format!("http://127.0.0.1:{}/session", self.port) };
        let wanted = json!({ "capabilities": { "alwaysMatch": capabilities } });
        let opened = session.post("", wanted);
        let id = opened["sessionId"].as_str().expect("a session has an id").to_owned();
        session.base = format!("{}/{id}", session.base);
        session.post("/timeouts", json!({ "implicit": PATIENCE.as_millis() as u64 }));
        session
    }

    fn answers(&self, program: &str) {
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            assert!(Instant::now() < until, "{program} does not answer on port {}", self.port);
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An element on the page.
#[derive(Debug, Clone)]
pub struct Element(String);

/// One open browser window.
#[derive(Debug)]
pub struct Session {
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
    base: String,
}

impl Session {
    /// Opens a page.
    pub fn go(&self, url: &str) {
        self.post("/url", json!({ "url": url }));
    }

    /// The address shown.
    pub fn url(&self) -> String {
        self.get("/url").as_str().unwrap_or_default().to_owned()
    }

    /// The first element for a CSS selector; waits for it to appear.
    #[track_caller]
    pub fn find(&self, css: &str) -> Element {
        let found = self.post("/element", json!({ "using": "css selector", "value": css }));
        element(&found).unwrap_or_else(|| panic!("no element for {css}: {found}"))
    }

    /// The first element that XPath finds, for what is known by its text.
    #[track_caller]
    pub fn find_path(&self, xpath: &str) -> Element {
        let found = self.post("/element", json!({ "using": "xpath", "value": xpath }));
        element(&found).unwrap_or_else(|| panic!("no element for {xpath}: {found}"))
    }

    /// Every element for a CSS selector that is there now.
    pub fn find_all(&self, css: &str) -> Vec<Element> {
        let found = self.post("/elements", json!({ "using": "css selector", "value": css }));
        found.as_array().into_iter().flatten().filter_map(element).collect()
    }

    /// Clicks where a person would.
    pub fn click(&self, element: &Element) {
        self.post(&format!("/element/{}/click", element.0), json!({}));
    }

    /// Empties a field.
    pub fn clear(&self, element: &Element) {
        self.post(&format!("/element/{}/clear", element.0), json!({}));
    }

    /// Types into a field, key by key.
    pub fn type_into(&self, element: &Element, text: &str) {
        self.post(&format!("/element/{}/value", element.0), json!({ "text": text }));
    }

    /// The text a person reads there.
    pub fn text(&self, element: &Element) -> String {
        self.get(&format!("/element/{}/text", element.0)).as_str().unwrap_or_default().to_owned()
    }

    /// An attribute as written in the page, such as `href`.
    pub fn attribute(&self, element: &Element, name: &str) -> Option<String> {
        let value = self.get(&format!("/element/{}/attribute/{name}", element.0));
        value.as_str().map(str::to_owned)
    }

    /// The value of a property, such as a field's `value`.
    pub fn property(&self, element: &Element, name: &str) -> Value {
        self.get(&format!("/element/{}/property/{name}", element.0))
    }

    /// Runs JavaScript and returns what it returns.
    pub fn script(&self, script: &str, arguments: &[Value]) -> Value {
        self.post("/execute/sync", json!({ "script": script, "args": arguments }))
    }

    /// Makes the window wider and higher by so many pixels; negative ones make it smaller.
    pub fn grow(&self, wider: i64, higher: i64) {
        let now = self.get("/window/rect");
        let size = |side: &str, more: i64| now[side].as_i64().unwrap_or(0) + more;
        self.post("/window/rect", json!({ "width": size("width", wider), "height": size("height", higher) }));
    }

    /// The window as a PNG picture.
    pub fn screenshot(&self) -> Vec<u8> {
        let picture = self.get("/screenshot");
        base64_decode(picture.as_str().unwrap_or_default())
    }

    /// Closes the browser. Dropping the driver does so as well.
    pub fn close(self) {
        self.answer(self.client.delete(&self.base));
    }

    #[track_caller]
    fn get(&self, path: &str) -> Value {
        self.answer(self.client.get(format!("{}{path}", self.base)))
    }

    #[track_caller]
    fn post(&self, path: &str, body: Value) -> Value {
        self.answer(self.client.post(format!("{}{path}", self.base)).json(&body))
    }

    #[track_caller]
    fn answer(&self, request: reqwest::RequestBuilder) -> Value {
        let body = self.runtime.block_on(async { request.send().await?.json::<Value>().await });
        let body = body.unwrap_or_else(|error| panic!("the driver did not answer: {error}"));
        let value = body["value"].clone();
        if let Some(error) = value.get("error").and_then(Value::as_str) {
            panic!("WebDriver says {error}: {}", value["message"].as_str().unwrap_or_default());
        }
        value
    }
}

/// A port that nobody listens on right now.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has free ports");
    listener.local_addr().expect("a bound socket has an address").port()
}

fn element(value: &Value) -> Option<Element> {
    value[ELEMENT].as_str().map(|id| Element(id.to_owned()))
}

fn base64_decode(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap_or_default()
}
