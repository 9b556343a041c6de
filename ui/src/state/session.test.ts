// B5, G5: what needs the passport asks for the passphrase once and goes on
import { beforeEach, expect, it } from 'vitest';
import { Failure } from '../ipc/failure';
import { session } from './session.svelte';

beforeEach(() => {
  session.passport = 'locked';
  session.asking = false;
});

const locked = (): (() => Promise<string>) => async () => {
  if (session.passport !== 'unlocked') throw new Failure('passport-locked');
  return 'played';
};

it('asks when the core says that the passport is locked, and then does what was asked', async () => {
  const playing = session.withPassport(locked());
  await Promise.resolve();
  await Promise.resolve();
  expect(session.asking).toBe(true);
  session.passport = 'unlocked';
  session.answered(true);
  await expect(playing).resolves.toBe('played');
});

it('is cancelled, not failed, when the listener would rather not', async () => {
  const playing = session.withPassport(locked());
  await Promise.resolve();
  await Promise.resolve();
  session.answered(false);
  await expect(playing).rejects.toMatchObject({ code: 'cancelled' });
});

it('hands on every other failure as it is', async () => {
  const busy = session.withPassport(() => Promise.reject(new Failure('no-stream')));
  await expect(busy).rejects.toMatchObject({ code: 'no-stream' });
  expect(session.asking).toBe(false);
});
