// B7: a refund is seen, with its amount and what it means
import { render, screen } from '@testing-library/svelte';
import { afterEach, describe, expect, it } from 'vitest';
import { setLanguage } from '../../i18n/index.svelte';
import type { Order } from '../../ipc/bindings';
import OrderCard from './OrderCard.svelte';

const order = (state: Order['state']): Order => ({
  orderId: 'C-7',
  placedAt: 1_795_000_000,
  currency: 'USD',
  totalCents: 129,
  paidWith: 'Visa •••• 4242',
  state,
  items: [
    {
      mediaId: '07'.repeat(16),
      title: 'Largo',
      artist: 'Handel',
      quality: 'lossless',
      priceCents: 129,
      sleeve: { cover: null, hue: 0, chroma: 0 },
    },
  ],
});

afterEach(() => setLanguage('en'));

describe('a past order', () => {
  it('can be downloaded again while it stands', () => {
    render(OrderCard, { order: order('delivered') });
    expect(screen.getByRole('button', { name: 'Download Largo again', hidden: true })).toBeTruthy();
  });

  it.each([
    ['en', 'Refunded: $1.29', /goes back to Visa •••• 4242.*stays playable.*nothing more/],
    ['de', /^Erstattet: 1,29\s\$$/, /zurück an Visa •••• 4242.*spielt weiter.*nichts mehr laden/],
  ])('says that it was refunded, how much, and what that means, in %s', (language, amount, meaning) => {
    setLanguage(language);
    render(OrderCard, { order: order('refunded') });
    expect(screen.getByText(amount)).toBeTruthy();
    expect(screen.getByText(meaning)).toBeTruthy();
    expect(screen.queryByRole('button', { hidden: true })).toBeNull();
  });

  it('says that its refund is on its way', () => {
    render(OrderCard, { order: order('refunding') });
    expect(screen.getByText('Refund on its way: $1.29')).toBeTruthy();
  });
});
