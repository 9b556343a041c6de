import { expect, it, vi } from 'vitest';
import { Failure } from '../ipc/failure';
import { Loading } from './loading.svelte';

it('drops a late answer to an earlier question', async () => {
  const answers: ((value: string) => void)[] = [];
  const loading = new Loading(() => new Promise<string>((done) => answers.push(done)));
  const [first, second] = [loading.load(), loading.load()];
  answers[1]!('new');
  answers[0]!('old');
  await Promise.all([first, second]);
  expect(loading.value).toBe('new');
});

it('shows the outline only after 200 ms, and not over what is there already', async () => {
  vi.useFakeTimers();
  let answer = (_: string): void => undefined;
  const loading = new Loading(() => new Promise<string>((done) => (answer = done)));
  const first = loading.load();
  vi.advanceTimersByTime(199);
  expect(loading.slow).toBe(false);
  vi.advanceTimersByTime(1);
  expect(loading.slow).toBe(true);
  answer('here');
  await first;
  expect(loading.slow).toBe(false);
  void loading.load();
  vi.advanceTimersByTime(1_000);
  expect(loading.slow).toBe(false);
  vi.useRealTimers();
});

it('keeps the failure with its code', async () => {
  const loading = new Loading(() => Promise.reject(new Failure('store-unreachable')));
  await loading.load();
  expect(loading.failure?.code).toBe('store-unreachable');
});
