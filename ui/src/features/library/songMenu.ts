/// What can be done with some songs of the library.
import type { MenuItem } from '../../elements/Menu.svelte';
import { t } from '../../i18n/index.svelte';
import type { LibraryTrack } from '../../ipc/bindings';
import { disc } from '../../state/disc.svelte';
import { library } from '../../state/library.svelte';
import { router } from '../../state/router.svelte';

export const songMenu = (tracks: LibraryTrack[], extra: MenuItem[] = []): MenuItem[] => {
  const ids = tracks.map((track) => track.trackId);
  const w = t().library;
  return [
    ...(ids.length > 1 ? [{ label: t().common.tracks(ids.length), heading: true }] : []),
    { label: w.playNext, run: () => void library.enqueue(ids, 'next') },
    { label: w.playLast, run: () => void library.enqueue(ids, 'last') },
    { label: w.toDisc, run: () => void disc.add(ids) },
    ...(tracks[0] ? [{ label: w.showAlbum, run: () => router.go('ownAlbum', tracks[0]!.albumId) }] : []),
    { label: w.addToPlaylist, heading: true },
    ...library.playlists.map((list) => ({ label: list.name, run: () => void library.addTo(list, ids) })),
    { label: t().nav.newPlaylist, run: () => void newPlaylist(tracks) },
    ...extra,
  ];
};

const newPlaylist = async (tracks: LibraryTrack[]): Promise<void> => {
  const list = await library.createPlaylist(
    tracks[0]?.album ?? t().playlists.untitled,
    tracks.map((track) => track.trackId),
  );
  if (list) router.go('playlist', list.playlistId);
};
