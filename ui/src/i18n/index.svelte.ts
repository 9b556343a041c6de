/// The language of the window. `t()` gives the words, and what shows them follows a change at once.
import { isErrorCode, type Failure } from '../ipc/failure';
import type { AppError } from '../ipc/bindings';
import { de } from './de';
import { en, type Messages } from './en';
import { errorsDe } from './errors.de';
import { errorsEn, type ErrorWords, type Words } from './errors.en';

export const languages = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof languages;

const all: Record<Language, { words: Messages; errors: ErrorWords }> = {
  en: { words: en, errors: errorsEn },
  de: { words: de, errors: errorsDe },
};

let chosen = $state<Language>('en');

export const language = (): Language => chosen;
export const t = (): Messages => all[chosen].words;

/** Takes a language tag, or the system's language for null. */
export const setLanguage = (tag: string | null): void => {
  const wanted = (tag ?? navigator.language).slice(0, 2);
  chosen = wanted in all ? (wanted as Language) : 'en';
  document.documentElement.lang = chosen;
};

/** What happened and what to do, in the listener's language; the core's sentence for a code unknown here. */
export const explain = (error: Failure | AppError): Words =>
  isErrorCode(error.code)
    ? all[chosen].errors[error.code](error.data, error.message)
    : { what: error.message || all[chosen].words.state.errorTitle, todo: '' };

/** The same on one line. */
export const explainLine = (error: Failure | AppError): string => {
  const { what, todo } = explain(error);
  return todo ? `${what} ${todo}` : what;
};
