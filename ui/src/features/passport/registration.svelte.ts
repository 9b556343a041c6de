/// Registration in three steps. What was typed stays through every refusal; the card's number is
/// forgotten as soon as the passport is issued.
import { complete, expiryFault, luhn } from '../../elements/cards';
import { explainLine, t } from '../../i18n/index.svelte';
import { core } from '../../ipc/client';
import { Failure } from '../../ipc/failure';
import { session } from '../../state/session.svelte';

export type Step = 'start' | 'who' | 'card' | 'passphrase' | 'done';
export const steps: Step[] = ['who', 'card', 'passphrase'];

type Field = 'name' | 'address' | 'telephone' | 'email' | 'number' | 'expiry' | 'confidential' | 'whole';
const whoFields: Field[] = ['name', 'address', 'telephone', 'email'];

/** Which field a refusal is about. */
const fieldOfCode: Record<string, Field> = {
  'card-declined': 'number',
  'card-invalid': 'number',
  'card-expired': 'expiry',
};
const fieldOfServer: Record<string, Field> = {
  name: 'name',
  address: 'address',
  telephone: 'telephone',
  email: 'email',
  card_number: 'number',
  cardNumber: 'number',
  card_expiry: 'expiry',
  cardExpiry: 'expiry',
  confidential: 'confidential',
};

export class Registration {
  step = $state<Step>('start');
  who = $state({ name: '', address: '', telephone: '', email: '', region: '', interests: [] as string[] });
  card = $state({ number: '', expiry: '' });
  confidential = $state('');
  errors = $state<Partial<Record<Field, string>>>({});
  busy = $state(false);

  constructor() {
    if (session.passport === 'needsPassphrase') this.step = 'passphrase';
  }

  goTo(step: Step): void {
    [this.step, this.errors] = [step, {}];
  }

  toCard(): boolean {
    const { required, badEmail } = t().welcome;
    this.errors = Object.fromEntries(
      whoFields.flatMap((field) => (this.who[field as 'name'].trim() ? [] : [[field, required]])),
    );
    if (!this.errors.email && !/^\S+@\S+\.\S+$/.test(this.who.email.trim())) this.errors.email = badEmail;
    if (Object.keys(this.errors).length) return false;
    this.goTo('card');
    return true;
  }

  async issue(): Promise<boolean> {
    const w = t().welcome;
    const fault = expiryFault(this.card.expiry, new Date());
    const number = !this.card.number
      ? w.required
      : !complete(this.card.number)
        ? w.shortCard
        : luhn(this.card.number)
          ? ''
          : w.badCard;
    this.errors = {
      ...(number && { number }),
      ...(fault && { expiry: w[fault] }),
      ...(!this.confidential.trim() && { confidential: w.required }),
    };
    if (Object.keys(this.errors).length) return false;
    this.busy = true;
    try {
      const { name, address, telephone, email, region, interests } = this.who;
      await core.register({
        name: name.trim(),
        address: address.trim(),
        telephone: telephone.trim(),
        email: email.trim(),
        region,
        interests: [...interests],
        cardNumber: this.card.number,
        cardExpiry: this.card.expiry,
        confidential: this.confidential.trim(),
      });
      this.card = { number: '', expiry: '' };
      this.goTo('passphrase');
      return true;
    } catch (thrown) {
      this.#refused(Failure.from(thrown));
      return false;
    } finally {
      this.busy = false;
    }
  }

  /** Locks the passport; gives back why not, or null. */
  async lock(passphrase: string): Promise<string | null> {
    this.busy = true;
    try {
      await core.setPassphrase(passphrase);
      this.goTo('done');
      return null;
    } catch (thrown) {
      return explainLine(Failure.from(thrown));
    } finally {
      this.busy = false;
    }
  }

  #refused(failure: Failure): void {
    const field = fieldOfCode[failure.code] ?? fieldOfServer[failure.data['field'] ?? ''] ?? 'whole';
    if (whoFields.includes(field)) this.step = 'who';
    this.errors = { [field]: explainLine(failure) };
  }
}
