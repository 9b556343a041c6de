/// The passport as a file: saved, brought in, locked under another passphrase.
import { t } from '../i18n/index.svelte';
import { core } from '../ipc/client';
import { attempt, notices } from './notices.svelte';
import { router } from './router.svelte';
import { session } from './session.svelte';

class PassportFile {
  /** A file that waits for a yes, because it takes another's place. */
  offered = $state<string | null>(null);
  /** One was brought in that has no passphrase yet. */
  waits = $state(false);

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

  /** Takes it in. A registration file, as the store's web page gives it, goes on where a passphrase is chosen. */
  async take(path: string): Promise<void> {
    this.offered = null;
    const isFirst = session.passport === 'none' || session.passport === 'needsPassphrase';
    const facts = await attempt(() => core.importPassport(path, !isFirst));
    if (facts === undefined) return;
    notices.say(facts ? t().passport.imported : t().passport.importWaits);
    if (facts) return;
    this.waits = true;
    router.go(isFirst ? 'welcome' : 'recover');
  }
}

export const passportFile = new PassportFile();
