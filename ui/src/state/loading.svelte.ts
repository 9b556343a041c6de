/// One thing that is asked of the core, with the states a page shows for it: nothing yet, slow
/// enough to show its outline, here, failed. A late answer to an earlier question is dropped.
import { Failure } from '../ipc/failure';

const SLOW_AFTER_MS = 200;

export class Loading<T> {
  value = $state.raw<T>();
  failure = $state.raw<Failure>();
  slow = $state(false);
  #asked = 0;

  constructor(private readonly ask: () => Promise<T>) {}

  /** Asks anew; what was there stays until the answer comes. */
  async load(): Promise<void> {
    const mine = ++this.#asked;
    const timer = setTimeout(() => (this.slow = mine === this.#asked && !this.value), SLOW_AFTER_MS);
    try {
      const value = await this.ask();
      if (mine === this.#asked) [this.value, this.failure] = [value, undefined];
    } catch (thrown) {
      if (mine === this.#asked) this.failure = Failure.from(thrown);
    } finally {
      clearTimeout(timer);
      if (mine === this.#asked) this.slow = false;
    }
  }
}
