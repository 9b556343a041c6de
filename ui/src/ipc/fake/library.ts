/// The library and its playlists, invented: what is owned, or 100,000 rows with `?library=many`.
import { Failure } from '../failure';
import type { LibraryAlbum, LibraryArtist, LibraryTrack, Playlist, PlaylistPage, TrackOrder, TrackQuery, TrackSort, TrackTexts } from '../bindings';
import { albums, findTrack } from './albums';
import { answer, scene, tell, world } from './world';
import { lyricsOf } from './lyrics';
import parlour from './parlour.json';

/** The library names albums in its own way. */
const own = (albumId: string): string => `own-${albumId}`;

const row = (id: string, place: number): LibraryTrack => {
  const track = findTrack(id)!;
  const album = albums.find((a) => a.card.id === track.albumId)!.card;
  return {
    trackId: id, mediaId: id, albumId: own(track.albumId), title: track.title, artist: track.artist, album: track.album, number: track.number,
    genre: album.genre, year: album.year, durationMs: track.durationMs, sleeve: track.sleeve, format: track.qualities[0]!.format,
    sizeBytes: track.qualities[0]!.sizeBytes, play: { kind: 'unlimited' },
    record: id === 'grey-1' ? { kind: 'never' } : id === 'planets-3' ? { kind: 'times', left: 2 } : { kind: 'unlimited' },
    addedAt: 1_795_300_000 - place * 40_000, playCount: (place * 7) % 19, lastPlayedAt: null,
  };
};

let many: LibraryTrack[] | undefined;
const manyRows = (): LibraryTrack[] => {
  const all = albums.flatMap((a) => a.tracks.map((t, i) => row(t.mediaId, i)));
  return (many ??= Array.from({ length: 100_000 }, (_, i) => ({ ...all[i % all.length]!, trackId: all[i % all.length]!.trackId, title: `${all[i % all.length]!.title} (take ${Math.floor(i / all.length) + 1})` })));
};
const rows = (): LibraryTrack[] => (scene.library === 'many' ? manyRows() : [...world.owned].map(row));

const keys: Record<TrackOrder, (t: LibraryTrack) => string | number> = {
  title: (t) => t.title, artist: (t) => t.artist, album: (t) => `${t.album} ${String(t.number).padStart(3, '0')}`,
  duration: (t) => t.durationMs, added: (t) => t.addedAt, playCount: (t) => t.playCount,
};
const sorted = (list: LibraryTrack[], { by, descending }: TrackSort): LibraryTrack[] => {
  const key = keys[by];
  const order = (a: LibraryTrack, b: LibraryTrack) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0);
  return [...list].sort((a, b) => (descending ? -order(a, b) : order(a, b)));
};

const owns = (albumId: string) => rows().filter((t) => t.albumId === albumId);
const album = (albumId: string): LibraryAlbum => {
  const card = albums.find((a) => own(a.card.id) === albumId)?.card;
  const tracks = owns(albumId);
  if (!card || !tracks.length) throw new Failure('not-found');
  return { albumId, storeAlbumId: card.id, title: card.title, artist: card.artist, year: card.year, genre: card.genre, sleeve: card.sleeve, trackCount: tracks.length, durationMs: tracks.reduce((s, t) => s + t.durationMs, 0), addedAt: tracks[0]!.addedAt };
};

const artists = (): LibraryArtist[] =>
  [...new Set(rows().map((t) => t.artist))].sort().map((name) => {
    const tracks = rows().filter((t) => t.artist === name);
    return { name, trackCount: tracks.length, albumCount: new Set(tracks.map((t) => t.albumId)).size, sleeve: tracks[0]!.sleeve };
  });

type Kept = { id: string; name: string; tracks: string[] };
let lists: Kept[] = scene.library === 'empty' ? [] : [
  { id: 'p1', name: 'Sunday, slowly', tracks: ['scenes-3', 'danse-2', 'nocturnes-1', 'goldberg-1', 'water-2', 'rags-5'] },
  { id: 'p2', name: 'For the car disc', tracks: ['water-1', 'planets-3', 'scenes-2', 'water-3'] },
];
const kept = (id: string): Kept => {
  const found = lists.find((l) => l.id === id);
  if (!found) throw new Failure('not-found');
  return found;
};
const about = (list: Kept): Playlist => ({
  playlistId: list.id, name: list.name, trackCount: list.tracks.length,
  durationMs: list.tracks.reduce((s, id) => s + findTrack(id)!.durationMs, 0), sleeve: list.tracks[0] ? findTrack(list.tracks[0])!.sleeve : null,
});
const page = (list: Kept): PlaylistPage => ({ playlist: about(list), tracks: list.tracks.map(row) });
const change = (id: string, how: (list: Kept) => void): PlaylistPage => {
  const list = kept(id);
  how(list);
  tell('libraryChanged', { tracks: world.owned.size });
  return page(list);
};

export const library = {
  libraryTracks: (query: TrackQuery, sort: TrackSort) => answer(() => {
    const words = (query.text ?? '').toLowerCase().split(/\s+/).filter(Boolean);
    const found = rows().filter((t) =>
      (!query.albumId || t.albumId === query.albumId) && (!query.artist || t.artist === query.artist) &&
      words.every((w) => `${t.title} ${t.artist} ${t.album}`.toLowerCase().includes(w)));
    const seconds = found.reduce((s, t) => s + t.durationMs, 0) / 1000;
    return { tracks: sorted(found, sort).slice(query.offset, query.offset + query.limit), total: found.length, totalSeconds: Math.round(seconds) };
  }, 'library'),
  libraryAlbum: (id: string) => answer(() => album(id), 'library'),
  libraryAlbums: () => answer(() => albums.map((a) => own(a.card.id)).filter((id) => owns(id).length).map(album), 'library'),
  libraryArtists: () => answer(artists, 'library'),
  trackTexts: (id: string) => answer((): TrackTexts => {
    const track = findTrack(id);
    const of = albums.find((a) => a.card.id === track?.albumId);
    return { lyrics: lyricsOf(id), linerNotes: (id.startsWith('parlour-') ? parlour.tracks[Number(id.slice(8)) - 1]?.liner : of?.linerNotes) ?? null, credits: of?.credits ?? null, commentary: null, biography: of?.biography ?? null };
  }),
  playlists: () => answer(() => lists.map(about), 'library'),
  playlist: (id: string) => answer(() => page(kept(id)), 'library'),
  playlistCreate: (name: string, tracks: string[]) => answer(() => {
    const list: Kept = { id: `p${Date.now()}`, name, tracks };
    lists.push(list);
    tell('libraryChanged', { tracks: world.owned.size });
    return about(list);
  }),
  playlistRename: (id: string, name: string) => answer(() => change(id, (l) => (l.name = name)).playlist),
  playlistDelete: (id: string) => answer(() => {
    lists = lists.filter((l) => l.id !== id);
    tell('libraryChanged', { tracks: world.owned.size });
    return null;
  }),
  playlistAdd: (id: string, ids: string[]) => answer(() => change(id, (l) => l.tracks.push(...ids))),
  playlistRemove: (id: string, places: number[]) => answer(() => change(id, (l) => (l.tracks = l.tracks.filter((_, i) => !places.includes(i))))),
  playlistMove: (id: string, from: number, to: number) => answer(() => change(id, (l) => l.tracks.splice(to, 0, ...l.tracks.splice(from, 1)))),
};
