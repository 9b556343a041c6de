/// Whose colour the room has: the sleeve of the page that is open, else of what plays, else none.
import type { Sleeve } from '../ipc/bindings';
import { player } from './player.svelte';

class Room {
  page = $state.raw<Sleeve | null>(null);

  get looked(): Sleeve | null {
    return this.page ?? player.track?.sleeve ?? null;
  }
  get heard(): Sleeve | null {
    return player.track?.sleeve ?? this.page;
  }
}

export const room = new Room();

/** For an element's style: its own hue and chroma. Use together with data-room. */
export const roomStyle = (sleeve: Sleeve | null | undefined): string =>
  sleeve ? `--hue: ${sleeve.hue}; --chroma: ${sleeve.chroma}` : '--chroma: 0';
