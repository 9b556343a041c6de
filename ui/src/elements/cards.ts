/// Payment cards as they are typed: whose they are, how their digits are grouped, whether they can
/// be right. Nothing here is kept.
export type Brand = { name: string; groups: number[]; lengths: number[] };

const four = [4, 4, 4, 4];
const brands: [pattern: RegExp, brand: Brand][] = [
  [/^4/, { name: 'Visa', groups: four, lengths: [13, 16, 19] }],
  [/^(5[1-5]|2(2[2-9]|[3-6]|7[01]|720))/, { name: 'Mastercard', groups: four, lengths: [16] }],
  [/^3[47]/, { name: 'American Express', groups: [4, 6, 5], lengths: [15] }],
  [/^(6011|65|64[4-9])/, { name: 'Discover', groups: four, lengths: [16] }],
  [/^35(2[89]|[3-8])/, { name: 'JCB', groups: four, lengths: [16] }],
  [/^3(0[0-5]|[68])/, { name: 'Diners Club', groups: [4, 6, 4], lengths: [14] }],
];
const unknown: Brand = { name: '', groups: four, lengths: [13, 14, 15, 16, 17, 18, 19] };

export const digits = (typed: string): string => typed.replace(/\D/g, '').slice(0, 19);

export const brandOf = (typed: string): Brand =>
  brands.find(([pattern]) => pattern.test(digits(typed)))?.[1] ?? unknown;

/** 4242424242424242 as 4242 4242 4242 4242. */
export const grouped = (typed: string): string => {
  const all = digits(typed);
  const parts: string[] = [];
  let from = 0;
  for (const length of [...brandOf(typed).groups, 4, 4]) {
    if (from < all.length) parts.push(all.slice(from, from + length));
    from += length;
  }
  return parts.join(' ');
};

/** The check digit of ISO/IEC 7812-1, annex B. */
export const luhn = (typed: string): boolean =>
  [...digits(typed)].reverse().reduce((sum, digit, place) => {
    const doubled = Number(digit) * (place % 2 ? 2 : 1);
    return sum + (doubled > 9 ? doubled - 9 : doubled);
  }, 0) %
    10 ===
  0;

export const complete = (typed: string): boolean => brandOf(typed).lengths.includes(digits(typed).length);

export type NumberFault = 'required' | 'shortCard' | 'badCard' | null;

/** What is wrong with a number, before it is sent. */
export const numberFault = (typed: string): NumberFault => {
  if (!typed) return 'required';
  if (!complete(typed)) return 'shortCard';
  return luhn(typed) ? null : 'badCard';
};

/** 0928 as 09/28; a first digit above 1 is a month of its own. */
export const expiryTyped = (typed: string): string => {
  let all = typed.replace(/\D/g, '').slice(0, 4);
  if (/^[2-9]/.test(all)) all = `0${all}`.slice(0, 4);
  return all.length > 2 ? `${all.slice(0, 2)}/${all.slice(2)}` : all;
};

export type ExpiryFault = 'badExpiry' | 'pastExpiry' | null;

/** Whether MM/YY is a month, and not before this one. */
export const expiryFault = (typed: string, now: Date): ExpiryFault => {
  const match = /^(0[1-9]|1[0-2])\/(\d\d)$/.exec(typed);
  if (!match) return 'badExpiry';
  const months = (2000 + Number(match[2])) * 12 + Number(match[1]) - 1;
  return months < now.getFullYear() * 12 + now.getMonth() ? 'pastExpiry' : null;
};
