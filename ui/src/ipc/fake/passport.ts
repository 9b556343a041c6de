/// Registration and the passport, invented.
import { Failure } from '../failure';
import type { FormField, PassphraseStrength, PassportFacts, PassportValidity, RecoveryForm, RegistrationForm } from '../bindings';
import { answer, owner, scene, tell, world } from './world';
import { faultIn, pays } from './forms';

const day = 86_400;
const today = 1_795_400_000;
const certificates: Record<PassportValidity, { serial: string; issuedAt: number; expiresAt: number }> = {
  valid: { serial: '5fa2c09b61d84e77', issuedAt: today, expiresAt: today + 365 * day },
  expiresSoon: { serial: '21c07d94ae5f30b2', issuedAt: today - 353 * day, expiresAt: today + 12 * day },
  expired: { serial: '0b9e4417c2a68d5d', issuedAt: today - 371 * day, expiresAt: today - 6 * day },
};

const facts = (): PassportFacts => ({
  phase: world.phase,
  validity: world.validity,
  ...certificates[world.validity],
  issuer: 'Cadenza Licensing Center',
  path: '/home/ada/.local/share/cadenza/passport.cadpassport',
  owner: world.phase === 'unlocked' ? world.owner : null,
  address: world.phase === 'unlocked' ? '12 Analytical Row\nLondon W1' : null,
  telephone: world.phase === 'unlocked' ? '+44 20 7946 0000' : null,
  region: world.phase === 'unlocked' ? 'GB' : null,
  interests: world.phase === 'unlocked' ? ['Piano', 'Orchestra'] : [],
});

const changed = (): void =>
  tell('passportChanged', { phase: world.phase, owner: world.phase === 'unlocked' ? world.owner : null, ownerName: world.owner?.name ?? null });

/** Nothing passes but three words or more, whatever the real one would say. */
const strength = (text: string): PassphraseStrength => {
  const words = text.trim().split(/\s+/).filter((w) => w.length > 2).length;
  const score = Math.min(4, Math.floor(text.length / 7) + (words > 2 ? 1 : 0));
  const common = /^(password|12345678|qwert)/i.test(text);
  return {
    score: common ? 0 : score,
    acceptable: !common && words > 2,
    advice: common ? 'tooCommon' : words < 2 ? 'tooShort' : words < 3 ? 'addWords' : 'good',
  };
};

const MOST_ATTEMPTS = 5;
let refusals = 0;
/** Compares what was typed with the registration, and does not say what differs. */
const recognise = (form: RecoveryForm): void => {
  if (refusals >= MOST_ATTEMPTS) throw new Failure('too-many-attempts');
  pays(form.cardNumber);
  const digits = (text: string) => text.replace(/\D/g, '');
  const plain = (text: string) => text.trim().toLowerCase();
  const known = world.registered;
  const same =
    plain(form.name) === plain(known.name) && plain(form.email) === plain(known.email) && form.cardExpiry === known.cardExpiry &&
    digits(form.telephone) === digits(known.telephone) && digits(form.cardNumber) === digits(known.cardNumber);
  refusals = same ? 0 : refusals + 1;
  if (!same) throw new Failure('not-recognised');
};

export const passport = {
  register: (form: RegistrationForm) =>
    answer(() => {
      pays(form.cardNumber);
      world.owner = { ...owner, name: form.name, email: form.email, cardLast4: form.cardNumber.replace(/\D/g, '').slice(-4), confidential: form.confidential };
      const { name, email, telephone, cardNumber, cardExpiry } = form;
      world.registered = { name, email, telephone, cardNumber, cardExpiry };
      world.phase = 'needsPassphrase';
      changed();
      return form.name;
    }),
  recoverPassport: (form: RecoveryForm) =>
    answer(() => {
      recognise(form);
      world.recovered = true;
      if (world.phase === 'none') {
        world.owner = world.owner ?? owner;
        world.phase = 'needsPassphrase';
        changed();
      }
      return world.registered.name;
    }, 'store'),
  setPassphrase: (passphrase: string) =>
    answer(() => {
      if (!strength(passphrase).acceptable) throw new Failure('weak-passphrase');
      if (world.recovered) {
        world.owner = world.owner ?? owner;
        scene.passport = 'unlocked';
      }
      world.recovered = false;
      world.passphrase = passphrase;
      world.phase = 'unlocked';
      changed();
      return facts();
    }),
  checkField: (field: FormField, typed: string) => answer(() => faultIn(field, typed)),
  passphraseStrength: (passphrase: string) => answer(() => strength(passphrase)),
  unlock: (passphrase: string) =>
    answer(() => {
      if (scene.passport === 'broken') throw new Failure('passport-broken');
      if (passphrase !== world.passphrase) throw new Failure('wrong-passphrase');
      world.phase = 'unlocked';
      changed();
      return facts();
    }),
  lock: () =>
    answer(() => {
      world.phase = 'locked';
      changed();
      return null;
    }),
  passportFacts: () =>
    answer(() => {
      if (scene.passport === 'broken') throw new Failure('passport-broken');
      return world.phase === 'none' || world.phase === 'needsPassphrase' ? null : facts();
    }),
  exportPassport: (path: string) => answer(() => path),
  importPassport: (path: string, replace: boolean) =>
    answer(() => {
      if (path.includes('registration')) {
        world.recovered = replace;
        world.owner = world.owner ?? owner;
        if (!replace) world.phase = 'needsPassphrase';
        changed();
        return null;
      }
      world.owner = owner;
      scene.passport = 'locked';
      world.phase = 'locked';
      changed();
      return facts();
    }),
  changePassphrase: (old: string, next: string) =>
    answer(() => {
      if (old !== world.passphrase) throw new Failure('wrong-passphrase');
      if (!strength(next).acceptable) throw new Failure('weak-passphrase');
      world.passphrase = next;
      return null;
    }),
  renewPassport: (passphrase: string) =>
    answer(() => {
      if (passphrase !== world.passphrase) throw new Failure('wrong-passphrase');
      if (scene.passport === 'revoked') throw new Failure('certificate-revoked');
      world.validity = 'valid';
      world.phase = 'unlocked';
      changed();
      return facts();
    }, 'store'),
};
