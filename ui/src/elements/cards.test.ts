import { describe, expect, it } from 'vitest';
import { brandOf, expiryFault, expiryTyped, grouped, luhn, numberFault } from './cards';

describe('a card number as it is typed', () => {
  it('is grouped as it stands on the card', () => {
    expect(grouped('4242424242424242')).toBe('4242 4242 4242 4242');
    expect(grouped('37828224631')).toBe('3782 822463 1');
    expect(grouped('4242-4242 42')).toBe('4242 4242 42');
  });

  it('shows its brand from the first digits', () => {
    expect(brandOf('4').name).toBe('Visa');
    expect(brandOf('5555').name).toBe('Mastercard');
    expect(brandOf('2221').name).toBe('Mastercard');
    expect(brandOf('34').name).toBe('American Express');
    expect(brandOf('9').name).toBe('');
  });

  it('is refused with a typing error before it is sent', () => {
    expect(luhn('4242 4242 4242 4242')).toBe(true);
    expect(luhn('4242 4242 4242 4241')).toBe(false);
    expect(numberFault('')).toBe('required');
    expect(numberFault('4242 4242 4242 424')).toBe('shortCard');
    expect(numberFault('4242 4242 4242 4241')).toBe('badCard');
    expect(numberFault('4242 4242 4242 4242')).toBeNull();
  });
});

describe('the date on the card', () => {
  const now = new Date(2026, 10, 23);
  it('is typed without the stroke', () => {
    expect(expiryTyped('1229')).toBe('12/29');
    expect(expiryTyped('9')).toBe('09');
    expect(expiryTyped('1')).toBe('1');
  });

  it('may be this month, not one before', () => {
    expect(expiryFault('11/26', now)).toBeNull();
    expect(expiryFault('10/26', now)).toBe('pastExpiry');
    expect(expiryFault('13/29', now)).toBe('badExpiry');
  });
});
