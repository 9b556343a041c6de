import { describe, expect, it } from 'vitest';
import { brandOf, expiryTyped, grouped } from './cards';

describe('a card number as it is typed', () => {
  it('is grouped as it stands on the card', () => {
    expect(grouped('4242424242424242')).toBe('4242 4242 4242 4242');
    expect(grouped('37828224631')).toBe('3782 822463 1');
    expect(grouped('4242-4242 42')).toBe('4242 4242 42');
  });

  it('shows its brand from the first digits', () => {
    expect(brandOf('4')?.name).toBe('Visa');
    expect(brandOf('5555')?.name).toBe('Mastercard');
    expect(brandOf('2221')?.name).toBe('Mastercard');
    expect(brandOf('34')?.name).toBe('American Express');
    expect(brandOf('9')).toBeUndefined();
  });
});

describe('the date on the card', () => {
  it('is typed without the stroke', () => {
    expect(expiryTyped('1229')).toBe('12/29');
    expect(expiryTyped('9')).toBe('09');
    expect(expiryTyped('1')).toBe('1');
  });
});
