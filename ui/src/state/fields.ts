/// What is wrong with what stands in a form's fields, in words. The core has the rules; it is asked before anything
/// is sent.
import { t } from '../i18n/index.svelte';
import type { FormField } from '../ipc/bindings';
import { core } from '../ipc/client';

export type FieldErrors = Partial<Record<FormField, string>>;

export const errorsIn = async (typed: FieldErrors): Promise<FieldErrors> => {
  const fields = Object.keys(typed) as FormField[];
  const faults = await Promise.all(fields.map((field) => core.checkField(field, typed[field] ?? '')));
  return Object.fromEntries(
    fields.flatMap((field, at) => {
      const fault = faults[at];
      return fault ? [[field, t().faults[fault]]] : [];
    }),
  );
};
