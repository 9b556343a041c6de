//! Forms as people fill them in.

use serde_json::json;

use super::*;
use crate::pay::{CardToken, OrderName};

const NOW: UnixTime = UnixTime(1_795_000_000);

fn typed() -> serde_json::Value {
    json!({
        "name": "Ann Lee",
        "address": "1 Harbour Street\n\n12345 Port",
        "telephone": "+44 20 7946 0000",
        "email": "ann@example.org",
        "card": "4242 4242 4242 4242",
        "expiry": "09/29",
        "confidential": "my first pet was a heron"
    })
}

fn form() -> RegistrationForm {
    serde_json::from_value(typed()).unwrap()
}

fn field_of(form: &RegistrationForm) -> &'static str {
    form.check(NOW).unwrap_err().field()
}

// G2
#[test]
fn a_whole_form_passes_and_an_empty_field_is_named() {
    assert!(form().check(NOW).is_ok());
    assert_eq!(field_of(&RegistrationForm { name: "  ".into(), ..form() }), "name");
    assert_eq!(field_of(&RegistrationForm { confidential: String::new(), ..form() }), "confidential");
    assert_eq!(field_of(&RegistrationForm { telephone: "call me".into(), ..form() }), "telephone");
    assert_eq!(field_of(&RegistrationForm { telephone: "123".into(), ..form() }), "telephone");
    assert_eq!(
        field_of(&RegistrationForm { card_number: "4242".to_owned().into(), ..form() }),
        "card_number"
    );
    assert_eq!(field_of(&RegistrationForm { card_expiry: "01/20".into(), ..form() }), "card_expiry");
    let interests = vec!["jazz".to_owned(); MOST_INTERESTS + 1];
    assert_eq!(field_of(&RegistrationForm { interests, ..form() }), "interests");
    let region = "x".repeat(LONGEST_FIELD + 1);
    assert_eq!(field_of(&RegistrationForm { region, ..form() }), "region");
}

#[test]
fn what_is_no_e_mail_address_is_refused() {
    for typed in ["ann", "ann@", "@example.org", "ann@host", "a b@example.org", "ann@ex..org", "a@b@c.org"] {
        assert_eq!(field_of(&RegistrationForm { email: typed.into(), ..form() }), "email", "{typed}");
    }
}

// C8
#[test]
fn a_card_number_in_a_field_that_is_kept_is_refused() {
    let confidential = "my card 4242-4242-4242-4242".to_owned();
    assert_eq!(field_of(&RegistrationForm { confidential, ..form() }), "confidential");
    let interests = vec!["4242424242424242".to_owned()];
    assert_eq!(field_of(&RegistrationForm { interests, ..form() }), "interests");
}

// G7
#[test]
fn a_recovery_form_may_be_the_registration_s_and_names_what_is_empty() {
    let form: RecoveryForm = serde_json::from_value(typed()).unwrap();
    assert!(form.check(NOW).is_ok());
    let without = RecoveryForm { email: String::new(), ..form };
    assert_eq!(without.check(NOW).unwrap_err().field(), "email");
}

fn shown() -> ShownCard {
    ShownCard { order: OrderName::of_key("asked"), token: CardToken::random() }
}

fn mark() -> CardMark {
    CardMark { brand: "Visa".into(), last4: "4242".into() }
}

// G2, C8
#[test]
fn what_the_licensing_center_reads_is_what_was_checked_and_has_no_room_for_a_card_number() {
    let checked = form().check(NOW).unwrap();
    assert_eq!(checked.card().number.last4(), "4242");
    let sent = serde_json::to_value(checked.with(shown())).unwrap();
    assert!(!sent.to_string().contains("42424242"), "{sent}");
    let read: Application = serde_json::from_value(sent.clone()).unwrap();
    let facts = read.details.check().unwrap().facts(mark());
    assert_eq!((facts.name.as_str(), facts.address.as_str()), ("Ann Lee", "1 Harbour Street, 12345 Port"));
    let mut with_number = sent;
    with_number["details"]["card_number"] = json!("4242 4242 4242 4242");
    assert!(serde_json::from_value::<Application>(with_number).is_err());

    let claim: RecoveryForm = serde_json::from_value(typed()).unwrap();
    let mut sent = serde_json::to_value(claim.check(NOW).unwrap().with(shown())).unwrap();
    assert!(!sent.to_string().contains("42424242"), "{sent}");
    sent["card_number"] = json!("4242 4242 4242 4242");
    assert!(serde_json::from_value::<RecoveryClaim>(sent).is_err());
}

// C8: whoever keeps the texts does not know the card, and keeps none that looks like one
#[test]
fn a_text_that_holds_some_card_number_is_refused_by_whoever_keeps_it() {
    let details = |confidential: &str| Details {
        name: "Ann Lee".into(),
        address: "1 Harbour Street".into(),
        telephone: "+44 20 7946 0000".into(),
        email: "ann@example.org".into(),
        confidential: confidential.into(),
        ..Details::default()
    };
    let refused = details("my card 5555-5555 5555-4444!").check().unwrap_err();
    assert_eq!(refused, FormError::HoldsCardNumber { field: "confidential" });
    assert!(details("my first pet was a heron").check().is_ok());
}

// C8
#[test]
fn a_form_never_shows_itself() {
    let checked = form().check(NOW).unwrap();
    let application = checked.with(shown());
    assert!(!format!("{:?} {:?} {application:?}", form(), form().check(NOW).unwrap()).contains("42"));
}
