/// What the listener has chosen, applied to the window at once and kept by the core.
import { setLanguage } from '../i18n/index.svelte';
import { core } from '../ipc/client';
import type { Settings } from '../ipc/bindings';
import { attempt } from './notices.svelte';

const dark = matchMedia('(prefers-color-scheme: dark)');

class SettingsState {
  now = $state.raw<Settings>({
    theme: 'system',
    language: null,
    device: null,
    askPassphrase: 'oncePerSession',
    afterDelivery: 'ready',
    bandwidthKbps: null,
    store: null,
    storeRoot: null,
  });

  constructor() {
    dark.addEventListener('change', () => this.#apply());
  }

  take(settings: Settings): void {
    this.now = settings;
    this.#apply();
  }

  async change(part: Partial<Settings>): Promise<void> {
    this.take({ ...this.now, ...part });
    const kept = await attempt(() => core.setSettings(this.now));
    if (kept) this.take(kept);
  }

  #apply(): void {
    const { theme, language } = this.now;
    document.documentElement.dataset['theme'] = theme === 'system' ? (dark.matches ? 'dark' : 'light') : theme;
    setLanguage(language ?? null);
  }
}

export const settings = new SettingsState();
