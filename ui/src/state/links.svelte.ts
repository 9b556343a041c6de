/// `cadenza:` links that were opened from outside. Any web page can hold one, so each waits here for a yes (B12).
import { core } from '../ipc/client';
import type { AskedLink } from '../ipc/bindings';
import { attempt } from './notices.svelte';

class Links {
  /** The one that is asked about. */
  asked = $state<AskedLink | null>(null);

  /** Looks for one that waits: at the start, and when one was opened. */
  async look(): Promise<void> {
    this.asked = (await attempt(() => core.askedLink())) ?? null;
  }

  async answer(follow: boolean): Promise<void> {
    const answered = this.asked;
    if (!answered) return;
    this.asked = null;
    this.asked = (await attempt(() => core.answerLink(answered.number, follow))) ?? null;
  }
}

export const links = new Links();
