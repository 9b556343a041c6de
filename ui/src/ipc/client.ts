/// The page's only door to the core. One of two things stands behind it: the program's window (window.ts,
/// over the generated bindings) or an invented core for a browser (fake/, never in a real build).
/// Every promise here rejects with a Failure and with nothing else.
import type * as T from './bindings';

/** What the core tells without being asked. */
export type News = {
  playbackChanged: T.PlaybackState;
  queueChanged: null;
  downloadChanged: T.Download;
  libraryChanged: T.LibraryChanged;
  burnProgress: T.BurnProgress;
  passportChanged: T.PassportChanged;
  cartChanged: T.Cart;
  storeReachable: T.StoreState;
  notice: T.Notice;
  goTo: T.GoTo;
};

export type Unsubscribe = () => void;

export interface Core {
  appState(): Promise<T.AppState>;
  settings(): Promise<T.Settings>;
  setSettings(settings: T.Settings): Promise<T.Settings>;
  devices(): Promise<T.AudioDevice[]>;
  pickFolder(): Promise<string | null>;
  pickFile(kind: T.PickedFile): Promise<string | null>;
  pickSave(kind: T.PickedFile, suggestedName: string): Promise<string | null>;

  register(form: T.RegistrationForm): Promise<string>;
  recoverPassport(form: T.RecoveryForm): Promise<string>;
  setPassphrase(passphrase: string): Promise<T.PassportFacts>;
  checkField(field: T.FormField, typed: string): Promise<T.FieldFault | null>;
  passphraseStrength(passphrase: string): Promise<T.PassphraseStrength>;
  unlock(passphrase: string): Promise<T.PassportFacts>;
  lock(): Promise<null>;
  passportFacts(): Promise<T.PassportFacts | null>;
  exportPassport(path: string): Promise<string>;
  importPassport(path: string, replace: boolean): Promise<T.PassportFacts | null>;
  changePassphrase(old: string, next: string): Promise<null>;
  renewPassport(passphrase: string): Promise<T.PassportFacts>;

  storeState(): Promise<T.StoreState>;
  storeRetry(): Promise<T.StoreState>;
  storeFront(): Promise<T.StoreFront>;
  storeAlbum(albumId: T.AlbumId): Promise<T.StoreAlbum>;
  albumRest(albumId: T.AlbumId): Promise<number>;
  storeSearch(query: string): Promise<T.StoreResults>;
  cart(): Promise<T.Cart>;
  cartAdd(items: T.CartChoice[]): Promise<T.Cart>;
  cartRemove(mediaIds: T.MediaId[]): Promise<T.Cart>;
  cartSetQuality(mediaId: T.MediaId, quality: string): Promise<T.Cart>;
  cartClear(): Promise<T.Cart>;
  checkout(card: T.PaymentCard, passphrase: string | null): Promise<T.Order>;
  orders(): Promise<T.Order[]>;
  refreshOrders(): Promise<T.Order[]>;
  downloads(): Promise<T.Download[]>;
  downloadRetry(mediaId: T.MediaId): Promise<T.Download>;
  redeemVoucher(path: string): Promise<T.Download[]>;
  askedLink(): Promise<T.AskedLink | null>;
  answerLink(number: number, follow: boolean): Promise<T.AskedLink | null>;

  preview(mediaIds: T.MediaId[], startIndex: number, kind: T.PreviewKind): Promise<T.PlaybackState>;
  play(trackIds: T.TrackId[], startIndex: number): Promise<T.PlaybackState>;
  playPause(): Promise<T.PlaybackState>;
  stop(): Promise<T.PlaybackState>;
  next(): Promise<T.PlaybackState>;
  previous(): Promise<T.PlaybackState>;
  seek(positionMs: number): Promise<null>;
  setVolume(volume: number): Promise<T.PlaybackState>;
  setMuted(muted: boolean): Promise<T.PlaybackState>;
  setShuffle(shuffle: boolean): Promise<T.PlaybackState>;
  setRepeat(repeat: T.Repeat): Promise<T.PlaybackState>;
  playbackState(): Promise<T.PlaybackState>;
  queue(): Promise<T.Queue>;
  queuePlay(entryId: number): Promise<T.PlaybackState>;
  queueAdd(trackIds: T.TrackId[], place: T.QueuePlace): Promise<T.Queue>;
  queueRemove(entryIds: number[]): Promise<T.Queue>;
  queueMove(entryId: number, to: number): Promise<T.Queue>;
  queueClear(): Promise<T.Queue>;

  libraryTracks(query: T.TrackQuery, sort: T.TrackSort): Promise<T.TrackPage>;
  libraryAlbum(albumId: T.AlbumId): Promise<T.LibraryAlbum>;
  libraryAlbums(): Promise<T.LibraryAlbum[]>;
  libraryArtists(): Promise<T.LibraryArtist[]>;
  trackTexts(trackId: T.TrackId): Promise<T.TrackTexts>;
  playlists(): Promise<T.Playlist[]>;
  playlist(playlistId: T.PlaylistId): Promise<T.PlaylistPage>;
  playlistCreate(name: string, trackIds: T.TrackId[]): Promise<T.Playlist>;
  playlistRename(playlistId: T.PlaylistId, name: string): Promise<T.Playlist>;
  playlistDelete(playlistId: T.PlaylistId): Promise<null>;
  playlistAdd(playlistId: T.PlaylistId, trackIds: T.TrackId[]): Promise<T.PlaylistPage>;
  playlistRemove(playlistId: T.PlaylistId, places: number[]): Promise<T.PlaylistPage>;
  playlistMove(playlistId: T.PlaylistId, from: number, to: number): Promise<T.PlaylistPage>;

  discPlan(trackIds: T.TrackId[], size: T.DiscSize): Promise<T.DiscPlan>;
  discBurn(trackIds: T.TrackId[], size: T.DiscSize, title: string, folder: string): Promise<T.DiscResult>;
  discCancel(): Promise<null>;

  on<E extends keyof News>(event: E, hear: (news: News[E]) => void): Unsubscribe;
  watchPosition(hear: (position: T.Position) => void): void;
}

export let core: Core;

/** Says what stands behind the door, once, before anything is shown. */
export const connect = (chosen: Core): void => void (core = chosen);
