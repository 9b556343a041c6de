//! The passport's shapes.

use cadenza_player::passport;
use cadenza_player::passport::strength::{Advice, Strength};
use cadenza_player::passport::vault::Phase;
use cadenza_player::player::Validity;
use cadenza_player::{Failure, Player};
use cadenza_protocol::card::CardError;
use cadenza_protocol::form::{Field, FormError};
use cadenza_protocol::passport::PersonalFacts;

use super::seconds;
use crate::ipc::{
    FieldFault, FormField, OwnerLine, PassphraseAdvice, PassphraseStrength, PassportFacts, PassportPhase,
    PassportValidity, RecoveryForm, RegistrationForm,
};

/// The form as the core takes it; the card's number is wiped with it.
pub fn form(typed: RegistrationForm) -> passport::RegistrationForm {
    passport::RegistrationForm {
        name: typed.name,
        address: typed.address,
        telephone: typed.telephone,
        email: typed.email,
        card_number: typed.card_number.into(),
        card_expiry: typed.card_expiry,
        confidential: typed.confidential,
        region: typed.region,
        interests: typed.interests,
    }
}

/// The same for a lost passport.
pub fn recovery_form(typed: RecoveryForm) -> passport::form::RecoveryForm {
    passport::form::RecoveryForm {
        name: typed.name,
        email: typed.email,
        telephone: typed.telephone,
        card_number: typed.card_number.into(),
        card_expiry: typed.card_expiry,
    }
}

impl From<FormField> for Field {
    fn from(field: FormField) -> Self {
        match field {
            FormField::Name => Self::Name,
            FormField::Address => Self::Address,
            FormField::Telephone => Self::Telephone,
            FormField::Email => Self::Email,
            FormField::CardNumber => Self::CardNumber,
            FormField::CardExpiry => Self::CardExpiry,
            FormField::CardName => Self::CardName,
            FormField::Confidential => Self::Confidential,
        }
    }
}

/// What the window says beside a field.
pub fn field_fault(error: FormError) -> FieldFault {
    match error {
        FormError::Missing { .. } => FieldFault::Missing,
        FormError::Unfit { .. } | FormError::TooManyInterests | FormError::HoldsCardNumber { .. } => {
            FieldFault::Unfit
        }
        FormError::Email { .. } => FieldFault::Email,
        FormError::Telephone { .. } => FieldFault::Telephone,
        FormError::Card(CardError::Digits) => FieldFault::CardDigits,
        FormError::Card(CardError::CheckDigit) => FieldFault::CardCheckDigit,
        FormError::Card(CardError::Expiry) => FieldFault::CardExpiry,
        FormError::Card(CardError::Expired) => FieldFault::CardExpired,
        FormError::Card(CardError::Name) => FieldFault::CardName,
    }
}

/// Where the passport stands. A broken one is `Locked`: opening it says what is wrong.
pub fn phase(player: &Player) -> PassportPhase {
    match player.passport_phase() {
        Phase::None if player.pending_registration().is_some() => PassportPhase::NeedsPassphrase,
        Phase::None => PassportPhase::None,
        Phase::Broken | Phase::Locked => PassportPhase::Locked,
        Phase::Unlocked => PassportPhase::Unlocked,
    }
}

/// The owner's line (M5), while the passport is open.
pub fn owner(player: &Player) -> Option<OwnerLine> {
    player.owner().ok().as_ref().map(owner_line)
}

/// Whose passport it is, while that can be told: it stands in the sealed facts only.
pub fn owner_name(player: &Player) -> Option<String> {
    match player.passport_phase() {
        Phase::None => player.pending_registration(),
        Phase::Broken | Phase::Locked | Phase::Unlocked => player.passport_facts().ok()?.holder,
    }
}

/// Everything that the passport page shows; `None` where there is no passport.
pub fn passport_facts(player: &Player) -> Result<Option<PassportFacts>, Failure> {
    let phase = phase(player);
    if matches!(phase, PassportPhase::None | PassportPhase::NeedsPassphrase) {
        return Ok(None);
    }
    let (facts, owner) = (player.passport_facts()?, player.owner().ok());
    let said = |field: fn(&PersonalFacts) -> &String| {
        owner.as_ref().map(field).filter(|text| !text.is_empty()).cloned()
    };
    Ok(Some(PassportFacts {
        phase,
        validity: match player.passport_validity()? {
            Validity::Valid => PassportValidity::Valid,
            Validity::ExpiresSoon => PassportValidity::ExpiresSoon,
            Validity::Expired => PassportValidity::Expired,
        },
        serial: facts.serial,
        issuer: facts.issuer,
        issued_at: seconds(facts.issued_at),
        expires_at: seconds(facts.expires_at),
        path: Some(facts.path.display().to_string()),
        owner: owner.as_ref().map(owner_line),
        address: said(|o| &o.address),
        telephone: said(|o| &o.telephone),
        region: said(|o| &o.region),
        interests: owner.as_ref().map(|o| o.interests.clone()).unwrap_or_default(),
    }))
}

/// What the meter shows.
pub fn strength(judged: Strength) -> PassphraseStrength {
    PassphraseStrength {
        score: judged.score,
        acceptable: judged.acceptable,
        advice: match judged.advice {
            Advice::TooShort => PassphraseAdvice::TooShort,
            Advice::TooCommon => PassphraseAdvice::TooCommon,
            Advice::AddWords => PassphraseAdvice::AddWords,
            Advice::Good => PassphraseAdvice::Good,
        },
    }
}

fn owner_line(owner: &PersonalFacts) -> OwnerLine {
    OwnerLine {
        name: owner.name.clone(),
        email: owner.email.clone(),
        card_brand: owner.card_brand.clone(),
        card_last4: owner.card_last4.clone(),
        confidential: owner.confidential.clone(),
    }
}
