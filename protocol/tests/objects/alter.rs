//! Every byte altered, every length cut (F5): one loop for all objects.

/// Lowest bit; ASCII's bit of upper and lower case; highest bit; all of them.
pub const MASKS: [u8; 4] = [0x01, 0x20, 0x80, 0xff];

/// Alters every byte of `object` under every mask, and cuts it at every length but those in `whole` (where an earlier object ends that is
/// whole by itself); `passes` says whether what came out is taken. Nothing may be. Prints what was tried.
pub fn nothing_passes(
    what: &str,
    object: &[u8],
    masks: &[u8],
    whole: &[usize],
    passes: impl Fn(&[u8]) -> bool,
) {
    assert!(passes(object), "{what}: not even the genuine one is taken");
    let mut unnoticed = Vec::new();
    let mut altered = object.to_vec();
    for at in 0..object.len() {
        for mask in masks {
            altered[at] = object[at] ^ mask;
            if passes(&altered) {
                unnoticed.push(format!("byte {at} ({:?}) under {mask:#04x}", char::from(object[at])));
            }
        }
        altered[at] = object[at];
    }
    for length in 0..object.len() {
        if passes(&object[..length]) != whole.contains(&length) {
            unnoticed.push(format!("cut to {length}"));
        }
    }
    for more in [0x00, b' ', b'}', 0xff] {
        let longer = [object, &[more]].concat();
        // White space behind a JSON document means nothing (RFC 8259, section 2).
        let harmless = more == b' ' && object.starts_with(b"{");
        if passes(&longer) && !harmless {
            unnoticed.push(format!("{more:#04x} added"));
        }
    }
    let (count, length) = (object.len() * masks.len(), object.len());
    println!(
        "{what}: {count} alterations of {length} bytes and {length} cuts, {} unnoticed",
        unnoticed.len()
    );
    assert!(unnoticed.is_empty(), "{what}: {unnoticed:?}");
}

/// Puts other white space in the place of every space and line break of a JSON object. Between tokens it means nothing (RFC 8259,
/// section 2), so the object may pass if it says the same as before; inside a text it would say something else, and may not.
pub fn white_space_says_nothing<T: PartialEq>(what: &str, object: &[u8], read: impl Fn(&[u8]) -> Option<T>) {
    let genuine = read(object);
    assert!(genuine.is_some());
    let (mut same, mut refused) = (0, 0);
    let mut altered = object.to_vec();
    for at in (0..object.len()).filter(|&at| object[at].is_ascii_whitespace()) {
        for other in b" \t\r\n".iter().copied().filter(|&other| other != object[at]) {
            altered[at] = other;
            match read(&altered) {
                None => refused += 1,
                found => {
                    assert!(found == genuine, "{what}: white space at {at} changed what it says");
                    same += 1;
                }
            }
        }
        altered[at] = object[at];
    }
    println!("{what}: white space replaced, {same} say the same, {refused} refused");
}
