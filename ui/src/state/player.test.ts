// M2: what the transport shows is what the core does, whatever order its answers arrive in
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { connect, type Core } from '../ipc/client';
import { core as invented } from '../ipc/fake';
import { pace, tell } from '../ipc/fake/world';
import { player } from './player.svelte';

/** Numbers between 0 and 1, the same ones every time. */
const dice = (seed: number) => (): number => {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
  return seed / 2_147_483_648;
};

/** The core, with every answer held back for as long as chance will have it. */
const slowed = (chance: () => number): Core =>
  new Proxy(invented, {
    get: (core, name) => {
      const call = core[name as keyof Core] as (...given: unknown[]) => unknown;
      if (name === 'on' || name === 'watchPosition') return call;
      return async (...given: unknown[]): Promise<unknown> => {
        const said = await call(...given);
        await new Promise((done) => setTimeout(done, chance() * 400));
        return said;
      };
    },
  });

beforeEach(() => {
  vi.useFakeTimers();
  pace.tickMs = 1_000;
});
afterEach(() => {
  vi.useRealTimers();
  connect(invented);
});

it('shows what plays after an hour of wishes whose answers were delayed and came in another order', async () => {
  const chance = dice(7);
  connect(slowed(chance));
  void player.listen();
  await vi.advanceTimersByTimeAsync(1_000);
  void player.play(['rags-5', 'water-1', 'water-2', 'water-3']);
  await vi.advanceTimersByTimeAsync(1_000);
  const wishes: (() => unknown)[] = [
    () => player.next(),
    () => player.previous(),
    () => player.playPause(),
    () => player.setShuffle(chance() < 0.5),
    () => player.setVolume(chance() * 100),
    () => player.preview(['rags-1', 'rags-2']),
    () => player.play(['water-1', 'planets-3']),
    () => player.enqueue(['scenes-1'], 'next'),
    () => player.move(player.queue.entries.at(-1)?.entryId ?? 0, 0),
  ];
  for (let wish = 0; wish < 6_000; wish++) {
    void wishes[Math.floor(chance() * wishes.length)]!();
    await vi.advanceTimersByTimeAsync(chance() * 1_200);
    if (wish % 20) continue;
    await vi.advanceTimersByTimeAsync(1_000);
    void player.playPause();
    await vi.advanceTimersByTimeAsync(1_000);
    const truth = invented.playbackState();
    const queue = invented.queue();
    await vi.advanceTimersByTimeAsync(100);
    const { moment: _late, ...now } = await truth;
    expect(player.now).toMatchObject(now);
    expect(player.queue.entries).toEqual((await queue).entries);
    expect(player.queue.entries.some((entry) => entry.entryId === player.now.entryId)).toBe(true);
  }
});

it('drops an answer that news have overtaken', async () => {
  connect(invented);
  const before = player.now;
  tell('playbackChanged', { ...before, moment: before.moment + 2, shuffle: !before.shuffle });
  expect(player.now.shuffle).toBe(!before.shuffle);
  tell('playbackChanged', { ...before, moment: before.moment + 1 });
  expect(player.now.shuffle).toBe(!before.shuffle);
});
