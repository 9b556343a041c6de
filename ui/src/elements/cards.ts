/// Payment cards as they are typed: whose they are, and how their digits are grouped. Which cards there are comes
/// from the core; whether a number can be right, the core is asked.
import { cardBrands, mostCardDigits } from '../ipc/bindings';

const digits = (typed: string): string => typed.replace(/\D/g, '').slice(0, mostCardDigits);

/** Nothing for a card that is not known by name; its first digits may still be missing. */
export const brandOf = (typed: string): (typeof cardBrands)[number] | undefined => {
  const first = digits(typed).slice(0, 4);
  return cardBrands.find(({ prefixes }) =>
    prefixes.some(([from, to]) => Number(first.padEnd(4, '0')) >= from && Number(first.padEnd(4, '0')) <= to),
  );
};

/** As on most cards. */
const FOURS = [4, 4, 4, 4] as const;

export const groupsOf = (typed: string): readonly number[] => brandOf(typed)?.groups ?? FOURS;

/** 4242424242424242 as 4242 4242 4242 4242. */
export const grouped = (typed: string): string => {
  const all = digits(typed);
  const parts: string[] = [];
  let from = 0;
  for (const length of [...groupsOf(typed), 4, 4]) {
    if (from < all.length) parts.push(all.slice(from, from + length));
    from += length;
  }
  return parts.join(' ');
};

/** 0928 as 09/28; a first digit above 1 is a month of its own. */
export const expiryTyped = (typed: string): string => {
  let all = typed.replace(/\D/g, '').slice(0, 4);
  if (/^[2-9]/.test(all)) all = `0${all}`.slice(0, 4);
  return all.length > 2 ? `${all.slice(0, 2)}/${all.slice(2)}` : all;
};
