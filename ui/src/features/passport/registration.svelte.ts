/// Registration: a first passport (G2).
import { t } from '../../i18n/index.svelte';
import { core } from '../../ipc/client';
import { session } from '../../state/session.svelte';
import { Application, type Errors, type Field } from './application.svelte';

export class Registration extends Application {
  who = $state({ name: '', address: '', telephone: '', email: '', region: '', interests: [] as string[] });
  confidential = $state('');
  protected readonly needed: Field[] = ['name', 'address', 'telephone', 'email'];

  constructor() {
    super();
    if (session.passport === 'needsPassphrase') this.step = 'passphrase';
  }

  protected override more(): Errors {
    return this.confidential.trim() ? {} : { confidential: t().welcome.required };
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
