//! The window's page as a person uses it: by the names of things, never by their place in the markup.

use std::path::PathBuf;

use cadenza_tests::programs::tool;
use cadenza_tests::webdriver::{Element, Session};
use serde_json::{Value, json};

use crate::desk::wait_for;

/// The page in an open window.
pub struct Page(pub Session);

impl Page {
    /// Presses the button or link with this name.
    #[track_caller]
    pub fn press(&self, name: &str) {
        self.press_path(&format!("//*[{TOUCHABLE}][{}]", named(name)));
    }

    /// Presses the first button or link whose name begins so.
    #[track_caller]
    pub fn press_beginning(&self, beginning: &str) {
        self.press_path(&format!("//*[{TOUCHABLE}][{}]", beginning_with(beginning)));
    }

    #[track_caller]
    fn press_path(&self, path: &str) {
        let element = self.0.find_path(path);
        self.0.click(&element);
    }

    /// Types into the field with this label, in place of what stands there.
    #[track_caller]
    pub fn fill(&self, label: &str, text: &str) {
        let field = self.field(label);
        self.0.clear(&field);
        self.0.type_into(&field, text);
    }

    /// What stands in the field with this label.
    #[track_caller]
    pub fn value(&self, label: &str) -> String {
        let field = self.field(label);
        self.0.property(&field, "value").as_str().unwrap_or_default().to_owned()
    }

    #[track_caller]
    fn field(&self, label: &str) -> Element {
        self.0.find_path(&format!(
            "//*[@id = //label[starts-with(normalize-space(.), {0})]/@for]",
            quoted(label)
        ))
    }

    /// Chooses one of a few.
    #[track_caller]
    pub fn choose(&self, option: &str) {
        self.press_path(&format!("//label[normalize-space(.) = {}]", quoted(option)));
    }

    /// Ticks the first few boxes of the open dialog.
    #[track_caller]
    pub fn tick(&self, count: usize) {
        for place in 1..=count {
            self.press_path(&format!("(//dialog[@open]//li//label)[{place}]"));
        }
    }

    /// Presses the button with this name in the open dialog.
    #[track_caller]
    pub fn press_in_dialog(&self, name: &str) {
        self.press_path(&format!("//dialog[@open]//*[{TOUCHABLE}][{}]", named(name)));
    }

    /// Waits until this can be read somewhere on the page.
    #[track_caller]
    pub fn reads(&self, text: &str) {
        wait_for(&format!("'{text}' on the page, which reads:\n{}", self.everything()), || {
            self.everything().contains(text).then_some(())
        });
    }

    /// Waits until this can no longer be read.
    #[track_caller]
    pub fn reads_no_longer(&self, text: &str) {
        wait_for(&format!("'{text}' to go"), || (!self.everything().contains(text)).then_some(()));
    }

    /// All that can be read.
    pub fn everything(&self) -> String {
        self.0.script("return document.body.innerText", &[]).as_str().unwrap_or_default().to_owned()
    }

    /// Goes to a page by its address after the `#`.
    pub fn go(&self, place: &str) {
        self.0.script("location.hash = arguments[0]", &[json!(place)]);
    }

    /// The running time, in seconds.
    pub fn seconds(&self) -> i64 {
        self.0.script("return Number(document.querySelector('[role=slider][aria-label=\"Position in track\"]')?.getAttribute('aria-valuenow') ?? -1)", &[]).as_f64().map_or(-1, |s| s as i64)
    }

    /// Waits until sound has been running for a while.
    #[track_caller]
    pub fn plays(&self) {
        let from = self.seconds().max(0);
        wait_for("the running time to run", || (self.seconds() > from).then_some(()));
    }

    /// The text of the first element for a CSS selector; nothing when there is none.
    pub fn text_of(&self, css: &str) -> Option<String> {
        let text =
            self.0.script("return document.querySelector(arguments[0])?.innerText ?? null", &[json!(css)]);
        text.as_str().map(str::to_owned)
    }

    /// Names of everything that can be touched and has no name: there must be none.
    pub fn nameless(&self) -> Value {
        let script = "return [...document.querySelectorAll('button, a[href], input, select, textarea, [role=slider]')]
            .filter((e) => e.checkVisibility?.() ?? true)
            .filter((e) => !(e.getAttribute('aria-label') || e.innerText?.trim() || e.labels?.length || e.getAttribute('aria-labelledby')))
            .map((e) => e.outerHTML.slice(0, 200))";
        self.0.script(script, &[])
    }

    /// Makes the page this large, whatever the window's frame adds.
    pub fn resize(&self, width: u32, height: u32) {
        let inside = || {
            let size = self.0.script("return [innerWidth, innerHeight]", &[]);
            (size[0].as_i64().unwrap_or(0), size[1].as_i64().unwrap_or(0))
        };
        let wanted = (i64::from(width), i64::from(height));
        wait_for(&format!("the page to be {width} x {height}; it is {:?}", inside()), || {
            let now = inside();
            if now != wanted {
                self.0.grow(wanted.0 - now.0, wanted.1 - now.1);
            }
            (inside() == wanted).then_some(())
        });
    }

    /// Waits until every picture on the page is there and nothing moves.
    pub fn settles(&self) {
        let script = "return [...document.images].every((i) => i.complete) && document.fonts.status === 'loaded'
            && !document.getAnimations().some((a) => a.playState === 'running' && Number.isFinite(a.effect?.getComputedTiming().endTime))";
        wait_for("pictures and fonts", || self.0.script(script, &[]).as_bool().filter(|done| *done));
    }

    /// Takes a picture of the page, if pictures are wanted: `CADENZA_PICTURES` names their folder.
    pub fn picture(&self, name: &str) {
        self.settles();
        // The web view hands out the next frame that it draws, so something has to be drawn: one pixel, nearly unseen.
        self.0.script(KEEP_DRAWING, &[]);
        let picture = self.0.screenshot();
        self.0.script("clearInterval(window.drawing); document.getElementById('drawing').remove()", &[]);
        assert!(picture.starts_with(b"\x89PNG"), "a picture of {name}");
        if let Some(folder) = std::env::var_os("CADENZA_PICTURES").map(PathBuf::from) {
            std::fs::create_dir_all(&folder).expect("a folder for pictures");
            let path = folder.join(format!("{name}.png"));
            std::fs::write(&path, picture).expect("room for a picture");
            // Few colours, and half the size.
            let path = path.to_string_lossy();
            tool(
                "/usr/bin/convert",
                &[&path, "+dither", "-colors", "256", "-define", "png:compression-level=9", &path],
            )
            .succeeded();
        }
    }
}

const KEEP_DRAWING: &str = "const pixel = document.createElement('i');
    pixel.id = 'drawing';
    Object.assign(pixel.style, { position: 'fixed', left: 0, bottom: 0, width: '1px', height: '1px' });
    document.body.append(pixel);
    let odd = false;
    window.drawing = setInterval(() => { odd = !odd; pixel.style.background = odd ? 'rgb(127 127 127 / 2%)' : 'none' }, 30)";

const TOUCHABLE: &str = "self::button or self::a or @role = 'button'";

fn named(name: &str) -> String {
    format!("normalize-space(.) = {0} or @aria-label = {0}", quoted(name))
}

fn beginning_with(beginning: &str) -> String {
    format!("starts-with(normalize-space(.), {0}) or starts-with(@aria-label, {0})", quoted(beginning))
}

/// A text as XPath writes it.
fn quoted(text: &str) -> String {
    if text.contains('\'') { format!("\"{text}\"") } else { format!("'{text}'") }
}
