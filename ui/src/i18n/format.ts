/// Times, prices and sizes as a person reads them, in the window's language.
import { language, t } from './index.svelte';

/** 185 000 as 3:05, 3 785 000 as 1:03:05. */
export const clock = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
};

/** 31 minutes, 2 h 10 min. */
export const span = (ms: number): string => {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  return minutes < 100 ? t().common.minutes(minutes) : t().common.hours(Math.floor(minutes / 60), minutes % 60);
};

export const price = (cents: number, currency: string): string =>
  new Intl.NumberFormat(language(), { style: 'currency', currency, currencyDisplay: 'narrowSymbol' }).format(cents / 100);

export const count = (n: number): string => n.toLocaleString(language());

export const size = (bytes: number): string =>
  `${(bytes / 1_000_000).toLocaleString(language(), { minimumFractionDigits: 1, maximumFractionDigits: 1 })} MB`;

export const day = (unixSeconds: number): string =>
  new Intl.DateTimeFormat(language(), { dateStyle: 'long' }).format(unixSeconds * 1000);

/** FLAC 16/44.1 or Opus 160. */
export const format = (f: { codec: string; sampleRate: number; bits: number; bitRate: number }): string =>
  f.bits ? `${f.codec} ${f.bits}/${f.sampleRate / 1000}` : `${f.codec} ${Math.round(f.bitRate / 1000)}`;
