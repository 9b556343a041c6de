// D1: the disc is drawn to scale
import { expect, it } from 'vitest';
import { PROGRAM_END, PROGRAM_START, radiusAt } from './geometry';

it('writes from 25 mm to 58 mm', () => {
  expect(radiusAt(0)).toBe(PROGRAM_START);
  expect(radiusAt(1)).toBe(PROGRAM_END);
  expect(radiusAt(7)).toBe(PROGRAM_END);
});

it('gives each minute the same area, as a spiral of constant speed does', () => {
  const area = (from: number, to: number): number => radiusAt(to) ** 2 - radiusAt(from) ** 2;
  expect(area(0, 0.25)).toBeCloseTo(area(0.75, 1), 6);
});
