//! For how long a revocation list may be gone by: the list states it itself, under its authority's signature (requirement C9).
//!
//! Its next update (RFC 5280, section 5.1.2.5) says until when redemptions, fetching again and services among themselves go by it. How
//! long money is paid by it stands in an extension of ours, not critical: a DER INTEGER, seconds from `thisUpdate`. Readers have
//! bounds of their own, so that a list which states more is not believed, and one that states nothing about payments has that bound.

use x509_parser::der_parser::parse_der;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;

use super::CertificateError;
use super::path::MAX_LIST;
use crate::time::UnixTime;

/// Longest that money is paid by one list, seconds: a day.
pub const PAYMENT_SECONDS: u32 = 86_400;
/// Longest that anything else goes by one list, days.
pub const OTHER_DAYS: i64 = 7;

/// `2.25.4281736509178340613.2`, in DER.
const PAYMENT_AGE: &[u8] = &[0x69, 0xbb, 0xb5, 0xf2, 0x95, 0xb6, 0x9b, 0x95, 0xca, 0x05, 2];

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;
const OCTET_STRING: u8 = 0x04;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
/// `crlExtensions`, explicitly tagged.
const EXTENSIONS: u8 = 0xa0;

/// What is done by a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListUse {
    /// Money moves, or a card number leaves.
    Payment,
    /// Redeeming, fetching again, services among themselves.
    Other,
}

/// Until when a list serves, within our bounds. Believed only with a chain that its authority issued: then its signature is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListAge {
    /// When its authority made it.
    pub issued: UnixTime,
    /// Last second at which money is paid by it.
    pub payments_until: UnixTime,
    /// Last second at which anything else is done by it.
    pub until: UnixTime,
}

impl ListAge {
    /// What a list in DER states, cut down to our bounds.
    pub fn stated_in(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > MAX_LIST {
            return Err(CertificateError::Malformed);
        }
        let (_, list) = CertificateRevocationList::from_der(der).map_err(|_| CertificateError::Malformed)?;
        let issued = UnixTime(list.last_update().timestamp());
        let next_update = list.next_update().ok_or(CertificateError::Malformed)?.timestamp();
        let mut payment_seconds = PAYMENT_SECONDS;
        for extension in list.extensions() {
            if extension.oid.as_bytes() == PAYMENT_AGE {
                let stated = parse_der(extension.value).ok().and_then(|(_, value)| value.as_u32().ok());
                payment_seconds = stated.ok_or(CertificateError::Malformed)?.min(PAYMENT_SECONDS);
            }
        }
        let until = UnixTime(next_update.min(issued.plus_days(OTHER_DAYS).0));
        let payments_until = UnixTime(issued.0.saturating_add(payment_seconds.into()).min(until.0));
        Ok(Self { issued, payments_until, until })
    }

    /// Whether something is done by it now.
    pub const fn serves(&self, what: ListUse, now: UnixTime) -> bool {
        now.0
            <= match what {
                ListUse::Payment => self.payments_until.0,
                ListUse::Other => self.until.0,
            }
    }
}

/// A list with what it states about payments: `der` is one that was just made, `sign` gives its authority's signature in X.509's form.
pub fn state_payment_age(
    der: &[u8],
    seconds: u32,
    sign: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
) -> Result<Vec<u8>, CertificateError> {
    let whole = element(der).filter(|whole| whole.tag == SEQUENCE && whole.rest.is_empty());
    let whole = whole.ok_or(CertificateError::Malformed)?;
    let told = element(whole.content).ok_or(CertificateError::Malformed)?;
    let algorithm = element(told.rest).ok_or(CertificateError::Malformed)?;
    let told = with_extension(told.content, seconds).ok_or(CertificateError::Malformed)?;
    let signature = sign(&told).ok_or(CertificateError::Malformed)?;
    let signature = wrapped(BIT_STRING, &[&[0], &signature[..]].concat());
    Ok(wrapped(SEQUENCE, &[&told[..], algorithm.whole, &signature].concat()))
}

/// `TBSCertList` with one extension more.
fn with_extension(content: &[u8], seconds: u32) -> Option<Vec<u8>> {
    let stated = extension(seconds);
    let (mut kept, mut extensions, mut rest) = (Vec::new(), stated.clone(), content);
    while !rest.is_empty() {
        let field = element(rest)?;
        rest = field.rest;
        if field.tag == EXTENSIONS {
            extensions = [element(field.content)?.content, &stated[..]].concat();
        } else {
            kept.extend_from_slice(field.whole);
        }
    }
    kept.extend(wrapped(EXTENSIONS, &wrapped(SEQUENCE, &extensions)));
    Some(wrapped(SEQUENCE, &kept))
}

fn extension(seconds: u32) -> Vec<u8> {
    let mut number: Vec<u8> = seconds.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    if number.first().is_none_or(|first| first & 0x80 != 0) {
        number.insert(0, 0); // it is not negative
    }
    let value = wrapped(OCTET_STRING, &wrapped(INTEGER, &number));
    wrapped(SEQUENCE, &[wrapped(OBJECT_IDENTIFIER, PAYMENT_AGE), value].concat())
}

/// One element of DER (X.690) and what comes after it.
struct Element<'d> {
    tag: u8,
    whole: &'d [u8],
    content: &'d [u8],
    rest: &'d [u8],
}

fn element(bytes: &[u8]) -> Option<Element<'_>> {
    let (&tag, after) = bytes.split_first()?;
    let (&first, mut after) = after.split_first()?;
    let mut length = usize::from(first);
    if first & 0x80 != 0 {
        let (digits, behind) = after.split_at_checked(usize::from(first & 0x7f))?;
        if digits.len() > size_of::<u32>() {
            return None;
        }
        length = digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit));
        after = behind;
    }
    let (content, rest) = after.split_at_checked(length)?;
    Some(Element { tag, whole: &bytes[..bytes.len() - rest.len()], content, rest })
}

fn wrapped(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => bytes.push(short),
        _ => {
            let length = content.len().to_be_bytes();
            let digits = &length[length.iter().take_while(|digit| **digit == 0).count()..];
            bytes.push(0x80 | u8::try_from(digits.len()).expect("a length has at most eight bytes"));
            bytes.extend_from_slice(digits);
        }
    }
    bytes.extend_from_slice(content);
    bytes
}
