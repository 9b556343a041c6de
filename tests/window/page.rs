//! The window's page as a person uses it: by the names of things, never by their place in the markup.
//!
//! What can be read is waited for, as in [`Window`]; there is no other way to look.

use std::path::PathBuf;
use std::time::Duration;

use cadenza_tests::patience::PATIENCE;
use cadenza_tests::programs::tool;
use cadenza_tests::webdriver::Window;
use serde_json::{Value, json};

/// The page in an open window.
pub struct Page(Window);

impl Page {
    /// What this window shows.
    pub fn of(window: Window) -> Self {
        Self(window)
    }

    /// Presses the button or link with this name.
    #[track_caller]
    pub fn press(&self, name: &str) {
        self.0.click(&format!("//*[{TOUCHABLE}][{}]", named(name)));
    }

    /// Presses the first button or link whose name begins so.
    #[track_caller]
    pub fn press_beginning(&self, beginning: &str) {
        self.0.click(&format!("//*[{TOUCHABLE}][{}]", beginning_with(beginning)));
    }

    /// Presses the button with this name in the open dialog.
    #[track_caller]
    pub fn press_in_dialog(&self, name: &str) {
        self.0.click(&format!("//dialog[@open]//*[{TOUCHABLE}][{}]", named(name)));
    }

    /// Chooses one of a few.
    #[track_caller]
    pub fn choose(&self, option: &str) {
        self.0.click(&format!("//label[normalize-space(.) = {}]", quoted(option)));
    }

    /// Ticks the first few boxes of the open dialog.
    #[track_caller]
    pub fn tick(&self, count: usize) {
        for place in 1..=count {
            self.0.click(&format!("(//dialog[@open]//li//label)[{place}]"));
        }
    }

    /// Types into the field with this label, in place of what stands there.
    #[track_caller]
    pub fn fill(&self, label: &str, text: &str) {
        self.0.fill(&field(label), text);
    }

    /// This stands in the field with this label.
    #[track_caller]
    pub fn holds(&self, label: &str, text: &str) {
        self.0.holds(&field(label), text);
    }

    /// This can be read somewhere on the page.
    #[track_caller]
    pub fn reads(&self, text: &str) {
        self.0.reads(text);
    }

    /// This can be seen in the window, without scrolling.
    #[track_caller]
    pub fn sees(&self, text: &str) {
        self.0.sees(text);
    }

    /// Presses the right button over the row of this song.
    #[track_caller]
    pub fn press_right(&self, row: &str) {
        let script = "const row = found(arguments[0])[0];
            if (!row) return false;
            const { left, top, width, height } = row.getBoundingClientRect();
            const at = { clientX: left + width / 2, clientY: top + height / 2, button: 2, bubbles: true, cancelable: true };
            return !row.dispatchEvent(new MouseEvent('contextmenu', at))";
        let place = format!("//*[@role = 'row'][contains(., {})]", quoted(row));
        self.0.until("the row to have a menu of ours", script, &[json!(place)]);
    }

    /// This can no longer be read.
    #[track_caller]
    pub fn reads_no_longer(&self, text: &str) {
        self.0.reads_no_longer(text);
    }

    /// Goes to a page by its address after the `#`, and is there when that page is drawn.
    #[track_caller]
    pub fn go(&self, place: &str) {
        self.0.run(
            "const arrived = () => setTimeout(() => (window.arrived = arguments[0]));
            if (location.hash === `#${arguments[0]}`) return arrived();
            addEventListener('hashchange', arrived, { once: true });
            location.hash = arguments[0]",
            &[json!(place)],
        );
        self.0.until(place, "return window.arrived === arguments[0]", &[json!(place)]);
    }

    /// The page's address begins so, after the `#`.
    #[track_caller]
    pub fn is_at(&self, place: &str) {
        self.0.is_at(&format!("#{place}"));
    }

    /// The running time in seconds, once it is there and is enough.
    #[track_caller]
    pub fn time(&self, what: &str, mut enough: impl FnMut(i64) -> bool) -> i64 {
        let script = "return found(arguments[0])[0]?.getAttribute('aria-valuenow')";
        self.0.watch(what, PATIENCE, script, &[json!(POSITION)], |seconds| {
            seconds.as_str()?.parse().ok().filter(|seconds| enough(*seconds))
        })
    }

    /// Sound has been running for a while.
    #[track_caller]
    pub fn plays(&self) {
        let mut last = i64::MAX;
        self.time("the running time to run", |now| std::mem::replace(&mut last, now) < now);
    }

    /// Presses a key at the running time.
    #[track_caller]
    pub fn press_at_time(&self, key: &str) {
        let script = "const time = found(arguments[0])[0];
            time?.focus();
            return time?.dispatchEvent(new KeyboardEvent('keydown', { key: arguments[1], bubbles: true })) ?? false";
        self.0.until("the running time", script, &[json!(POSITION), json!(key)]);
    }

    /// The line that says whose music it is.
    #[track_caller]
    pub fn owner(&self) -> String {
        self.0.text(OWNER)
    }

    /// Nobody's line is shown.
    #[track_caller]
    pub fn has_no_owner(&self) {
        self.0.has_no(OWNER);
    }

    /// What JavaScript answers, once that is neither nothing nor `false`.
    #[track_caller]
    pub fn until(&self, what: &str, script: &str, arguments: &[Value]) -> Value {
        self.0.until(what, script, arguments)
    }

    /// A picture is there, after a while that may be long.
    #[track_caller]
    pub fn has_a_picture_within(&self, patience: Duration, what: &str) {
        let script = "return [...document.images].some((i) => i.naturalWidth > 0)";
        self.0.watch(what, patience, script, &[], |there| there.as_bool().filter(|there| *there));
    }

    /// Everything that can be touched has a name.
    #[track_caller]
    pub fn is_named(&self) {
        let script = "const nameless = [...document.querySelectorAll('button, a[href], input, select, textarea, [role=slider]')]
            .filter((e) => e.checkVisibility?.() ?? true)
            .filter((e) => !(e.getAttribute('aria-label') || e.innerText?.trim() || e.labels?.length || e.getAttribute('aria-labelledby')));
            return nameless.length ? { instead: nameless.map((e) => e.outerHTML.slice(0, 200)) } : true";
        self.0.until("everything that can be touched to have a name", script, &[]);
    }

    /// Nothing is wider than the window.
    #[track_caller]
    pub fn fits(&self) {
        let script = "const over = document.documentElement.scrollWidth - innerWidth;
            return over <= 0 || { instead: `${over} pixels too wide` }";
        self.0.until("the page to fit into the window", script, &[]);
    }

    /// Makes the page this large, whatever the window's frame adds.
    #[track_caller]
    pub fn resize(&self, width: u32, height: u32) {
        let wanted = (i64::from(width), i64::from(height));
        let script = "return [innerWidth, innerHeight]";
        self.0.watch(&format!("the page to be {width} x {height}"), PATIENCE, script, &[], |size| {
            let now = (size[0].as_i64()?, size[1].as_i64()?);
            if now != wanted {
                self.0.grow(wanted.0 - now.0, wanted.1 - now.1);
            }
            (now == wanted).then_some(())
        });
    }

    /// Takes a picture of the page, if pictures are wanted: `CADENZA_PICTURES` names their folder.
    #[track_caller]
    pub fn picture(&self, name: &str) {
        self.settles();
        // The web view hands out the next frame that it draws, so something has to be drawn: one pixel, nearly unseen.
        self.0.run(KEEP_DRAWING, &[]);
        let picture = self.0.screenshot();
        self.0.run("clearInterval(window.drawing); document.getElementById('drawing').remove()", &[]);
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

    /// Every picture is there and nothing moves.
    #[track_caller]
    fn settles(&self) {
        let script = "return [...document.images].every((i) => i.complete) && document.fonts.status === 'loaded'
            && !document.getAnimations().some((a) => a.playState === 'running' && Number.isFinite(a.effect?.getComputedTiming().endTime))";
        self.0.until("pictures and fonts", script, &[]);
    }

    /// Closes the window.
    #[track_caller]
    pub fn close(self) {
        self.0.close();
    }
}

const POSITION: &str = "[role=slider][aria-label='Position in track']";
const OWNER: &str = "[data-testid=owner-line]";

const KEEP_DRAWING: &str = "const pixel = document.createElement('i');
    pixel.id = 'drawing';
    Object.assign(pixel.style, { position: 'fixed', left: 0, bottom: 0, width: '1px', height: '1px' });
    document.body.append(pixel);
    let odd = false;
    window.drawing = setInterval(() => { odd = !odd; pixel.style.background = odd ? 'rgb(127 127 127 / 2%)' : 'none' }, 30)";

const TOUCHABLE: &str = "self::button or self::a or @role = 'button'";

fn field(label: &str) -> String {
    format!("//*[@id = //label[starts-with(normalize-space(.), {0})]/@for]", quoted(label))
}

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
