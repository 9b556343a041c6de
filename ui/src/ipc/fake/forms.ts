/// What may stand in a form, invented. It knows the rules of none: what it does not know to be right is wrong, so
/// that nothing passes here which the real core would refuse.
import { testCards, type FieldFault, type FormField } from '../bindings';
import { Failure, type ErrorCode } from '../failure';

type Fate = (typeof testCards)[number][1];
const refusals: Record<Fate, ErrorCode | null> = {
  approved: null, declined: 'card-declined', expired: 'card-expired', noAnswer: 'payment-timeout',
};

const bare = (number: string): string => number.replaceAll(' ', '');
const fateOf = (number: string): Fate | undefined => testCards.find(([card]) => bare(card) === bare(number))?.[1];

/** The payment processor: it answers for its own test cards. */
export const pays = (number: string): void => {
  const fate = fateOf(number);
  const refusal = fate ? refusals[fate] : 'card-invalid';
  if (refusal) throw new Failure(refusal);
};

const known: Partial<Record<FormField, (typed: string) => FieldFault | null>> = {
  email: (typed) => (/^\w+@example\.(org|net)$/.test(typed) ? null : 'email'),
  telephone: (typed) => (/^\+44 20 7946 \d{4}$/.test(typed) ? null : 'telephone'),
  cardNumber: (typed) => (fateOf(typed) ? null : 'cardCheckDigit'),
  cardExpiry: (typed) => (['12/29', '12/39'].includes(typed) ? null : 'cardExpiry'),
};

export const faultIn = (field: FormField, typed: string): FieldFault | null =>
  typed.trim() ? (known[field]?.(typed.trim()) ?? null) : 'missing';
