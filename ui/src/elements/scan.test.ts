// M2: fast forward and rewind
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { scan } from './scan';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const scanning = (): { button: HTMLButtonElement; step: ReturnType<typeof vi.fn> } => {
  const button = document.createElement('button');
  const step = vi.fn();
  scan(button, step);
  return { button, step };
};
const press = (button: HTMLElement, ms: number): void => {
  button.dispatchEvent(new PointerEvent('pointerdown', { button: 0 }));
  vi.advanceTimersByTime(ms);
  button.dispatchEvent(new PointerEvent('pointerup'));
  button.click();
  vi.advanceTimersByTime(5_000);
};

it('takes one step for a press, by pointer and by keyboard', () => {
  const { button, step } = scanning();
  press(button, 80);
  expect(step).toHaveBeenCalledTimes(1);
  button.click();
  expect(step).toHaveBeenCalledTimes(2);
});

it('steps on while it is held, and not once more when it is let go', () => {
  const { button, step } = scanning();
  press(button, 1_000);
  expect(step).toHaveBeenCalledTimes(3);
});
