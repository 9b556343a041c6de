/// What can be done at once about a failure: the word on a button, and what it does.
import { t } from '../i18n/index.svelte';
import { papers } from './papers.svelte';
import { router } from './router.svelte';

export type Remedy = { label: string; run: () => void };

const remedies: Record<string, () => Remedy> = {
  'passport-expired': () => ({ label: t().passport.renewButton, run: () => (papers.renewing = true) }),
  'certificate-revoked': () => ({ label: t().passport.recoverButton, run: () => router.go('recover') }),
  'passport-broken': () => ({ label: t().passport.recoverButton, run: () => router.go('recover') }),
};

export const remedy = ({ code }: { code: string }): Remedy | undefined => remedies[code]?.();
