/// Recovery: a lost passport, or a lost passphrase, given back to whoever can say what was registered (G7).
import type { FormField } from '../../ipc/bindings';
import { core } from '../../ipc/client';
import { Application } from './application.svelte';

export class Recovery extends Application {
  who = $state({ name: '', telephone: '', email: '' });
  protected readonly needed: FormField[] = ['name', 'telephone', 'email'];

  constructor() {
    super();
    this.step = 'who';
    this.resume();
  }

  protected send(): Promise<unknown> {
    const { name, telephone, email } = this.who;
    return core.recoverPassport({
      name: name.trim(),
      email: email.trim(),
      telephone: telephone.trim(),
      cardNumber: this.card.number,
      cardExpiry: this.card.expiry,
    });
  }
}
