//! One open window: what a person does in it and reads from it.
//!
//! A page is never finished: it loads, it draws, it goes over into another. So nothing here takes what happens to be
//! there. Each method says what it waits for, and when that does not come within [`PATIENCE`], what the page showed
//! instead.
//!
//! A *place* is a CSS selector or, beginning with a slash or a bracket, an XPath.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Line, Refusal};
use crate::patience::{PATIENCE, answer_within};

/// The name under which WebDriver hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// An event is on its way for no longer than this.
const A_MOMENT: Duration = Duration::from_secs(3);

/// What every script may use: all elements at a place.
const FOUND: &str = "const found = (place) => {
        if (!/^[/(]/.test(place)) return [...document.querySelectorAll(place)];
        const all = document.evaluate(place, document, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE, null);
        return Array.from({ length: all.snapshotLength }, (_, at) => all.snapshotItem(at));
    };\n";

/// An open window of a browser, or of the player.
#[derive(Debug)]
pub struct Window(Line);

impl Window {
    pub(super) fn on(line: Line) -> Self {
        Self(line)
    }

    /// Opens a page.
    #[track_caller]
    pub fn go(&self, url: &str) {
        done(self.0.post("/url", &json!({ "url": url })));
    }

    /// Clicks where a person would, as soon as it can be clicked; again if the page moved meanwhile and something else was hit.
    #[track_caller]
    pub fn click(&self, place: &str) {
        let listen = "window.hit = false;
            arguments[0].addEventListener('click', () => { window.hit = true }, { once: true, capture: true });";
        self.act(place, |element| {
            self.script(listen, &[json!({ ELEMENT: element })])?;
            self.0.post(&format!("/element/{element}/click"), &json!({}))?;
            let hit =
                || self.script("return window.hit ?? true", &[]).ok().filter(|hit| hit == &Value::Bool(true));
            let missed = || Refusal { error: "a miss".into(), message: "the click went elsewhere".into() };
            answer_within(A_MOMENT, hit).ok_or_else(missed)
        });
    }

    /// Types into a field, in place of what stands there.
    #[track_caller]
    pub fn fill(&self, place: &str, text: &str) {
        self.act(place, |element| {
            self.0.post(&format!("/element/{element}/clear"), &json!({}))?;
            self.0.post(&format!("/element/{element}/value"), &json!({ "text": text }))
        });
    }

    /// Runs JavaScript that does something; what there is to read is for [`until`](Self::until).
    #[track_caller]
    pub fn run(&self, script: &str, arguments: &[Value]) {
        done(self.script(script, arguments));
    }

    /// This can be read somewhere on the page.
    #[track_caller]
    pub fn reads(&self, text: &str) {
        self.reads_at("body", text);
    }

    /// This can be read at a place.
    #[track_caller]
    pub fn reads_at(&self, place: &str, text: &str) {
        let script = "return found(arguments[0]).some((e) => e.innerText.includes(arguments[1]))";
        self.until(&format!("'{text}' at {place}"), script, &[json!(place), json!(text)]);
    }

    /// This can be seen: it lies within the window's edges and nothing lies over it.
    #[track_caller]
    pub fn sees(&self, text: &str) {
        let script = "const holds = [...document.querySelectorAll('body *')].filter((e) => e.innerText?.includes(arguments[0]));
            const innermost = holds.filter((e) => !holds.some((other) => other !== e && e.contains(other)));
            if (!innermost.length) return { instead: window.unseen ?? 'no such text' };
            const seen = innermost.some((e) => {
                const { left, top, width, height } = e.getBoundingClientRect();
                const there = document.elementFromPoint(left + width / 2, top + height / 2);
                return width > 0 && height > 0 && there && (e.contains(there) || there.contains(e));
            });
            window.unseen = innermost.map((e) => JSON.stringify(e.getBoundingClientRect()));
            return seen || { instead: window.unseen }";
        self.until(&format!("'{text}' to be seen"), script, &[json!(text)]);
    }

    /// This can no longer be read anywhere.
    #[track_caller]
    pub fn reads_no_longer(&self, text: &str) {
        let script = "return !document.body.innerText.includes(arguments[0])";
        self.until(&format!("'{text}' to go"), script, &[json!(text)]);
    }

    /// The text at a place, once there is some.
    #[track_caller]
    pub fn text(&self, place: &str) -> String {
        let script = "return found(arguments[0])[0]?.innerText.trim() || null";
        self.watch(&format!("text at {place}"), PATIENCE, script, &[json!(place)], |text| {
            text.as_str().map(str::to_owned)
        })
    }

    /// This stands in a field.
    #[track_caller]
    pub fn holds(&self, place: &str, text: &str) {
        let script = "const field = found(arguments[0])[0];
            return field?.value === arguments[1] || { instead: field?.value ?? 'no field' }";
        self.until(&format!("'{text}' in the field {place}"), script, &[json!(place), json!(text)]);
    }

    /// There are so many, or more.
    #[track_caller]
    pub fn has(&self, count: usize, place: &str) {
        let script = "return found(arguments[0]).length >= arguments[1]";
        self.until(&format!("{count} of {place}"), script, &[json!(place), json!(count)]);
    }

    /// There is none.
    #[track_caller]
    pub fn has_no(&self, place: &str) {
        self.until(&format!("no {place}"), "return !found(arguments[0]).length", &[json!(place)]);
    }

    /// The window is at an address with this in it.
    #[track_caller]
    pub fn is_at(&self, part: &str) {
        let script = "return location.href.includes(arguments[0])";
        self.until(&format!("the address to have {part}"), script, &[json!(part)]);
    }

    /// What JavaScript answers, once that is neither nothing, `false` nor `{ instead }`.
    #[track_caller]
    pub fn until(&self, what: &str, script: &str, arguments: &[Value]) -> Value {
        self.watch(what, PATIENCE, script, arguments, |answer| {
            let yes = !answer.is_null() && answer != &Value::Bool(false) && answer.get("instead").is_none();
            yes.then(|| answer.clone())
        })
    }

    /// Asks JavaScript until its answer is good enough.
    #[track_caller]
    pub fn watch<T>(
        &self,
        what: &str,
        patience: Duration,
        script: &str,
        arguments: &[Value],
        mut judge: impl FnMut(&Value) -> Option<T>,
    ) -> T {
        let mut last = String::new();
        let ask = || match self.script(script, arguments) {
            Ok(answer) => judge(&answer).or_else(|| {
                last = answer.to_string();
                None
            }),
            Err(refusal) => {
                last = refusal.to_string();
                None
            }
        };
        let Some(answer) = answer_within(patience, ask) else {
            panic!("waited {patience:?} for {what}, last was {last}; {}", self.shown())
        };
        answer
    }

    /// Makes the window wider and higher by so many pixels; negative ones make it smaller.
    #[track_caller]
    pub fn grow(&self, wider: i64, higher: i64) {
        let now = done(self.0.get("/window/rect"));
        let size = |side: &str, more: i64| now[side].as_i64().unwrap_or(0) + more;
        let wanted = json!({ "width": size("width", wider), "height": size("height", higher) });
        done(self.0.post("/window/rect", &wanted));
    }

    /// The window as a PNG picture.
    #[track_caller]
    pub fn screenshot(&self) -> Vec<u8> {
        use base64::Engine as _;
        let picture = done(self.0.get("/screenshot"));
        let decoder = base64::engine::general_purpose::STANDARD;
        decoder.decode(picture.as_str().unwrap_or_default()).unwrap_or_default()
    }

    /// Closes the browser. Dropping the driver does so as well.
    #[track_caller]
    pub fn close(self) {
        done(self.0.delete());
    }

    /// Does something with the first element at a place, as soon as that can be done: it may not be there yet, be
    /// drawn anew just now, or still lie under something.
    #[track_caller]
    fn act(&self, place: &str, act: impl Fn(&str) -> Result<Value, Refusal>) {
        let using = if place.starts_with(['/', '(']) { "xpath" } else { "css selector" };
        let mut last = None;
        let attempt = || {
            let found = self.0.post("/element", &json!({ "using": using, "value": place }));
            let acted = found.and_then(|found| act(found[ELEMENT].as_str().unwrap_or_default()));
            acted.map_err(|refusal| last = Some(refusal)).ok()
        };
        if answer_within(PATIENCE, attempt).is_none() {
            let last = last.map(|refusal| refusal.to_string()).unwrap_or_default();
            panic!("waited {PATIENCE:?} for {place}, last: {last}; {}", self.shown());
        }
    }

    fn script(&self, script: &str, arguments: &[Value]) -> Result<Value, Refusal> {
        self.0.post("/execute/sync", &json!({ "script": format!("{FOUND}{script}"), "args": arguments }))
    }

    /// For whoever has waited in vain.
    fn shown(&self) -> String {
        let shown = self.script("return `${location.href} reads:\\n${document.body.innerText}`", &[]);
        shown
            .map_or_else(|refusal| refusal.to_string(), |shown| shown.as_str().unwrap_or_default().to_owned())
    }
}

/// What has no reason to be refused.
#[track_caller]
fn done(answer: Result<Value, Refusal>) -> Value {
    answer.unwrap_or_else(|refusal| panic!("{refusal}"))
}
