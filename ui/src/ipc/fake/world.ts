/// The invented core's memory, and its way of telling news. The address chooses the scene:
/// `?passport=none|locked|soon|expired|revoked|broken`, `?store=offline|error|empty|slow|starting`,
/// `?library=empty|many|slow|error`, `?theme=`, `?lang=`.
import type { News, Unsubscribe } from '../client';
import { Failure } from '../failure';
import type { AppState, Cart, Download, OwnerLine, PassportPhase, PassportValidity, Position, RecoveryForm, Settings, StoreState } from '../bindings';
import { currency } from './albums';

const asked = new URLSearchParams(globalThis.location?.search ?? '');

export const scene = {
  passport: asked.get('passport') ?? 'unlocked',
  store: asked.get('store') ?? 'full',
  library: asked.get('library') ?? 'full',
};

/** How long an answer takes. Tests set it to nothing. */
export const pace = { answerMs: 40, tickMs: 250 };

export const owner: OwnerLine = {
  name: 'Ada Example',
  email: 'ada@example.org',
  cardBrand: 'Visa',
  cardLast4: '4242',
  confidential: 'My first piano was green',
};

const phases: Record<string, PassportPhase> = { none: 'none', locked: 'locked', broken: 'locked' };
const validities: Record<string, PassportValidity> = { soon: 'expiresSoon', expired: 'expired' };

export const world = {
  phase: phases[scene.passport] ?? 'unlocked',
  passphrase: 'correct horse battery',
  owner: ['none', 'broken'].includes(scene.passport) ? null : owner,
  validity: validities[scene.passport] ?? 'valid',
  /** What the licensing center knows; what is recovered is compared with it. */
  registered: { name: owner.name, email: owner.email, telephone: '+44 20 7946 0000', cardNumber: '4242424242424242', cardExpiry: '12/29' } as RecoveryForm,
  /** A recovered passport waits for its passphrase. */
  recovered: false,
  settings: {
    theme: asked.get('theme') ?? 'system', language: asked.get('lang'), device: null, askPassphrase: 'oncePerSession',
    afterDelivery: 'ready', bandwidthKbps: null, store: null, storeRoot: null,
  } as Settings,
  owned: new Set<string>(
    scene.passport === 'none' || scene.library === 'empty' ? [] : [...(asked.get('own')?.split(',') ?? []), 'rags-5', 'water-1', 'water-2', 'water-3', 'planets-3', 'goldberg-1', 'scenes-1', 'scenes-2', 'scenes-3', 'scenes-4', 'nocturnes-1', 'danse-2', 'grey-1'],
  ),
  cart: { currency, items: [], itemsCents: 0, savingCents: 0, totalCents: 0 } as Cart,
  downloads: [] as Download[],
};

export const storeState = (): StoreState => ({
  status: scene.store === 'offline' ? 'unreachable' : scene.store === 'starting' ? 'starting' : 'reachable',
  bundled: true,
  address: 'https://127.0.0.1:8443',
  error: scene.store === 'offline' ? { code: 'store-unreachable', data: {}, message: 'The store does not answer.' } : null,
});

export const appState = (): AppState => ({
  version: '0.1.0',
  passport: world.phase,
  owner: world.phase === 'unlocked' ? world.owner : null,
  ownerName: world.owner?.name ?? null,
  store: storeState(),
  settings: world.settings,
  libraryTracks: world.owned.size,
  cartItems: world.cart.items.length,
  arriving: 0,
});

const listeners = new Map<keyof News, Set<(news: never) => void>>();
const clocks = new Set<(position: Position) => void>();

export const on = <E extends keyof News>(event: E, hear: (news: News[E]) => void): Unsubscribe => {
  const heard = listeners.get(event) ?? new Set();
  listeners.set(event, heard.add(hear as (news: never) => void));
  return () => heard.delete(hear as (news: never) => void);
};

export const tell = <E extends keyof News>(event: E, news: News[E]): void =>
  listeners.get(event)?.forEach((hear) => (hear as (news: News[E]) => void)(news));

export const watchPosition = (hear: (position: Position) => void): void => void clocks.add(hear);
export const tick = (position: Position): void => clocks.forEach((hear) => hear(position));

const later = (ms: number): Promise<unknown> => new Promise((done) => setTimeout(done, ms));

/** An answer that takes as long as a real one would: on its way, news may overtake it. */
export const answer = async <T>(value: () => T, part?: 'store' | 'library'): Promise<T> => {
  const how = part ? scene[part] : 'full';
  await later(how === 'slow' ? 60_000 : pace.answerMs / 2);
  if (part === 'store' && (how === 'offline' || how === 'starting'))
    throw new Failure('store-unreachable', {}, 'The store does not answer. Check the connection and try again.');
  if (how === 'error') throw new Failure('internal', {}, 'The index could not be read. Restart Cadenza; it is rebuilt from the music folder.');
  const said = structuredClone(value());
  await later(pace.answerMs / 2);
  return said;
};
