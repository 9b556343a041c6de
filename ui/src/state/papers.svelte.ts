/// What the passport says of itself, for every place that shows it, and its renewal (G8).
import { core } from '../ipc/client';
import type { PassportFacts } from '../ipc/bindings';
import { Loading } from './loading.svelte';
import { session } from './session.svelte';

class Papers {
  /** Null without a passport. */
  facts = new Loading(() => core.passportFacts());
  /** Whether the passphrase is being asked for, to renew it. */
  renewing = $state(false);

  async listen(): Promise<void> {
    core.on('passportChanged', () => void this.facts.load());
    await this.facts.load();
  }

  get expired(): boolean {
    return this.facts.value?.validity === 'expired';
  }

  /** Another year; a failure is the dialog's to show. */
  async renew(passphrase: string): Promise<PassportFacts> {
    const facts = await core.renewPassport(passphrase);
    this.facts.value = facts;
    [session.passport, session.owner] = [facts.phase, facts.owner];
    return facts;
  }
}

export const papers = new Papers();
