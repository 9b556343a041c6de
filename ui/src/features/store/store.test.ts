// V1, B1, B3: the store's rows, the cart and the payment form
import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { core } from '../../ipc/client';
import type { StoreAlbum } from '../../ipc/bindings';
import { cart } from '../../state/cart.svelte';
import { player } from '../../state/player.svelte';
import { session } from '../../state/session.svelte';
import AlbumActions from './AlbumActions.svelte';
import PaymentForm from './PaymentForm.svelte';
import TrackRows from './TrackRows.svelte';

let album: StoreAlbum;
beforeEach(async () => {
  session.take(await core.appState());
  album = await core.storeAlbum('parlour');
  cart.cart = await core.cartClear();
});

describe('a track on sale', () => {
  it('plays its clip at one press', async () => {
    const preview = vi.spyOn(core, 'preview');
    render(TrackRows, { tracks: album.tracks, currency: 'USD', label: 'Tracks' });
    await fireEvent.click(screen.getByRole('button', { name: 'Preview Alla turca' }));
    expect(preview.mock.calls[0]?.[0][0]).toBe('parlour-1');
    await waitFor(() => expect(screen.getByRole('button', { name: 'Pause Alla turca' })).toBeTruthy());
    await player.playPause();
  });

  it('goes into the cart at its price, and says so in the same place', async () => {
    render(TrackRows, { tracks: album.tracks, currency: 'USD', label: 'Tracks' });
    await fireEvent.click(screen.getByRole('button', { name: /^Add Largo .* to cart, \$1\.29$/ }));
    await waitFor(() => expect(screen.getByRole('link', { name: /^In cart: Largo/ })).toBeTruthy());
    expect(cart.cart.totalCents).toBe(129);
  });

  it('is walked through with the arrow keys', async () => {
    render(TrackRows, { tracks: album.tracks, currency: 'USD', label: 'Tracks' });
    const first = screen.getByRole('button', { name: 'Preview Alla turca' });
    first.focus();
    await fireEvent.keyDown(first, { key: 'ArrowDown' });
    expect(document.activeElement?.getAttribute('aria-label')).toBe('Preview Canon in D');
    await fireEvent.keyDown(document.activeElement!, { key: 'ArrowRight' });
    expect(document.activeElement?.getAttribute('aria-label')).toBe('Add Canon in D to cart, $1.29');
  });
});

describe('an album on sale', () => {
  it('asks for the rest what the core asks, once a track of it is in the cart', async () => {
    vi.spyOn(core, 'albumRest').mockResolvedValue(777);
    await cart.add([album.tracks[0]!], true);
    render(AlbumActions, { card: album.card, currency: 'EUR', tracks: album.tracks });
    expect(await screen.findByRole('button', { name: /€7\.77/ })).toBeTruthy();
  });
});

describe('paying', () => {
  const fill = async (number: string): Promise<void> => {
    await fireEvent.input(screen.getByLabelText('Card number'), { target: { value: number } });
    await fireEvent.input(screen.getByLabelText('Expires'), { target: { value: '1239' } });
    await fireEvent.input(screen.getByLabelText('Name on card'), { target: { value: 'Ada Example' } });
    await fireEvent.click(screen.getByRole('button', { name: /^Pay / }));
  };
  beforeEach(async () => {
    cart.cart = await core.cartAdd([{ mediaId: 'parlour-9', quality: null }]);
  });

  it('shows a declined card at its field, with what to do, and keeps what was typed', async () => {
    render(PaymentForm, { done: () => undefined });
    await fill('4000000000000002');
    await waitFor(() => expect(screen.getByText(/The bank declined this card\. Try another card/)).toBeTruthy());
    expect((screen.getByLabelText('Card number') as HTMLInputElement).value).toBe('4000 0000 0000 0002');
    expect(screen.getByLabelText('Card number').getAttribute('aria-invalid')).toBe('true');
  });

  it('does not send a number with a typing error', async () => {
    const checkout = vi.spyOn(core, 'checkout');
    render(PaymentForm, { done: () => undefined });
    await fill('4242424242424241');
    expect(await screen.findByText('This number has a typing error.')).toBeTruthy();
    expect(checkout).not.toHaveBeenCalled();
  });

  it('gives the order once it is paid', async () => {
    const done = vi.fn();
    render(PaymentForm, { done });
    await fill('4242424242424242');
    await waitFor(() => expect(done).toHaveBeenCalledWith(expect.objectContaining({ totalCents: 129 })));
  });
});
