/// The passport as a file: saved, brought in, locked under another passphrase.
import { t } from '../i18n/index.svelte';
import { core } from '../ipc/client';
import { attempt, notices } from './notices.svelte';
import { session } from './session.svelte';

class PassportFile {
  /** A file that waits for a yes, because it takes another's place. */
  offered = $state<string | null>(null);

  async export(): Promise<void> {
    const name = (session.name ?? 'passport').toLowerCase().replace(/[^a-z0-9]+/g, '-');
    const path = await attempt(() => core.pickSave('passport', `${name}.cadpassport`));
    if (!path) return;
    const saved = await attempt(() => core.exportPassport(path));
    if (saved) notices.say(t().passport.exported(saved));
  }

  async choose(): Promise<void> {
    const path = await attempt(() => core.pickFile('passport'));
    if (!path) return;
    if (session.passport === 'none') await this.take(path);
    else this.offered = path;
  }

  /** Takes it in; true when it is here. */
  async take(path: string): Promise<boolean> {
    this.offered = null;
    const facts = await attempt(() => core.importPassport(path, session.passport !== 'none'));
    if (facts) notices.say(t().passport.imported);
    return facts !== undefined;
  }
}

export const passportFile = new PassportFile();
