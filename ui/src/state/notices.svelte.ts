/// Short messages at the foot of the window, each with at most one thing to do. They leave by
/// themselves, but not while the pointer or the keyboard rests on them.
import { explainLine } from '../i18n/index.svelte';
import { Failure } from '../ipc/failure';
import { remedy } from './remedy';

export type NoticeTone = 'good' | 'warning' | 'problem';
export type ShownNotice = {
  id: number;
  tone: NoticeTone;
  text: string;
  action?: { label: string; run: () => void };
};

const STAYS_MS = 6_000;
const AT_MOST = 3;

class Notices {
  shown = $state.raw<ShownNotice[]>([]);
  #next = 0;
  #timers = new Map<number, ReturnType<typeof setTimeout>>();

  say(text: string, action?: ShownNotice['action'], tone: NoticeTone = 'good'): void {
    const id = ++this.#next;
    this.shown = [...this.shown, { id, tone, text, action }].slice(-AT_MOST);
    this.release(id);
  }

  fail(thrown: unknown): void {
    const failure = Failure.from(thrown);
    if (failure.code !== 'cancelled') this.say(explainLine(failure), remedy(failure), 'problem');
  }

  hold(id: number): void {
    clearTimeout(this.#timers.get(id));
  }

  release(id: number): void {
    this.hold(id);
    this.#timers.set(
      id,
      setTimeout(() => this.dismiss(id), STAYS_MS),
    );
  }

  dismiss(id: number): void {
    this.hold(id);
    this.#timers.delete(id);
    this.shown = this.shown.filter((notice) => notice.id !== id);
  }
}

export const notices = new Notices();

/** Runs something that may fail, and says so at the foot of the window if it does. */
export const attempt = async <T>(run: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await run();
  } catch (thrown) {
    notices.fail(thrown);
    return undefined;
  }
};
