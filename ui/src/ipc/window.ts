/// The real core, through the generated bindings: each command's answer or its Failure, each event's
/// payload, and one channel for the running time.
import { Channel } from '@tauri-apps/api/core';
import { commands, events } from './bindings';
import type { Core, News, Unsubscribe } from './client';
import { Failure } from './failure';
import type { AppError, Position } from './bindings';

type Answer = { status: 'ok'; data: unknown } | { status: 'error'; error: AppError };

const opened =
  (command: (...given: never[]) => Promise<Answer>) =>
  async (...given: never[]): Promise<unknown> => {
    let answer: Answer;
    try {
      answer = await command(...given);
    } catch (thrown) {
      throw Failure.from(thrown);
    }
    if (answer.status === 'error') throw Failure.of(answer.error);
    return answer.data;
  };

/** A promise of an answer, as what is in it. */
type Opened<C> = {
  [K in keyof C]: C[K] extends (...given: infer G) => Promise<infer A>
    ? (...given: G) => Promise<Extract<A, { status: 'ok' }> extends { data: infer D } ? D : never>
    : never;
};

const all = Object.fromEntries(
  Object.entries(commands).map(([name, command]) => [name, opened(command as (...given: never[]) => Promise<Answer>)]),
) as Opened<typeof commands>;

const on = <E extends keyof News>(event: E, hear: (news: News[E]) => void): Unsubscribe => {
  const listening = events[event].listen(({ payload }: { payload: unknown }) => hear(payload as News[E]));
  return () => void listening.then((stop) => stop());
};

const watchPosition = (hear: (position: Position) => void): void => {
  const channel = new Channel<Position>();
  channel.onmessage = hear;
  void all.subscribePosition(channel);
};

export const core: Core = { ...all, on, watchPosition };
