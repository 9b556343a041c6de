/// The payment processor, invented. Its test cards answer like those of the real one.
import { Failure } from '../failure';

const luhn = (digits: string): boolean =>
  [...digits].reverse().reduce((sum, d, i) => sum + (i % 2 ? [0, 2, 4, 6, 8, 1, 3, 5, 7, 9][+d]! : +d), 0) % 10 === 0;

export const checkCard = (typed: string): void => {
  const digits = typed.replace(/\D/g, '');
  if (digits.length < 12 || !luhn(digits)) throw new Failure('card-invalid');
  if (digits.endsWith('0002')) throw new Failure('card-declined');
  if (digits.endsWith('0069')) throw new Failure('card-expired');
  if (digits.endsWith('0119')) throw new Failure('payment-timeout');
};
