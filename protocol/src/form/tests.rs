//! Forms as people fill them in.

use serde_json::json;

use super::*;

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
    assert_eq!(form().check(NOW).unwrap().facts().address, "1 Harbour Street, 12345 Port");
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

// G2
#[test]
fn a_checked_form_is_read_by_whoever_checks_it_again() {
    let sent = serde_json::to_string(&form().check(NOW).unwrap()).unwrap();
    let read: RegistrationForm = serde_json::from_str(&sent).unwrap();
    assert_eq!(read.check(NOW).unwrap().facts(), form().check(NOW).unwrap().facts());
}

// C8
#[test]
fn a_form_never_shows_itself() {
    assert!(!format!("{:?} {:?}", form(), form().check(NOW).unwrap()).contains("42"));
    let facts = form().check(NOW).unwrap().facts();
    assert_eq!((facts.card_brand.as_str(), facts.card_last4.as_str()), ("Visa", "4242"));
}
