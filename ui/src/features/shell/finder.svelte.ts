/// What the search field finds: pages by name at once, the store and the library a moment after
/// the last key. Answers to an earlier question are dropped.
import type { Component } from 'svelte';
import {
  IconCart,
  IconDisc,
  IconDownload,
  IconKeyboard,
  IconLibrary,
  IconPassport,
  IconPlaylist,
  IconSearch,
  IconSettings,
  IconStore,
} from '../../elements/icons';
import { clock, price } from '../../i18n/format';
import { t } from '../../i18n/index.svelte';
import { core } from '../../ipc/client';
import type { LibraryTrack, Sleeve, StoreResults } from '../../ipc/bindings';
import { library } from '../../state/library.svelte';
import { player } from '../../state/player.svelte';
import { router, type Page } from '../../state/router.svelte';
import { view } from '../../state/view.svelte';

export type Hit = {
  key: string;
  group: string;
  label: string;
  detail?: string;
  end?: string;
  sleeve?: Sleeve;
  Icon: Component;
  run: () => void;
};

const WAIT_MS = 120;
const AT_MOST = 6;
const NOTHING: StoreResults = { currency: '', albums: [], tracks: [] };

export class Finder {
  query = $state('');
  #store = $state.raw(NOTHING);
  #own = $state.raw<LibraryTrack[]>([]);
  #asked = 0;

  get hits(): Hit[] {
    return [...this.#records(), ...this.#songs(), ...this.#pages(), ...this.#rest()];
  }

  clear(): void {
    this.query = '';
    this.#asked += 1;
    [this.#store, this.#own] = [NOTHING, []];
  }

  async ask(): Promise<void> {
    const mine = ++this.#asked;
    const words = this.query.trim();
    await new Promise((done) => setTimeout(done, WAIT_MS));
    if (mine !== this.#asked) return;
    if (!words) return this.clear();
    const [store, own] = await Promise.allSettled([
      core.storeSearch(words),
      core.libraryTracks(
        { text: words, albumId: null, artist: null, offset: 0, limit: AT_MOST },
        { by: 'title', descending: false },
      ),
    ]);
    if (mine !== this.#asked) return;
    this.#store = store.status === 'fulfilled' ? store.value : NOTHING;
    this.#own = own.status === 'fulfilled' ? own.value.tracks : [];
  }

  #records(): Hit[] {
    const group = t().search.inStore;
    const albums = this.#store.albums.slice(0, AT_MOST).map((a): Hit => ({
      key: `album-${a.id}`,
      group,
      label: a.title,
      detail: a.artist,
      sleeve: a.sleeve,
      Icon: IconStore,
      end: t().common.album,
      run: () => router.go('album', a.id),
    }));
    const tracks = this.#store.tracks.slice(0, AT_MOST).map((track): Hit => ({
      key: `track-${track.mediaId}`,
      group,
      label: track.title,
      detail: `${track.artist}, ${track.album}`,
      sleeve: track.sleeve,
      Icon: IconStore,
      end:
        track.ownership === 'owned'
          ? t().store.owned
          : price(track.qualities[0]?.priceCents ?? 0, this.#store.currency),
      run: () => router.go('album', track.albumId),
    }));
    return [...albums, ...tracks];
  }

  #songs(): Hit[] {
    const ids = this.#own.map((track) => track.trackId);
    return this.#own.map((track, place) => ({
      key: `own-${track.trackId}`,
      group: t().search.inLibrary,
      label: track.title,
      detail: track.artist,
      sleeve: track.sleeve,
      Icon: IconLibrary,
      end: clock(track.durationMs),
      run: () => void player.play(ids, place),
    }));
  }

  #pages(): Hit[] {
    const page = (label: string, to: Page, Icon: Component, id = ''): Hit => ({
      key: `page-${to}-${id}`,
      group: t().search.goTo,
      label,
      Icon,
      run: () => router.go(to, id),
    });
    const all = [
      page(t().nav.store, 'store', IconStore),
      page(t().nav.library, 'library', IconLibrary),
      page(t().downloads.title, 'downloads', IconDownload),
      page(t().nav.disc, 'disc', IconDisc),
      page(t().nav.cart, 'cart', IconCart),
      page(t().nav.passport, 'passport', IconPassport),
      page(t().nav.settings, 'settings', IconSettings),
      {
        key: 'keys',
        group: t().search.goTo,
        label: t().keys.title,
        Icon: IconKeyboard,
        run: () => void (view.keys = true),
      },
      ...library.playlists.map((list) => page(list.name, 'playlist', IconPlaylist, list.playlistId)),
    ];
    const words = this.query.trim().toLowerCase();
    return all.filter((hit) => hit.label.toLowerCase().includes(words));
  }

  #rest(): Hit[] {
    const words = this.query.trim();
    if (!words || !this.#store.tracks.length) return [];
    return [
      {
        key: 'all',
        group: t().search.title,
        label: t().search.all(words),
        Icon: IconSearch,
        run: () => router.go('search', words),
      },
    ];
  }
}
