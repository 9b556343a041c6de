/// A failure as it crosses from the core: a stable code, the fields its wording needs, and an
/// English sentence for codes this window does not know.
import type { AppError } from './bindings';

export class Failure extends Error {
  constructor(
    readonly code: string,
    readonly data: Record<string, string> = {},
    message = '',
  ) {
    super(message || code);
    this.name = 'Failure';
  }

  static of(error: AppError): Failure {
    return new Failure(error.code, { ...error.data }, error.message);
  }

  /** Anything thrown, as a Failure. */
  static from(thrown: unknown): Failure {
    if (thrown instanceof Failure) return thrown;
    if (typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'message' in thrown)
      return Failure.of(thrown as AppError);
    return new Failure('internal', {}, thrown instanceof Error ? thrown.message : String(thrown));
  }
}
