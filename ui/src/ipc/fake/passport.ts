/// Registration and the passport, invented: any Luhn-valid card but the test numbers is taken.
import { Failure } from '../failure';
import type { PassphraseStrength, PassportFacts, RegistrationForm } from '../bindings';
import { answer, owner, scene, tell, world } from './world';
import { checkCard } from './store';

const day = 86_400;

const facts = (): PassportFacts => ({
  phase: world.phase,
  validity: scene.passport === 'expired' ? 'expired' : 'valid',
  serial: '5fa2c09b61d84e77',
  issuer: 'Cadenza Licensing Center',
  issuedAt: 1_795_400_000,
  expiresAt: scene.passport === 'expired' ? 1_795_400_000 : 1_795_400_000 + 365 * day,
  path: '/home/ada/.local/share/cadenza/passport.cadpassport',
  owner: world.phase === 'unlocked' ? world.owner : null,
  address: world.phase === 'unlocked' ? '12 Analytical Row\nLondon W1' : null,
  telephone: world.phase === 'unlocked' ? '+44 20 7946 0000' : null,
  cardExpiry: world.phase === 'unlocked' ? '12/29' : null,
  region: world.phase === 'unlocked' ? 'GB' : null,
  interests: world.phase === 'unlocked' ? ['Piano', 'Orchestra'] : [],
});

const changed = (): void =>
  tell('passportChanged', { phase: world.phase, owner: world.phase === 'unlocked' ? world.owner : null, ownerName: world.owner?.name ?? null });

const strength = (text: string): PassphraseStrength => {
  const words = text.trim().split(/\s+/).filter((w) => w.length > 2).length;
  const score = text.length < 8 ? 0 : Math.min(4, Math.floor(text.length / 7) + (words > 2 ? 1 : 0));
  const common = /^(password|12345678|qwert)/i.test(text);
  return {
    score: common ? 0 : score,
    acceptable: !common && text.length >= 10 && score >= 2,
    advice: common ? 'tooCommon' : text.length < 10 ? 'tooShort' : score < 3 ? 'addWords' : 'good',
  };
};

export const passport = {
  register: (form: RegistrationForm) =>
    answer(() => {
      if (!form.email.includes('@')) throw new Failure('invalid-form', { field: 'email' }, 'This e-mail address is not complete.');
      checkCard(form.cardNumber);
      world.owner = { ...owner, name: form.name, email: form.email, cardLast4: form.cardNumber.replace(/\D/g, '').slice(-4), confidential: form.confidential };
      world.phase = 'needsPassphrase';
      changed();
      return form.name;
    }),
  setPassphrase: (passphrase: string) =>
    answer(() => {
      if (!strength(passphrase).acceptable) throw new Failure('weak-passphrase');
      world.passphrase = passphrase;
      world.phase = 'unlocked';
      changed();
      return facts();
    }),
  passphraseStrength: (passphrase: string) => answer(() => strength(passphrase)),
  unlock: (passphrase: string) =>
    answer(() => {
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
  passportFacts: () => answer(() => (world.phase === 'none' ? null : facts())),
  exportPassport: (path: string) => answer(() => path),
  importPassport: (_path: string, _replace: boolean) =>
    answer(() => {
      world.owner = owner;
      world.phase = 'locked';
      changed();
      return facts();
    }),
  changePassphrase: (old: string, next: string) =>
    answer(() => {
      if (old !== world.passphrase) throw new Failure('wrong-passphrase');
      world.passphrase = next;
      return null;
    }),
};
