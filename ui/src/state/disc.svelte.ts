/// The disc being put together, and its writing.
import { t } from '../i18n/index.svelte';
import { core } from '../ipc/client';
import { Failure } from '../ipc/failure';
import type { BurnProgress, DiscPlan, DiscResult, DiscSize } from '../ipc/bindings';
import { attempt, notices } from './notices.svelte';
import { session } from './session.svelte';

class Disc {
  trackIds = $state.raw<string[]>([]);
  size = $state<DiscSize>('minutes80');
  title = $state('');
  plan = $state.raw<DiscPlan>();
  progress = $state.raw<BurnProgress>();
  result = $state.raw<DiscResult>();
  failure = $state.raw<Failure>();
  writing = $state(false);

  listen(): void {
    core.on('burnProgress', (progress) => (this.progress = progress));
  }

  async #set(trackIds: string[]): Promise<void> {
    this.trackIds = trackIds;
    this.plan = (await attempt(() => core.discPlan(trackIds, this.size))) ?? this.plan;
  }

  refresh = (): Promise<void> => this.#set(this.trackIds);

  setSize(size: DiscSize): Promise<void> {
    this.size = size;
    return this.refresh();
  }

  /** `quietly` where the disc itself is shown next. */
  async add(trackIds: string[], quietly = false): Promise<void> {
    const fresh = trackIds.filter((id) => !this.trackIds.includes(id));
    await this.#set([...this.trackIds, ...fresh]);
    if (!quietly) notices.say(t().library.onDisc(fresh.length));
  }

  async remove(place: number): Promise<void> {
    const before = this.trackIds;
    const title = this.plan?.tracks[place]?.title ?? '';
    await this.#set(before.filter((_, at) => at !== place));
    notices.say(t().disc.removed(title), { label: t().common.undo, run: () => void this.#set(before) });
  }

  async move(place: number, to: number): Promise<void> {
    if (to < 0 || to >= this.trackIds.length) return;
    const ids = [...this.trackIds];
    ids.splice(to, 0, ...ids.splice(place, 1));
    await this.#set(ids);
  }

  async clear(): Promise<void> {
    const before = this.trackIds;
    this.result = undefined;
    await this.#set([]);
    if (before.length) notices.say(t().disc.cleared, { label: t().common.undo, run: () => void this.#set(before) });
  }

  async write(folder: string): Promise<void> {
    [this.writing, this.failure, this.result, this.progress] = [true, undefined, undefined, undefined];
    const name = this.title.trim() || t().disc.untitled;
    try {
      this.result = await session.withPassport(() => core.discBurn(this.trackIds, this.size, name, folder));
    } catch (thrown) {
      const failure = Failure.from(thrown);
      if (failure.code === 'cancelled') notices.say(t().disc.cancelled);
      else this.failure = failure;
    } finally {
      this.writing = false;
    }
  }

  cancel = (): Promise<unknown> => attempt(() => core.discCancel());

  another(): void {
    this.result = undefined;
    void this.#set([]);
  }
}

export const disc = new Disc();
