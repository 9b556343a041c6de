/// A failure as it crosses from the core: a stable code, the fields its wording needs, and an
/// English sentence for codes this window does not know.
import { errorCodes, type AppError } from './bindings';

/** A code of the core's list. There are words for each, in every language. */
export type ErrorCode = (typeof errorCodes)[number];

/** A store may send codes of its own. */
export const isErrorCode = (code: string | null): code is ErrorCode => errorCodes.some((known) => known === code);

export class Failure extends Error {
  constructor(
    /** Null for what only its message explains. */
    readonly code: ErrorCode | null,
    readonly data: Record<string, string> = {},
    message = '',
  ) {
    super(message || (code ?? ''));
    this.name = 'Failure';
  }

  static of(error: AppError): Failure {
    return new Failure(isErrorCode(error.code) ? error.code : null, { ...error.data }, error.message);
  }

  /** Anything thrown, as a Failure. */
  static from(thrown: unknown): Failure {
    if (thrown instanceof Failure) return thrown;
    if (typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'message' in thrown)
      return Failure.of(thrown as AppError);
    return new Failure('internal', {}, thrown instanceof Error ? thrown.message : String(thrown));
  }
}
