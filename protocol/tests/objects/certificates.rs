//! Whom a chain makes trusted, and what is said when it does not (C5, F7).

use std::io::Cursor;

use cadenza_protocol::cert::{
    Certificate, CertificateChain, CertificateError, ListAge, ListUse, RevocationLists, Role, verify_chain,
    verify_unrevoked_chain,
};
use cadenza_protocol::media::{MediaError, MediaFile};
use cadenza_protocol::time::UnixTime;

use crate::support::made::authored;
use crate::support::{Center, NOW};

fn chain(certificates: &[&Certificate]) -> CertificateChain {
    CertificateChain::new(certificates.iter().map(|c| (*c).clone()).collect()).unwrap()
}

fn lists(ders: &[Vec<u8>]) -> RevocationLists {
    RevocationLists::from_ders(ders.iter().map(Vec::as_slice)).unwrap()
}

/// Judges the chain as a merchant's.
fn judge(
    center: &Center,
    chain: &CertificateChain,
    at: UnixTime,
    lists: &RevocationLists,
) -> Result<(), CertificateError> {
    verify_unrevoked_chain(chain, &center.root, Role::Merchant, at, lists).map(|_| ())
}

#[test]
fn every_unfit_certificate_is_refused_with_a_message_of_its_own() {
    // F7
    let center = Center::new();
    let merchant = center.certify(Role::Merchant);
    let leaf = merchant.chain.leaf();
    let none = RevocationLists::none();
    judge(&center, &merchant.chain, NOW, &none).unwrap();
    let at = |chain: &CertificateChain, at| judge(&center, chain, at, &none).unwrap_err();
    let now = |chain: &CertificateChain| at(chain, NOW);
    let with = |ders: &[Vec<u8>]| judge(&center, &merchant.chain, NOW, &lists(ders)).unwrap_err();

    let sells_only = Center::named("Test Root", &[Role::Author], 3000);
    let unauthorised = sells_only.certify(Role::Merchant);
    let brief = Center::named("Test Root", Role::ALL, 30);
    let under_brief = brief.certify(Role::Merchant);
    let (namesake, stranger) = (Center::new(), Center::named("Other Root", Role::ALL, 3000));
    let crossed_root = chain(&[leaf, &center.authority, &stranger.vouch_for_root(&center)]);
    let crossed_authority = chain(&[leaf, &stranger.vouch_for_authority(&center)]);
    let mut altered = leaf.der().to_vec();
    let name = altered.windows(8).rposition(|w| w == b"merchant").unwrap();
    altered[name] = b'M';
    let altered = chain(&[&Certificate::from_der(altered).unwrap(), &center.authority]);

    let cases: Vec<(&str, CertificateError)> = vec![
        ("wrong role", now(&center.certify(Role::Author).chain)),
        (
            "an authority that may not issue the role",
            judge(&sells_only, &unauthorised.chain, NOW, &none).unwrap_err(),
        ),
        ("expired", at(&merchant.chain, NOW.plus_days(366))),
        ("expired authority", judge(&brief, &under_brief.chain, NOW.plus_days(31), &none).unwrap_err()),
        ("not yet valid", at(&merchant.chain, NOW.plus_days(-11))),
        ("revoked", with(&[center.revocation_list(&[leaf], NOW.plus_days(1))])),
        ("revocation list out of date", with(&[center.revocation_list(&[], NOW.plus_days(-1))])),
        ("another root", now(&stranger.certify(Role::Merchant).chain)),
        ("another root of the same name", now(&namesake.certify(Role::Merchant).chain)),
        ("our root cross-signed", now(&crossed_root)),
        ("altered", now(&altered)),
        ("headless", now(&chain(&[leaf]))),
        ("authority as a leaf", now(&chain(&[&center.authority]))),
        ("issued by a merchant", now(&Center::usurp(&merchant, Role::Merchant))),
        ("too long", CertificateChain::new(vec![leaf.clone(); 5]).unwrap_err()),
        ("no certificate", Certificate::from_der(b"none".to_vec()).unwrap_err()),
    ];
    for (what, error) in &cases {
        use CertificateError as E;
        let fits = match *what {
            "wrong role" => matches!(error, E::WrongRole { .. }),
            "expired" | "expired authority" => matches!(error, E::Expired { .. }),
            "not yet valid" => matches!(error, E::NotYetValid { .. }),
            "revoked" => matches!(error, E::Revoked { .. }),
            "revocation list out of date" => matches!(error, E::RevocationUnknown { .. }),
            "another root" | "headless" => matches!(error, E::UnknownIssuer { .. }),
            "another root of the same name" => matches!(error, E::Forged { .. }),
            "our root cross-signed" => matches!(error, E::CrossSigned { .. }),
            "too long" => matches!(error, E::BadChain),
            "no certificate" => matches!(error, E::Malformed),
            _ => matches!(error, E::Unfit { .. }),
        };
        assert!(fits, "{what}: {error:?}");
        println!("  {what}: {error}");
    }
    for (n, (what, error)) in cases.iter().enumerate() {
        for (other, earlier) in &cases[..n] {
            assert_ne!(error.to_string(), earlier.to_string(), "{what} and {other} read the same");
        }
    }
    // Our authority certified by a stranger's root ends at that root, like any stranger's chain, and says so in the same words.
    assert_eq!(now(&crossed_authority), now(&stranger.certify(Role::Merchant).chain));
    println!("{} unfit certificates refused, each with its own message", cases.len() + 1);
}

#[test]
fn an_authority_that_has_expired_is_named_rather_than_its_holder() {
    // F7
    let brief = Center::named("Test Root", Role::ALL, 30);
    let holder = brief.certify(Role::Merchant);
    let error = judge(&brief, &holder.chain, NOW.plus_days(31), &RevocationLists::none()).unwrap_err();
    assert_eq!(error, CertificateError::Expired { subject: "Test Authority".into() });
}

#[test]
fn only_the_issuer_can_say_that_a_certificate_was_revoked() {
    // F7
    let center = Center::new();
    let merchant = center.certify(Role::Merchant);
    let judge = |ders: &[Vec<u8>]| judge(&center, &merchant.chain, NOW, &lists(ders));
    let soon = NOW.plus_days(1);
    assert_eq!(judge(&[center.revocation_list(&[], soon)]), Ok(()));
    let another = center.certify(Role::Merchant);
    assert_eq!(judge(&[center.revocation_list(&[another.chain.leaf()], soon)]), Ok(()));

    // Of the same name and another key: nothing it says is believed, neither 'revoked' nor 'not revoked'.
    let namesake = Center::new();
    for list in
        [namesake.revocation_list(&[merchant.chain.leaf()], soon), namesake.revocation_list(&[], soon)]
    {
        let unknown = judge(&[list]).unwrap_err();
        assert!(matches!(unknown, CertificateError::RevocationUnknown { .. }), "{unknown}");
    }
    let mut altered = center.revocation_list(&[merchant.chain.leaf()], soon);
    let last = altered.len() - 1;
    altered[last] ^= 1;
    let unknown = judge(&[altered]).unwrap_err();
    assert!(matches!(unknown, CertificateError::RevocationUnknown { .. }), "{unknown}");
    let garbage = RevocationLists::from_ders([b"none".as_slice()]).unwrap_err();
    assert_eq!(garbage, CertificateError::Malformed);
}

#[test]
fn an_altered_revocation_list_never_lets_a_revoked_certificate_pass_as_its_issuers() {
    // F5, F7. Only under another name in it does the certificate pass: then it is somebody else's list, and whoever could alter it
    // could as well have left it away. Who needs a list asks the licensing center for it, over TLS.
    let center = Center::new();
    let merchant = center.certify(Role::Merchant);
    let list = center.revocation_list(&[merchant.chain.leaf()], NOW.plus_days(1));
    let name = list.windows(14).position(|w| w == b"Test Authority").unwrap();
    // Sequence, set, sequence with two bytes of head each, the attribute's type, the text's head.
    let issuer = name - 13..name + 14;
    let (mut refused, mut elsewhere) = (0, 0);
    let mut altered = list.clone();
    for at in 0..list.len() {
        for mask in crate::alter::MASKS {
            altered[at] = list[at] ^ mask;
            let read = RevocationLists::from_ders([altered.as_slice()]);
            match read.and_then(|lists| judge(&center, &merchant.chain, NOW, &lists)) {
                Err(_) => refused += 1,
                Ok(()) => {
                    assert!(issuer.contains(&at), "byte {at} under {mask:#04x} went unnoticed");
                    elsewhere += 1;
                }
            }
        }
        altered[at] = list[at];
    }
    println!("revocation list: {refused} alterations refused, {elsewhere} made it somebody else's");
}

// C9: a list states how old it may be, for payments and for the rest; nobody believes more than a day and a week
#[test]
fn a_list_serves_for_as_long_as_it_states_and_never_longer_than_our_bounds() {
    let center = Center::new();
    let merchant = center.certify(Role::Merchant);
    let made = NOW.plus_days(-5);
    let days = |days: i64| made.plus_days(days);
    let stating = |seconds, next_update| center.revocation_list_stating(seconds, next_update);
    let cases = [
        ("an hour, six days", stating(3_600, days(6)), UnixTime(made.0 + 3_600), days(6)),
        ("ten days, a month", stating(864_000, days(30)), days(1), days(7)),
        ("nothing, six days", center.revocation_list(&[], days(6)), days(1), days(6)),
        (
            "a day, an hour",
            stating(86_400, UnixTime(made.0 + 3_600)),
            UnixTime(made.0 + 3_600),
            UnixTime(made.0 + 3_600),
        ),
        ("no time at all", stating(0, days(6)), made, days(6)),
    ];
    for (what, der, payments_until, until) in cases {
        let age = ListAge::stated_in(&der).unwrap();
        assert_eq!(age, ListAge { issued: made, payments_until, until }, "{what}");
        assert!(age.serves(ListUse::Payment, payments_until) && age.serves(ListUse::Other, until), "{what}");
        let after = |last: UnixTime| UnixTime(last.0 + 1);
        assert!(!age.serves(ListUse::Payment, after(payments_until)), "{what}");
        assert!(!age.serves(ListUse::Other, after(until)), "{what}");
    }

    // what it states is signed
    let mut der = stating(3_600, NOW.plus_days(1));
    assert_eq!(judge(&center, &merchant.chain, NOW, &lists(&[der.clone()])), Ok(()));
    let stated = [0x02, 0x02, 0x0e, 0x10];
    let at = der.windows(4).position(|four| four == stated).expect("an hour, as an INTEGER");
    der[at + 2] = 0x7f;
    assert_eq!(ListAge::stated_in(&der).unwrap().payments_until, UnixTime(made.0 + 0x7f10));
    let unknown = judge(&center, &merchant.chain, NOW, &lists(&[der])).unwrap_err();
    assert!(matches!(unknown, CertificateError::RevocationUnknown { .. }), "{unknown}");
}

#[test]
fn an_authority_that_the_root_withdrew_takes_its_holders_along() {
    // F7, S1
    let center = Center::new();
    let merchant = center.certify(Role::Merchant);
    let judge = |list| judge(&center, &merchant.chain, NOW, &lists(&[list]));
    let soon = NOW.plus_days(1);
    assert_eq!(judge(center.root_revocation_list(&[], soon)), Ok(()));
    let error = judge(center.root_revocation_list(&[&center.authority], soon)).unwrap_err();
    assert!(matches!(error, CertificateError::Revoked { .. }), "{error}");
}

#[test]
fn a_stored_file_is_judged_at_its_signing_time() {
    // F7, O1: later expiry or revocation takes nothing back; an author whose time was over cannot sign
    let center = Center::new();
    let author = center.certify_for(Role::Author, -10, 30);
    let bytes = authored(&author).bytes;
    let later = verify_chain(&author.chain, &center.root, Role::Author, NOW.plus_days(31)).unwrap_err();
    assert!(matches!(later, CertificateError::Expired { .. }));
    let list = lists(&[center.revocation_list(&[author.chain.leaf()], NOW.plus_days(1))]);
    let revoked = verify_unrevoked_chain(&author.chain, &center.root, Role::Author, NOW, &list).unwrap_err();
    assert!(matches!(revoked, CertificateError::Revoked { .. }));
    MediaFile::open(Cursor::new(&bytes), &center.root).unwrap().verify_all().unwrap();

    for (from, to, early) in [(-30, -1, false), (1, 30, true)] {
        let bytes = authored(&center.certify_for(Role::Author, from, to)).bytes;
        let MediaError::Author(error) = MediaFile::open(Cursor::new(&bytes), &center.root).unwrap_err()
        else {
            panic!("an author outside their time was taken")
        };
        let fits = if early {
            matches!(error, CertificateError::NotYetValid { .. })
        } else {
            matches!(error, CertificateError::Expired { .. })
        };
        assert!(fits, "{error}");
    }
}

#[test]
fn every_altered_byte_of_a_chain_is_noticed() {
    // F5, F7
    let center = Center::new();
    let holder = center.certify(Role::Merchant);
    let mut count = 0;
    for which in 0..2 {
        let mut ders: Vec<Vec<u8>> = holder.chain.iter().map(|c| c.der().to_vec()).collect();
        for at in 0..ders[which].len() {
            for mask in crate::alter::MASKS {
                ders[which][at] ^= mask;
                let parsed: Result<Vec<_>, _> =
                    ders.iter().map(|d| Certificate::from_der(d.clone())).collect();
                let passes = parsed
                    .and_then(CertificateChain::new)
                    .is_ok_and(|chain| verify_chain(&chain, &center.root, Role::Merchant, NOW).is_ok());
                assert!(!passes, "byte {at} of certificate {which} under {mask:#04x} went unnoticed");
                ders[which][at] ^= mask;
                count += 1;
            }
        }
    }
    println!("certificate chain: {count} alterations, 0 unnoticed");
}
