//! What has to be on the system, for which purpose, and what each package manager calls it.
//!
//! A list is complete when a machine with only Rust, Node and git gets through. `libssl` and
//! `libpulse` are absent on purpose: TLS is `rustls`, and PulseAudio is spoken in pure Rust.

/// What somebody is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Compiling the crates: C compiler, CMake, sound and message-bus headers.
    Build,
    /// Compiling and opening the window.
    Window,
    /// Rendering the demo album from its notes.
    Music,
    /// Everything `cargo xtask test` checks with.
    Test,
    /// The peers that `cargo xtask bench` measures against.
    Bench,
    /// Making installers.
    Package,
    /// Checking for other systems.
    Cross,
}

/// One thing the system must have.
#[derive(Debug)]
pub struct Need {
    /// When it is needed.
    pub purpose: Purpose,
    /// Programs of which any one means that it is there already; empty: ask the package manager.
    pub programs: &'static [&'static str],
    /// Package names for Debian and Ubuntu.
    pub apt: &'static str,
    /// Fedora and its relatives.
    pub dnf: &'static str,
    /// Arch.
    pub pacman: &'static str,
    /// openSUSE.
    pub zypper: &'static str,
    /// Homebrew on macOS.
    pub brew: &'static str,
}

const fn need(purpose: Purpose, programs: &'static [&'static str], names: [&'static str; 5]) -> Need {
    let [apt, dnf, pacman, zypper, brew] = names;
    Need { purpose, programs, apt, dnf, pacman, zypper, brew }
}

use Purpose::{Bench, Build, Cross, Music, Package, Test, Window};

/// Every need, in the order apt, dnf, pacman, zypper, brew; an empty name: nothing to install there.
#[rustfmt::skip]
pub const NEEDS: &[Need] = &[
    // The C parts: libopus, libFLAC, SQLite and the server's RSA are built from source.
    need(Build, &["cc"], ["build-essential", "gcc-c++ make", "base-devel", "gcc-c++ make", ""]),
    need(Build, &["cmake"], ["cmake", "cmake", "cmake", "cmake", "cmake"]),
    need(Build, &["pkg-config"], ["pkg-config", "pkgconf-pkg-config", "pkgconf", "pkg-config", "pkgconf"]),
    // Sound through ALSA; the key store and media keys through D-Bus.
    need(Build, &[], ["libasound2-dev", "alsa-lib-devel", "alsa-lib", "alsa-devel", ""]),
    need(Build, &[], ["libdbus-1-dev", "dbus-devel", "dbus", "dbus-1-devel", ""]),
    // cargo and npm fetch over HTTPS.
    need(Build, &[], ["ca-certificates", "ca-certificates", "ca-certificates", "ca-certificates", ""]),
    // The window: web view, tray, SVG icons, fonts for titles in other scripts.
    need(Window, &[], ["libwebkit2gtk-4.1-dev", "webkit2gtk4.1-devel", "webkit2gtk-4.1", "webkit2gtk3-devel", ""]),
    need(Window, &[], ["libayatana-appindicator3-dev", "libappindicator-gtk3-devel", "libappindicator-gtk3", "libappindicator3-1", ""]),
    need(Window, &[], ["librsvg2-dev", "librsvg2-devel", "librsvg", "librsvg-devel", ""]),
    need(Window, &["xdg-open"], ["xdg-utils", "xdg-utils", "xdg-utils", "xdg-utils", ""]),
    need(Window, &["dbus-run-session"], ["dbus", "dbus-daemon", "dbus", "dbus-1", ""]),
    need(Window, &[], ["fonts-droid-fallback", "google-droid-sans-fonts", "noto-fonts-cjk", "google-droid-fonts", ""]),
    need(Window, &[], ["fonts-noto-color-emoji", "google-noto-color-emoji-fonts", "noto-fonts-emoji", "google-noto-coloremoji-fonts", ""]),
    // The demo album: a synthesizer and its instruments.
    need(Music, &["fluidsynth"], ["fluidsynth", "fluidsynth", "fluidsynth", "fluidsynth", "fluid-synth"]),
    need(Music, &[], ["fluid-soundfont-gm", "fluid-soundfont-gm", "soundfont-fluid", "fluid-soundfont-gm", ""]),
    need(Music, &["flac"], ["flac", "flac", "flac", "flac", "flac"]),
    // Tests: a screen, a window manager, a message bus and key store of their own.
    need(Test, &["Xvfb"], ["xvfb", "xorg-x11-server-Xvfb", "xorg-server-xvfb", "xorg-x11-server-Xvfb", ""]),
    need(Test, &["WebKitWebDriver"], ["webkit2gtk-driver", "webkit2gtk4.1-devel", "webkit2gtk-4.1", "webkit2gtk3-devel", ""]),
    need(Test, &["openbox"], ["openbox", "openbox", "openbox", "openbox", ""]),
    need(Test, &["xdotool"], ["xdotool", "xdotool", "xdotool", "xdotool", ""]),
    need(Test, &["import"], ["imagemagick", "ImageMagick", "imagemagick", "ImageMagick", "imagemagick"]),
    need(Test, &["gnome-keyring-daemon"], ["gnome-keyring", "gnome-keyring", "gnome-keyring", "gnome-keyring", ""]),
    // Tests: ears, and other people's readers of what we write.
    need(Test, &["pulseaudio"], ["pulseaudio", "pulseaudio", "pulseaudio", "pulseaudio", ""]),
    need(Test, &["parec"], ["pulseaudio-utils", "pulseaudio-utils", "libpulse", "pulseaudio-utils", ""]),
    need(Test, &["ffmpeg"], ["ffmpeg", "ffmpeg-free", "ffmpeg", "ffmpeg-4", "ffmpeg"]),
    need(Test, &["cdrdao"], ["cdrdao", "cdrdao", "cdrdao", "cdrdao", "cdrdao"]),
    need(Test, &["cd-info"], ["libcdio-utils", "libcdio", "libcdio", "libcdio-utils", "libcdio"]),
    need(Test, &["gst-launch-1.0"], [
        "gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good",
        "gstreamer1 gstreamer1-plugins-base gstreamer1-plugins-good",
        "gstreamer gst-plugins-base gst-plugins-good",
        "gstreamer gstreamer-plugins-base gstreamer-plugins-good",
        "gstreamer",
    ]),
    need(Test, &["unshare"], ["util-linux", "util-linux", "util-linux", "util-linux", ""]),
    need(Test, &["mpv"], ["mpv", "mpv", "mpv", "mpv", "mpv"]),
    // Tests: the server's other database.
    need(Test, &[], ["postgresql", "postgresql-server", "postgresql", "postgresql-server", "postgresql"]),
    // Tests: the second reader of our formats.
    need(Test, &["python3"], ["python3", "python3", "python", "python3", "python3"]),
    need(Test, &[], ["python3-venv", "python3-pip", "python-pip", "python3-pip", ""]),
    // Tests: the storefront in a browser.
    need(Test, &["chromium", "chromium-browser", "google-chrome"], ["chromium", "chromium", "chromium", "chromium", "chromium"]),
    need(Test, &["chromedriver"], ["chromium-driver", "chromedriver", "chromium", "chromedriver", "chromedriver"]),
    // Benches: players and a web server that people already have.
    need(Bench, &["ffmpeg"], ["ffmpeg", "ffmpeg-free", "ffmpeg", "ffmpeg-4", "ffmpeg"]),
    need(Bench, &["mpv"], ["mpv", "mpv", "mpv", "mpv", "mpv"]),
    need(Bench, &["audacious"], ["audacious", "audacious", "audacious", "audacious", ""]),
    need(Bench, &["nginx"], ["nginx-light", "nginx", "nginx", "nginx", "nginx"]),
    need(Bench, &["curl"], ["curl", "curl", "curl", "curl", "curl"]),
    need(Bench, &["openssl"], ["openssl", "openssl", "openssl", "openssl", "openssl"]),
    need(Bench, &["pulseaudio"], ["pulseaudio", "pulseaudio", "pulseaudio", "pulseaudio", ""]),
    need(Bench, &["parec"], ["pulseaudio-utils", "pulseaudio-utils", "libpulse", "pulseaudio-utils", ""]),
    // Installers.
    need(Package, &["file"], ["file", "file", "file", "file", ""]),
    need(Package, &["desktop-file-validate"], ["desktop-file-utils", "desktop-file-utils", "desktop-file-utils", "desktop-file-utils", ""]),
    // Other systems, from Debian alone.
    need(Cross, &["debootstrap"], ["debootstrap", "", "", "", ""]),
];

/// The needs of these purposes, none twice.
pub fn for_purposes(purposes: &[Purpose]) -> impl Iterator<Item = &'static Need> + '_ {
    NEEDS.iter().filter(|need| purposes.contains(&need.purpose))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn building_asks_for_what_the_c_crates_need_and_not_for_openssl() {
        let apt: Vec<_> = for_purposes(&[Build, Window]).map(|need| need.apt).collect();
        for package in ["cmake", "libasound2-dev", "libdbus-1-dev", "libwebkit2gtk-4.1-dev"] {
            assert!(apt.contains(&package), "{package} is missing");
        }
        assert!(!apt.contains(&"libssl-dev"));
    }

    #[test]
    fn a_need_without_a_program_is_known_by_its_package_name() {
        for need in NEEDS.iter().filter(|need| need.programs.is_empty()) {
            assert!(!need.apt.is_empty() && !need.apt.contains(' '), "{need:?}");
        }
    }
}
