/// Asking the licensing center for a passport, a first one or a lost one: who you are, your card, a
/// passphrase. What was typed stays through every refusal; the card's number is forgotten as soon as
/// the passport is here.
import { expiryFault, numberFault } from '../../elements/cards';
import { explainLine, t } from '../../i18n/index.svelte';
import { core } from '../../ipc/client';
import { Failure, type ErrorCode } from '../../ipc/failure';
import { session } from '../../state/session.svelte';

export type Step = 'start' | 'who' | 'card' | 'passphrase' | 'done';
export const steps: Step[] = ['who', 'card', 'passphrase'];

export type Person = { name: string; telephone: string; email: string };
export type Field = keyof Person | 'address' | 'number' | 'expiry' | 'confidential';
export type Errors = Partial<Record<Field, string>>;

/** Which field a refusal is about. */
const fieldOfCode: Partial<Record<ErrorCode, Field>> = {
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

export abstract class Application {
  step = $state<Step>('start');
  card = $state({ number: '', expiry: '' });
  /** What stands at the fields. */
  errors = $state<Errors>({});
  /** A refusal that is about no field. */
  refusal = $state.raw<Failure>();
  busy = $state(false);

  abstract who: Person;
  /** What the first step must have. */
  protected abstract readonly needed: Field[];
  /** Sends what was typed; done once the passport is here, in memory. */
  protected abstract send(): Promise<unknown>;
  /** What else the card's step must have. */
  protected more(): Errors {
    return {};
  }

  goTo(step: Step): void {
    [this.step, this.errors, this.refusal] = [step, {}, undefined];
  }

  toCard(): boolean {
    const { required, badEmail } = t().welcome;
    const typed = this.who as Partial<Record<Field, string>>;
    const errors: Errors = Object.fromEntries(
      this.needed.flatMap((field) => (typed[field]?.trim() ? [] : [[field, required]])),
    );
    if (!errors.email && !/^\S+@\S+\.\S+$/.test(this.who.email.trim())) errors.email = badEmail;
    this.errors = errors;
    if (Object.keys(errors).length) return false;
    this.goTo('card');
    return true;
  }

  async issue(): Promise<boolean> {
    const [number, expiry] = [numberFault(this.card.number), expiryFault(this.card.expiry, new Date())];
    this.refusal = undefined;
    this.errors = {
      ...(number && { number: t().welcome[number] }),
      ...(expiry && { expiry: t().welcome[expiry] }),
      ...this.more(),
    };
    if (Object.keys(this.errors).length) return false;
    this.busy = true;
    try {
      await this.send();
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
      const facts = await core.setPassphrase(passphrase);
      [session.passport, session.owner] = [facts.phase, facts.owner];
      this.goTo('done');
      return null;
    } catch (thrown) {
      return explainLine(Failure.from(thrown));
    } finally {
      this.busy = false;
    }
  }

  #refused(failure: Failure): void {
    const field = (failure.code && fieldOfCode[failure.code]) ?? fieldOfServer[failure.data['field'] ?? ''];
    if (!field) this.refusal = failure;
    else {
      if (this.needed.includes(field)) this.step = 'who';
      this.errors = { [field]: explainLine(failure) };
    }
  }
}
