//! Details that a holder changes with a renewal (requirement G8): by the rules of the registration form.

use super::FormError;
use super::line::{self, email, line as one_line, telephone};
use crate::passport::{ChangedDetails, PersonalFacts};

/// The holder's facts with these changes, or the field that cannot be right.
pub fn changed(facts: &PersonalFacts, details: &ChangedDetails) -> Result<PersonalFacts, FormError> {
    let mut facts = facts.clone();
    if let Some(typed) = &details.address {
        facts.address = line::address(typed)?;
    }
    if let Some(typed) = &details.telephone {
        facts.telephone = telephone(typed)?;
    }
    if let Some(typed) = &details.email {
        facts.email = email(typed)?;
    }
    if let Some(typed) = &details.confidential {
        facts.confidential = one_line("confidential", typed)?;
    }
    if let Some(typed) = &details.region {
        facts.region = line::region(typed)?;
    }
    if let Some(typed) = &details.interests {
        facts.interests = line::interests(typed)?;
    }
    Ok(facts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> PersonalFacts {
        PersonalFacts {
            name: "Ada Example".into(),
            address: "1 Music Street".into(),
            telephone: "+1 555 0100".into(),
            email: "ada@example.org".into(),
            card_brand: "Visa".into(),
            card_last4: "4242".into(),
            confidential: "My cat is called Fugue".into(),
            region: "Europe".into(),
            interests: vec!["piano".into()],
        }
    }

    // G8
    #[test]
    fn what_is_named_changes_what_is_not_stays() {
        let details = ChangedDetails {
            address: Some("2 New Road\nPort".into()),
            region: Some(String::new()),
            ..ChangedDetails::default()
        };
        let now = changed(&facts(), &details).unwrap();
        assert_eq!((now.address.as_str(), now.region.as_str()), ("2 New Road, Port", ""));
        assert_eq!((now.email.as_str(), now.name.as_str()), ("ada@example.org", "Ada Example"));
        assert_eq!(changed(&facts(), &ChangedDetails::default()).unwrap(), facts());
    }

    // G2, G8
    #[test]
    fn a_changed_field_keeps_the_rules_of_the_form_and_no_other_field_can_be_named() {
        let refused = |details: ChangedDetails| changed(&facts(), &details).unwrap_err().field();
        assert_eq!(refused(ChangedDetails { email: Some("ada".into()), ..Default::default() }), "email");
        assert_eq!(
            refused(ChangedDetails { telephone: Some("1".into()), ..Default::default() }),
            "telephone"
        );
        let many = Some(vec!["piano".into(); 21]);
        assert_eq!(refused(ChangedDetails { interests: many, ..Default::default() }), "interests");
        assert!(serde_json::from_str::<ChangedDetails>(r#"{"name":"Eve"}"#).is_err());
    }
}
