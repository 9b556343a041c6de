/// Which places of a list are chosen, and from where Shift extends.
import { SvelteSet } from 'svelte/reactivity';

export class Selection {
  #chosen = new SvelteSet<number>();
  #anchor = 0;

  get places(): number[] {
    return [...this.#chosen].sort((a, b) => a - b);
  }

  has(place: number): boolean {
    return this.#chosen.has(place);
  }

  only(place: number): void {
    this.#chosen.clear();
    this.#chosen.add(place);
    this.#anchor = place;
  }

  toggle(place: number): void {
    if (!this.#chosen.delete(place)) this.#chosen.add(place);
    this.#anchor = place;
  }

  extend(place: number): void {
    this.#chosen.clear();
    for (let p = Math.min(place, this.#anchor); p <= Math.max(place, this.#anchor); p++) this.#chosen.add(p);
  }

  all(total: number): void {
    for (let p = 0; p < total; p++) this.#chosen.add(p);
  }

  /** Forgets what lies beyond the last place. */
  keep(last: number): void {
    for (const place of this.#chosen) if (place > last) this.#chosen.delete(place);
  }
}
