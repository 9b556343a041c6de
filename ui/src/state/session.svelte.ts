/// Who is here: the passport's phase, its owner, whether the store answers. Work that needs the
/// passport open goes through `withPassport`, which asks for the passphrase once and goes on.
import { core } from '../ipc/client';
import { Failure } from '../ipc/failure';
import type { AppState, OwnerLine, PassportPhase, StoreState } from '../ipc/bindings';

/** Whether this failure goes away once the passport is open. */
export const isLocked = ({ code }: Failure): boolean => code === 'passport-locked' || code === 'track-locked';

class Session {
  ready = $state(false);
  failure = $state.raw<Failure>();
  version = $state('');
  passport = $state<PassportPhase>('none');
  owner = $state.raw<OwnerLine | null>(null);
  name = $state<string | null>(null);
  store = $state.raw<StoreState>({ status: 'starting', bundled: true, address: null, error: null });
  asking = $state(false);
  #waiting: ((opened: boolean) => void)[] = [];

  get offline(): boolean {
    return this.store.status === 'unreachable';
  }

  take(state: AppState): void {
    this.version = state.version;
    this.passport = state.passport;
    this.owner = state.owner;
    this.name = state.ownerName;
    this.store = state.store;
    this.ready = true;
  }

  listen(): void {
    core.on('passportChanged', ({ phase, owner, ownerName }) => {
      [this.passport, this.owner, this.name] = [phase, owner, ownerName];
      if (phase === 'unlocked') this.answered(true);
    });
    core.on('storeReachable', (store) => (this.store = store));
  }

  async retryStore(): Promise<void> {
    this.store = await core.storeRetry();
  }

  /** Asks for the passphrase, if need be; false when the listener would rather not. */
  async open(): Promise<boolean> {
    if (this.passport === 'unlocked') return true;
    if (this.passport !== 'locked') return false;
    this.asking = true;
    return new Promise((done) => this.#waiting.push(done));
  }

  /** The dialog's answer: opened, or closed without. */
  answered(opened: boolean): void {
    this.asking = false;
    this.#waiting.splice(0).forEach((done) => done(opened));
  }

  /** Runs it; if the passport turns out to be locked, asks for the passphrase and runs it again. */
  async withPassport<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (thrown) {
      const failure = Failure.from(thrown);
      if (!isLocked(failure)) throw failure;
      this.passport = this.passport === 'unlocked' ? 'locked' : this.passport;
      if (!(await this.open())) throw new Failure('cancelled');
      return run();
    }
  }
}

export const session = new Session();
