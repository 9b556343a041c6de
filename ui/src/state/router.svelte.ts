/// Which page is shown. The address after # is the state, so back and forward work as in a browser.
export type Page =
  | 'store'
  | 'album'
  | 'search'
  | 'cart'
  | 'library'
  | 'ownAlbum'
  | 'artist'
  | 'playlist'
  | 'downloads'
  | 'disc'
  | 'passport'
  | 'settings'
  | 'welcome'
  | 'recover'
  | 'more';

export type Place = { page: Page; id: string };

const parse = (hash: string): Place => {
  const [page = '', ...rest] = hash.replace(/^#\/?/, '').split('/');
  return { page: (page || 'store') as Page, id: decodeURIComponent(rest.join('/')) };
};

class Router {
  place = $state<Place>(parse(location.hash));

  constructor() {
    addEventListener('hashchange', () => (this.place = parse(location.hash)));
  }

  go(page: Page, id = ''): void {
    location.hash = href(page, id);
  }

  /** Goes there without leaving a step to go back to. */
  swap(page: Page, id = ''): void {
    history.replaceState(null, '', href(page, id));
    this.place = { page, id };
  }

  back(): void {
    history.back();
  }
}

export const href = (page: Page, id = ''): string => `#/${page}${id ? `/${encodeURIComponent(id)}` : ''}`;
export const router = new Router();
