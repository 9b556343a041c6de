//! See `cadenza_fuzz::files::settings`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| cadenza_fuzz::files::settings::read(data));
