/// A long list of the library, brought in parts as they come into view.
import { core } from '../../ipc/client';
import { Failure } from '../../ipc/failure';
import type { LibraryTrack, TrackQuery, TrackSort } from '../../ipc/bindings';
import { SvelteMap } from 'svelte/reactivity';

const PART = 200;
const SLOW_AFTER_MS = 200;

export type Asked = Omit<TrackQuery, 'offset' | 'limit'>;
export const everything: Asked = { text: null, albumId: null, artist: null };

export class SongPages {
  total = $state(0);
  seconds = $state(0);
  ready = $state(false);
  slow = $state(false);
  failure = $state.raw<Failure>();
  sort = $state.raw<TrackSort>({ by: 'title', descending: false });
  #parts = new SvelteMap<number, LibraryTrack[]>();
  #coming = new Set<number>();
  #asked: Asked = everything;
  #age = 0;

  async ask(asked: Asked): Promise<void> {
    this.#asked = asked;
    const age = ++this.#age;
    const timer = setTimeout(() => (this.slow = age === this.#age && !this.ready), SLOW_AFTER_MS);
    this.#coming.clear();
    await this.#bring(0, age);
    clearTimeout(timer);
    if (age === this.#age) this.slow = false;
  }

  again = (): Promise<void> => this.ask(this.#asked);

  async order(by: TrackSort['by']): Promise<void> {
    this.sort = { by, descending: this.sort.by === by && !this.sort.descending };
    await this.again();
  }

  row = (place: number): LibraryTrack | undefined => this.#parts.get(Math.floor(place / PART))?.[place % PART];

  need = (first: number, last: number): void => {
    if (!this.ready) return;
    for (let part = Math.floor(first / PART); part <= Math.floor(last / PART); part++)
      if (part * PART < this.total && !this.#parts.has(part) && !this.#coming.has(part))
        void this.#bring(part, this.#age);
  };

  /** The ids from this place on, for the queue: the part it lies in and what else is here. */
  idsAround(place: number): { ids: string[]; start: number } {
    const part = Math.floor(place / PART);
    const here = [part - 1, part, part + 1].flatMap((p) => this.#parts.get(p) ?? []);
    const start = place - (this.#parts.has(part - 1) ? part - 1 : part) * PART;
    return { ids: here.map((track) => track.trackId), start };
  }

  async #bring(part: number, age: number): Promise<void> {
    this.#coming.add(part);
    try {
      const page = await core.libraryTracks({ ...this.#asked, offset: part * PART, limit: PART }, this.sort);
      if (age !== this.#age) return;
      if (part === 0) this.#parts.clear();
      this.#parts.set(part, page.tracks);
      [this.total, this.seconds, this.ready, this.failure] = [page.total, page.totalSeconds, true, undefined];
    } catch (thrown) {
      if (age === this.#age) this.failure = Failure.from(thrown);
    } finally {
      if (age === this.#age) this.#coming.delete(part);
    }
  }
}
