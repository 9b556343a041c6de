/// The transport, the running time and the queue. The core is asked; what it answers is shown.
import { t } from '../i18n/index.svelte';
import { core } from '../ipc/client';
import { Failure } from '../ipc/failure';
import type { NowPlaying, PlaybackState, Position, Queue, QueueEntry, QueuePlace, Repeat } from '../ipc/bindings';
import { attempt, notices } from './notices.svelte';
import { isLocked, session } from './session.svelte';
import { view } from './view.svelte';

const quiet: PlaybackState = {
  moment: 0,
  status: 'stopped',
  track: null,
  entryId: null,
  canPrevious: false,
  canNext: false,
  volume: 80,
  muted: false,
  shuffle: false,
  repeat: 'off',
  owner: null,
  error: null,
};
const SKIP_MS = 5_000;
const VOLUME_STEP = 5;

class Player {
  now = $state.raw<PlaybackState>(quiet);
  position = $state.raw<Position>({ positionMs: 0, durationMs: 0, bufferedMs: 0 });
  queue = $state.raw<Queue>({ moment: 0, entries: [] });

  get track(): NowPlaying | null {
    return this.now.track;
  }
  get playing(): boolean {
    return this.now.status === 'playing' || this.now.status === 'loading';
  }
  get durationMs(): number {
    return this.position.durationMs || this.track?.durationMs || 0;
  }
  /** How much has been heard, 0 to 1. */
  get heard(): number {
    return this.durationMs ? Math.min(1, this.position.positionMs / this.durationMs) : 0;
  }

  async listen(): Promise<void> {
    core.on('playbackChanged', (now) => this.#take(now));
    core.on('queueChanged', () => void this.#askQueue());
    core.watchPosition((position) => (this.position = position));
    this.#take(await core.playbackState());
    await this.#askQueue();
  }

  /** Whether this is the track in the transport. */
  holds(trackId: string): boolean {
    return this.track?.trackId === trackId && this.now.status !== 'stopped';
  }

  preview = (mediaIds: string[], start = 0): Promise<void> => this.#do(() => core.preview(mediaIds, start, 'clip'));
  play = (trackIds: string[], start = 0): Promise<void> =>
    this.#do(() => session.withPassport(() => core.play(trackIds, start)));
  playPause = (): Promise<void> => this.#do(() => session.withPassport(() => core.playPause()));
  stop = (): Promise<void> => this.#do(() => core.stop());
  next = (): Promise<void> => this.#do(() => core.next());
  previous = (): Promise<void> => this.#do(() => core.previous());
  setMuted = (muted: boolean): Promise<void> => this.#do(() => core.setMuted(muted));
  setShuffle = (shuffle: boolean): Promise<void> => this.#do(() => core.setShuffle(shuffle));
  setRepeat = (repeat: Repeat): Promise<void> => this.#do(() => core.setRepeat(repeat));
  playEntry = (entryId: number): Promise<void> => this.#do(() => core.queuePlay(entryId));

  setVolume(volume: number): Promise<void> {
    const kept = Math.round(Math.min(100, Math.max(0, volume)));
    this.now = { ...this.now, volume: kept };
    return this.#do(() => core.setVolume(kept));
  }
  louder = (steps: number): Promise<void> => this.setVolume(this.now.volume + steps * VOLUME_STEP);

  async seek(positionMs: number): Promise<void> {
    if (!this.track) return;
    const target = Math.round(Math.min(this.durationMs, Math.max(0, positionMs)));
    this.position = { ...this.position, positionMs: target };
    await attempt(() => core.seek(target));
  }
  skip = (steps: number): Promise<void> => this.seek(this.position.positionMs + steps * SKIP_MS);

  async enqueue(trackIds: string[], place: QueuePlace): Promise<boolean> {
    return this.#keep(await attempt(() => core.queueAdd(trackIds, place)));
  }
  /** Takes an entry out; undo puts it back where it stood. A preview cannot be put back. */
  async unqueue(entry: QueueEntry): Promise<void> {
    const place = this.queue.entries.findIndex((other) => other.entryId === entry.entryId);
    if (!this.#keep(await attempt(() => core.queueRemove([entry.entryId])))) return;
    const undo = async (): Promise<void> => {
      const longer = await core.queueAdd([entry.trackId], 'last');
      const back = longer.entries.at(-1);
      this.#keep(back ? await core.queueMove(back.entryId, place) : longer);
    };
    const action = { label: t().common.undo, run: () => void attempt(undo) };
    notices.say(t().player.removed(entry.title), entry.kind === 'preview' ? undefined : action);
  }
  async move(entryId: number, to: number): Promise<void> {
    const last = this.queue.entries.length - 1;
    this.#keep(await attempt(() => core.queueMove(entryId, Math.min(last, Math.max(0, to)))));
  }
  async clear(): Promise<void> {
    this.#keep(await attempt(() => core.queueClear()));
  }

  async #do(run: () => Promise<PlaybackState>): Promise<void> {
    const now = await attempt(run);
    if (now) this.#take(now);
  }

  /** What is older than what is shown was overtaken on its way: it is dropped. */
  #take(now: PlaybackState): void {
    if (now.moment < this.now.moment) return;
    if (now.track && !this.track) view.welcomeMusic();
    if (now.track?.trackId !== this.track?.trackId)
      this.position = { positionMs: 0, durationMs: now.track?.durationMs ?? 0, bufferedMs: 0 };
    const news = now.error && now.error.code !== this.now.error?.code ? Failure.of(now.error) : null;
    this.now = now;
    if (news && isLocked(news)) void session.open().then((opened) => (opened ? this.playPause() : undefined));
    else if (news) notices.fail(news);
  }

  async #askQueue(): Promise<void> {
    this.#keep(await attempt(() => core.queue()));
  }

  #keep(queue: Queue | undefined): boolean {
    if (queue && queue.moment >= this.queue.moment) this.queue = queue;
    return queue !== undefined;
  }
}

export const player = new Player();
