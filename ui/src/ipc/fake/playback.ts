/// A transport without sound: it counts the time, steps through the queue, and stops at its end.
import { Failure } from '../failure';
import type { NowPlaying, PlaybackKind, PlaybackState, Queue, QueueEntry, Repeat } from '../bindings';
import { answer, owner, pace, tell, tick, world } from './world';
import { findTrack, songWaveform } from './albums';

let entries: (QueueEntry & { now: NowPlaying })[] = [];
let current: number | null = null;
let positionMs = 0;
let entryIds = 0;
let timer: ReturnType<typeof setInterval> | undefined;
const set = { status: 'stopped' as PlaybackState['status'], volume: 72, muted: false, shuffle: false, repeat: 'off' as Repeat };

const entry = (id: string, kind: PlaybackKind): QueueEntry & { now: NowPlaying } => {
  const track = findTrack(id);
  if (!track) throw new Failure('not-found');
  const { title, artist, album, albumId, sleeve, clip, waveform, mediaId } = track;
  const durationMs = kind === 'preview' ? clip.durationMs : track.durationMs;
  const peaks = kind === 'preview' ? waveform : songWaveform(id) ?? [...waveform, ...waveform.slice().reverse(), ...waveform];
  const format = track.qualities[kind === 'preview' ? 1 : 0]!.format;
  const now: NowPlaying = { kind, trackId: id, mediaId, albumId, title, artist, album, sleeve, durationMs, clip: kind === 'preview' ? clip : null, waveform: peaks, format };
  return { entryId: ++entryIds, kind, trackId: id, title, artist, album, sleeve, durationMs, now };
};

let moment = 0;
let seen = '';
const state = (): PlaybackState => {
  const track = current === null ? null : (entries[current]?.now ?? null);
  const now = {
    ...set, track, entryId: (current === null ? null : entries[current]?.entryId) ?? null,
    canPrevious: current !== null, canNext: current !== null && (current + 1 < entries.length || set.repeat !== 'off'),
    owner: track?.kind === 'purchased' ? (world.owner ?? owner) : null, error: null,
  };
  if (seen !== JSON.stringify(now)) moment++;
  seen = JSON.stringify(now);
  return { ...now, moment };
};

const sendTick = (): void => {
  const durationMs = state().track?.durationMs ?? 0;
  tick({ positionMs, durationMs, bufferedMs: durationMs });
};

const run = (status: PlaybackState['status']): PlaybackState => {
  set.status = status;
  clearInterval(timer);
  if (status === 'playing') timer = setInterval(forward, pace.tickMs);
  tell('playbackChanged', structuredClone(state()));
  sendTick();
  return state();
};

const forward = (): void => {
  positionMs += pace.tickMs;
  if (positionMs >= (state().track?.durationMs ?? 0)) goTo((current ?? 0) + 1);
  else sendTick();
};

const goTo = (index: number): PlaybackState => {
  positionMs = 0;
  if (index >= entries.length) return giveBack(interrupted?.status ?? 'stopped');
  current = Math.max(0, index);
  return run('playing');
};

/** What a preview interrupted. */
let interrupted: { entries: typeof entries; current: number; positionMs: number; status: PlaybackState['status'] } | null = null;
const giveBack = (status: PlaybackState['status']): PlaybackState => {
  if (interrupted) {
    ({ entries, current, positionMs } = interrupted);
    interrupted = null;
    tell('queueChanged', null);
  }
  return run(status);
};

const queue = (): Queue => ({ moment: ++moment, entries: entries.map(({ now: _now, ...rest }) => rest) });
const requeue = (next: typeof entries): Queue => {
  const playing = current === null ? null : entries[current];
  entries = next;
  const at = playing ? entries.indexOf(playing) : -1;
  current = at < 0 ? (entries.length ? 0 : null) : at;
  tell('queueChanged', null);
  tell('playbackChanged', structuredClone(state()));
  return queue();
};

const start = (ids: string[], index: number, kind: PlaybackKind): PlaybackState => {
  const heard = current === null ? undefined : entries[current];
  if (kind !== 'preview') interrupted = null;
  else if (heard && heard.kind !== 'preview') interrupted = { entries, current: current!, positionMs, status: set.status === 'playing' ? 'playing' : 'stopped' };
  entries = ids.map((id) => entry(id, kind));
  tell('queueChanged', null);
  return goTo(index);
};

export const playback = {
  preview: (ids: string[], index: number, _kind: 'clip' | 'song') => answer(() => start(ids, index, 'preview'), 'store'),
  play: (ids: string[], index: number) => answer(() => {
    if (world.phase !== 'unlocked') throw new Failure('passport-locked');
    return start(ids, index, 'purchased');
  }),
  playPause: () => answer(() => (current === null ? state() : run(set.status === 'playing' ? 'paused' : 'playing'))),
  stop: () => answer(() => { positionMs = 0; return giveBack('stopped'); }),
  next: () => answer(() => goTo((current ?? 0) + 1)),
  previous: () => answer(() => goTo(positionMs > 3000 ? (current ?? 0) : (current ?? 0) - 1)),
  seek: (ms: number) => answer(() => { positionMs = ms; sendTick(); return null; }),
  setVolume: (volume: number) => answer(() => { Object.assign(set, { volume, muted: false }); return run(set.status); }),
  setMuted: (muted: boolean) => answer(() => { set.muted = muted; return run(set.status); }),
  setShuffle: (shuffle: boolean) => answer(() => { set.shuffle = shuffle; return run(set.status); }),
  setRepeat: (repeat: Repeat) => answer(() => { set.repeat = repeat; return run(set.status); }),
  playbackState: () => answer(state),
  queue: () => answer(queue),
  queuePlay: (id: number) => answer(() => goTo(entries.findIndex((e) => e.entryId === id))),
  queueAdd: (ids: string[], place: 'next' | 'last') => answer(() => {
    const added = ids.map((id) => entry(id, 'purchased'));
    const at = place === 'next' && current !== null ? current + 1 : entries.length;
    return requeue([...entries.slice(0, at), ...added, ...entries.slice(at)]);
  }),
  queueRemove: (ids: number[]) => answer(() => requeue(entries.filter((e) => !ids.includes(e.entryId)))),
  queueMove: (id: number, to: number) => answer(() => {
    const moved = entries.find((e) => e.entryId === id);
    const rest = entries.filter((e) => e !== moved);
    return requeue(moved ? [...rest.slice(0, to), moved, ...rest.slice(to)] : entries);
  }),
  queueClear: () => answer(() => { interrupted = null; run('stopped'); current = null; return requeue([]); }),
};
