/// The store, the cart and deliveries, invented.
import { Failure } from '../failure';
import type { AlbumCard, AskedLink, Cart, CartChoice, CartItem, Download, Order, PaymentCard, StoreAlbum, StoreTrack } from '../bindings';
import { albums, currency, findTrack } from './albums';
import { pays } from './forms';
import { answer, pace, scene, storeState, tell, world } from './world';

const standing = (track: StoreTrack): StoreTrack => ({
  ...track,
  ownership: world.owned.has(track.mediaId) ? 'owned'
    : world.downloads.some((d) => d.mediaId === track.mediaId) ? 'arriving'
    : world.cart.items.some((i) => i.mediaId === track.mediaId) ? 'inCart' : 'none',
});

const shown = (album: StoreAlbum): StoreAlbum => {
  const tracks = album.tracks.map(standing);
  return { ...album, tracks, card: { ...album.card, ownedTracks: tracks.filter((t) => t.ownership === 'owned').length } };
};

const cards = (): AlbumCard[] => (scene.store === 'empty' ? [] : albums.map((a) => shown(a).card));

const priced = (items: CartItem[]): Cart => {
  const itemsCents = items.reduce((sum, i) => sum + i.priceCents, 0);
  const whole = albums.filter((a) => a.tracks.every((t) => items.some((i) => i.mediaId === t.mediaId)));
  const savingCents = whole.reduce((sum, a) => sum + a.tracks.reduce((s, t) => s + t.qualities[0]!.priceCents, 0) - a.card.priceCents, 0);
  return { currency, items, itemsCents, savingCents, totalCents: itemsCents - savingCents };
};

const setItems = (items: CartItem[]): Cart => {
  world.cart = priced(items);
  tell('cartChanged', structuredClone(world.cart));
  return world.cart;
};

const choose = ({ mediaId, quality }: CartChoice): CartItem[] => {
  const track = findTrack(mediaId);
  if (!track || world.owned.has(mediaId) || world.cart.items.some((i) => i.mediaId === mediaId)) return [];
  const picked = track.qualities.find((q) => q.name === quality) ?? track.qualities[0]!;
  const { albumId, title, artist, album, sleeve, durationMs, qualities, mayRecord } = track;
  return [{ mediaId, albumId, title, artist, album, sleeve, durationMs, qualities, mayRecord, quality: picked.name, priceCents: picked.priceCents }];
};

const step = (download: Download): void => {
  download.state = download.receivedBytes >= download.totalBytes ? 'ready' : 'receiving';
  download.receivedBytes = Math.min(download.totalBytes, download.receivedBytes + download.totalBytes / 8);
  if (download.state === 'ready') {
    world.owned.add(download.mediaId);
    tell('libraryChanged', { tracks: world.owned.size });
    tell('notice', { level: 'good', what: { code: 'purchase-ready', data: { title: download.title }, message: '' } });
  } else setTimeout(() => step(download), pace.tickMs);
  tell('downloadChanged', structuredClone(download));
};

const deliver = (items: CartItem[], orderId: string): void =>
  items.forEach((item, place) => {
    const download: Download = {
      mediaId: item.mediaId, orderId, title: item.title, artist: item.artist, album: item.album, sleeve: item.sleeve, quality: item.quality,
      state: 'waiting', receivedBytes: 0, totalBytes: item.qualities.find((q) => q.name === item.quality)!.sizeBytes, error: null,
    };
    world.downloads.unshift(download);
    setTimeout(() => step(download), pace.tickMs * (1 + place * 3));
  });

const links: AskedLink[] = [];
/** A link is opened from outside. */
export const openLink = (link: AskedLink): void => {
  links.push(link);
  tell('goTo', { page: 'link' });
};

const past: Order[] = [];
const orders = (): Order[] =>
  past.map((o) => (o.state !== 'refunded' && o.items.every((i) => world.owned.has(i.mediaId)) ? { ...o, state: 'delivered' as const } : o));

export const store = {
  storeState: () => answer(storeState),
  storeRetry: () => answer(() => {
    scene.store = 'full';
    tell('storeReachable', storeState());
    return storeState();
  }),
  storeFront: () => answer(() => ({ currency, albums: cards() }), 'store'),
  storeAlbum: (albumId: string) => answer(() => {
    const album = albums.find((a) => a.card.id === albumId);
    if (!album) throw new Failure('not-found');
    return shown(album);
  }, 'store'),
  albumRest: (albumId: string) => answer(() => {
    const left = albums.find((a) => a.card.id === albumId)?.tracks.map(standing).filter((t) => t.ownership === 'none') ?? [];
    return priced(left.flatMap(({ mediaId }) => choose({ mediaId, quality: null }))).totalCents;
  }, 'store'),
  storeSearch: (query: string) => answer(() => {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const hit = (...texts: string[]) => words.every((w) => texts.join(' ').toLowerCase().includes(w));
    return {
      currency,
      albums: cards().filter((a) => hit(a.title, a.artist)),
      tracks: albums.flatMap((a) => a.tracks).filter((t) => hit(t.title, t.artist, t.album)).map(standing),
    };
  }, 'store'),
  cart: () => answer(() => world.cart),
  cartAdd: (items: CartChoice[]) => answer(() => setItems([...world.cart.items, ...items.flatMap(choose)])),
  cartRemove: (ids: string[]) => answer(() => setItems(world.cart.items.filter((i) => !ids.includes(i.mediaId)))),
  cartSetQuality: (id: string, quality: string) => answer(() => setItems(world.cart.items.map((item) =>
    item.mediaId === id ? { ...item, quality, priceCents: item.qualities.find((q) => q.name === quality)?.priceCents ?? item.priceCents } : item))),
  cartClear: () => answer(() => setItems([])),
  checkout: (card: PaymentCard, passphrase: string | null) => answer(() => {
    if (world.phase === 'none') throw new Failure('no-passport');
    if (passphrase !== null && passphrase !== world.passphrase) throw new Failure('wrong-passphrase');
    if (world.phase === 'locked') throw new Failure('passport-locked');
    if (world.validity === 'expired') throw new Failure('passport-expired');
    if (scene.passport === 'revoked') throw new Failure('certificate-revoked');
    pays(card.number);
    const { items, totalCents } = world.cart;
    const order: Order = { orderId: `C-${1042 + past.length}`, placedAt: Math.floor(Date.now() / 1000), currency, totalCents, paidWith: 'Visa •••• 4242', state: 'arriving', items };
    past.unshift(order);
    setItems([]);
    deliver(items, order.orderId);
    return order;
  }, 'store'),
  orders: () => answer(orders),
  refreshOrders: () => answer(orders, 'store'),
  downloads: () => answer(() => world.downloads),
  downloadRetry: (mediaId: string) => answer(() => {
    const download = world.downloads.find((d) => d.mediaId === mediaId);
    if (!download) throw new Failure('not-found');
    download.error = null;
    step(download);
    return download;
  }),
  redeemVoucher: (_path: string) => answer((): Download[] => []),
  askedLink: () => answer((): AskedLink | null => links[0] ?? null),
  answerLink: (number: number, _follow: boolean) => answer((): AskedLink | null => {
    links.splice(0, links.length, ...links.filter((link) => link.number !== number));
    return links[0] ?? null;
  }),
};

/** Puts one delivery into each state, and a past order, for screenshots. */
export const showDeliveries = (): void => {
  const items = ['parlour-1', 'parlour-2', 'parlour-3', 'goldberg-2'].flatMap((mediaId) => choose({ mediaId, quality: null }));
  const states: Download['state'][] = ['receiving', 'checking', 'waiting', 'failed'];
  world.downloads = items.map((item, i) => ({
    mediaId: item.mediaId, orderId: 'C-1041', title: item.title, artist: item.artist, album: item.album, sleeve: item.sleeve, quality: item.quality,
    state: states[i]!, receivedBytes: [8_600_000, 19_500_000, 0, 4_200_000][i]!, totalBytes: [13_800_000, 19_500_000, 0, 26_500_000][i]!,
    error: i === 3 ? { code: 'download-failed', data: {}, message: '' } : null,
  }));
  past.push({ orderId: 'C-1041', placedAt: 1_795_390_000, currency, totalCents: 516, paidWith: 'Visa •••• 4242', state: 'incomplete', items });
  past.push({ orderId: 'C-1017', placedAt: 1_794_990_000, currency, totalCents: 237, paidWith: 'Visa •••• 4242', state: 'delivered', items: ['water-1', 'water-2', 'water-3'].map((id) => ({ ...findTrack(id)!, quality: 'lossless', priceCents: 79 })) });
  past.push({ orderId: 'C-1002', placedAt: 1_794_590_000, currency, totalCents: 129, paidWith: 'Visa •••• 4242', state: 'refunded', items: items.slice(3) });
};
if (new URLSearchParams(globalThis.location?.search ?? '').has('arriving')) showDeliveries();
