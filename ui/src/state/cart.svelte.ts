/// The cart, and how each track of the store stands with this listener.
import { t } from '../i18n/index.svelte';
import { core } from '../ipc/client';
import type { Cart, CartItem, Order, Ownership, PaymentCard, StoreTrack } from '../ipc/bindings';
import { deliveries } from './deliveries.svelte';
import { attempt, notices } from './notices.svelte';
import { router } from './router.svelte';
import { session } from './session.svelte';

class CartState {
  cart = $state.raw<Cart>({ currency: 'USD', items: [], itemsCents: 0, savingCents: 0, totalCents: 0 });

  /** What is being paid: it stays in sight until the answer is there, though the core has taken it out already. */
  paying = $state.raw<Cart | null>(null);

  get shown(): Cart {
    return this.paying ?? this.cart;
  }

  async listen(): Promise<void> {
    core.on('cartChanged', (cart) => (this.cart = cart));
    this.cart = await core.cart();
  }

  /** What the core said, corrected by what has happened since. */
  standing(track: StoreTrack): Ownership {
    const delivery = deliveries.of(track.mediaId);
    if (track.ownership === 'owned' || delivery?.state === 'ready') return 'owned';
    if (delivery && delivery.state !== 'failed') return 'arriving';
    if (this.cart.items.some((item) => item.mediaId === track.mediaId)) return 'inCart';
    return track.ownership === 'arriving' ? 'arriving' : 'none';
  }

  /** `quietly` where the cart itself is shown next. */
  async add(tracks: StoreTrack[], quietly = false): Promise<void> {
    const wanted = tracks.filter((track) => this.standing(track) === 'none');
    const cart = await attempt(() => core.cartAdd(wanted.map(({ mediaId }) => ({ mediaId, quality: null }))));
    if (!cart) return;
    this.cart = cart;
    if (!quietly)
      notices.say(t().store.added(wanted.length), { label: t().store.goCart, run: () => router.go('cart') });
  }

  async remove(item: CartItem): Promise<void> {
    const cart = await attempt(() => core.cartRemove([item.mediaId]));
    if (!cart) return;
    this.cart = cart;
    const { mediaId, quality, title } = item;
    const undo = async (): Promise<void> => {
      this.cart = (await attempt(() => core.cartAdd([{ mediaId, quality }]))) ?? this.cart;
    };
    notices.say(t().cart.removed(title), { label: t().common.undo, run: () => void undo() });
  }

  async setQuality(item: CartItem, quality: string): Promise<void> {
    this.cart = (await attempt(() => core.cartSetQuality(item.mediaId, quality))) ?? this.cart;
  }

  /** Pays; a failure is the form's to show. */
  async pay(card: PaymentCard, passphrase: string | null): Promise<Order> {
    const order = await session.withPassport(() => core.checkout(card, passphrase));
    this.cart = await core.cart();
    await deliveries.load();
    return order;
  }
}

export const cart = new CartState();
