/// What is on this computer: how much there is, and the playlists. A page that shows a part of the
/// library asks for it again when `age` changes.
import { t } from '../i18n/index.svelte';
import { core } from '../ipc/client';
import type { LibraryTrack, Playlist } from '../ipc/bindings';
import { attempt, notices } from './notices.svelte';
import { player } from './player.svelte';

class Library {
  tracks = $state(0);
  playlists = $state.raw<Playlist[]>([]);
  /** Counts the changes. */
  age = $state(0);

  async listen(tracks: number): Promise<void> {
    this.tracks = tracks;
    core.on('libraryChanged', (news) => {
      this.tracks = news.tracks;
      this.age += 1;
      void this.#askPlaylists();
    });
    await this.#askPlaylists();
  }

  async createPlaylist(name: string, trackIds: string[] = []): Promise<Playlist | undefined> {
    const list = await attempt(() => core.playlistCreate(name, trackIds));
    await this.#askPlaylists();
    return list;
  }

  async addTo(list: Playlist, trackIds: string[]): Promise<void> {
    if (await attempt(() => core.playlistAdd(list.playlistId, trackIds)))
      notices.say(t().playlists.added(trackIds.length, list.name));
  }

  async rename(list: Playlist, name: string): Promise<void> {
    await attempt(() => core.playlistRename(list.playlistId, name));
    this.age += 1;
    await this.#askPlaylists();
  }

  /** Deletes the list; undo makes it anew with the same tracks. */
  async remove(list: Playlist, tracks: LibraryTrack[]): Promise<void> {
    if ((await attempt(() => core.playlistDelete(list.playlistId))) === undefined) return;
    await this.#askPlaylists();
    const ids = tracks.map((track) => track.trackId);
    notices.say(t().playlists.deleted(list.name), {
      label: t().common.undo,
      run: () => void this.createPlaylist(list.name, ids),
    });
  }

  async enqueue(trackIds: string[], place: 'next' | 'last'): Promise<void> {
    if (await player.enqueue(trackIds, place)) notices.say(t().library.queued(trackIds.length));
  }

  async #askPlaylists(): Promise<void> {
    this.playlists = (await attempt(() => core.playlists())) ?? this.playlists;
  }
}

export const library = new Library();
