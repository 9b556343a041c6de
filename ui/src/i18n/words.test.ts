import { afterEach, describe, expect, it } from 'vitest';
import { errorCodes } from '../ipc/bindings';
import { clock, price, span } from './format';
import { explain, explainLine, setLanguage } from './index.svelte';

afterEach(() => setLanguage('en'));

describe('a failure in words', () => {
  it.each(['en', 'de'])('has what happened and what to do for every code of the core, in %s', (language) => {
    setLanguage(language);
    for (const code of errorCodes) {
      const { what, todo } = explain({ code, data: {}, message: 'the core’s own sentence' });
      expect(what, code).not.toBe('the core’s own sentence');
      expect(todo, code).not.toBe('');
    }
  });

  it('falls back on the core’s sentence for a code it does not know', () => {
    expect(explainLine({ code: 'comet', data: {}, message: 'A comet. Look up.' })).toBe('A comet. Look up.');
  });
});

describe('figures', () => {
  it('are written in the window’s language', () => {
    expect(price(790, 'USD')).toBe('$7.90');
    setLanguage('de');
    expect(price(790, 'USD')).toMatch(/^7,90\s\$$/);
  });

  it('give times as a player does', () => {
    expect(clock(185_000)).toBe('3:05');
    expect(clock(3_785_999)).toBe('1:03:05');
    expect(clock(-5)).toBe('0:00');
    expect(span(31 * 60_000)).toBe('31 minutes');
    expect(span(130 * 60_000)).toBe('2 h 10 min');
  });

  it('keep to English for a language there is none of', () => {
    setLanguage('tlh');
    expect(document.documentElement.lang).toBe('en');
  });
});
