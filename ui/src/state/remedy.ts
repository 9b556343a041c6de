/// What can be done at once about a failure: the word on a button, and what it does.
import { t } from '../i18n/index.svelte';
import type { ErrorCode, Failure } from '../ipc/failure';
import { papers } from './papers.svelte';
import { router } from './router.svelte';

export type Remedy = { label: string; run: () => void };

const remedies: Partial<Record<ErrorCode, () => Remedy>> = {
  'passport-expired': () => ({ label: t().passport.renewButton, run: () => (papers.renewing = true) }),
  'certificate-revoked': () => ({ label: t().passport.recoverButton, run: () => router.go('recover') }),
  'passport-broken': () => ({ label: t().passport.recoverButton, run: () => router.go('recover') }),
};

export const remedy = ({ code }: Failure): Remedy | undefined => (code ? remedies[code]?.() : undefined);
