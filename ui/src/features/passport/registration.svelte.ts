/// Registration: a first passport (G2).
import type { FormField } from '../../ipc/bindings';
import { core } from '../../ipc/client';
import type { FieldErrors } from '../../state/fields';
import { Application } from './application.svelte';

export class Registration extends Application {
  who = $state({ name: '', address: '', telephone: '', email: '', region: '', interests: [] as string[] });
  confidential = $state('');
  protected readonly needed: FormField[] = ['name', 'address', 'telephone', 'email'];

  constructor() {
    super();
    this.resume();
  }

  protected override more(): FieldErrors {
    return { confidential: this.confidential };
  }

  protected send(): Promise<unknown> {
    const { name, address, telephone, email, region, interests } = this.who;
    return core.register({
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
  }
}
