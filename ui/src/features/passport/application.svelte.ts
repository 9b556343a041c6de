/// Asking the licensing center for a passport, a first one or a lost one: who you are, your card, a
/// passphrase. What was typed stays through every refusal; the card's number is forgotten as soon as
/// the passport is here.
import { explainLine } from '../../i18n/index.svelte';
import type { FormField } from '../../ipc/bindings';
import { core } from '../../ipc/client';
import { Failure, type ErrorCode } from '../../ipc/failure';
import { errorsIn, type FieldErrors } from '../../state/fields';
import { passportFile } from '../../state/passport.svelte';
import { session } from '../../state/session.svelte';

export type Step = 'start' | 'who' | 'card' | 'passphrase' | 'done';
export const steps: Step[] = ['who', 'card', 'passphrase'];

export type Person = { name: string; telephone: string; email: string };

/** Which field a refusal is about. */
const fieldOfCode: Partial<Record<ErrorCode, FormField>> = {
  'card-declined': 'cardNumber',
  'card-invalid': 'cardNumber',
  'card-expired': 'cardExpiry',
};
const fieldOfServer: Record<string, FormField> = {
  name: 'name',
  address: 'address',
  telephone: 'telephone',
  email: 'email',
  card_number: 'cardNumber',
  cardNumber: 'cardNumber',
  card_expiry: 'cardExpiry',
  cardExpiry: 'cardExpiry',
  confidential: 'confidential',
};

export abstract class Application {
  step = $state<Step>('start');
  card = $state({ number: '', expiry: '' });
  /** What stands at the fields. */
  errors = $state<FieldErrors>({});
  /** A refusal that is about no field. */
  refusal = $state.raw<Failure>();
  busy = $state(false);

  /** Whether a passport is here already and only lacks its passphrase. */
  resume(): void {
    if (passportFile.waits || session.passport === 'needsPassphrase') this.goTo('passphrase');
    passportFile.waits = false;
  }

  abstract who: Person;
  /** What the first step must have. */
  protected abstract readonly needed: FormField[];
  /** Sends what was typed; done once the passport is here, in memory. */
  protected abstract send(): Promise<unknown>;
  /** What else stands in the card's step. */
  protected more(): FieldErrors {
    return {};
  }

  goTo(step: Step): void {
    [this.step, this.errors, this.refusal] = [step, {}, undefined];
  }

  async toCard(): Promise<boolean> {
    const typed = this.who as FieldErrors;
    this.errors = await errorsIn(Object.fromEntries(this.needed.map((field) => [field, typed[field]])));
    if (Object.keys(this.errors).length) return false;
    this.goTo('card');
    return true;
  }

  async issue(): Promise<boolean> {
    const { number: cardNumber, expiry: cardExpiry } = this.card;
    [this.refusal, this.busy] = [undefined, true];
    try {
      this.errors = await errorsIn({ cardNumber, cardExpiry, ...this.more() });
      if (Object.keys(this.errors).length) return false;
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
