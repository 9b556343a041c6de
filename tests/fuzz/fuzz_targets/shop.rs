//! See `cadenza_fuzz::files::shop`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| cadenza_fuzz::files::shop::read(data));
