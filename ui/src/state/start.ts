/// Brings the page's state up: asks the core once for everything, then listens to its news.
import { explainLine, t } from '../i18n/index.svelte';
import { core } from '../ipc/client';
import { Failure } from '../ipc/failure';
import type { GoTo, Notice } from '../ipc/bindings';
import { cart } from './cart.svelte';
import { deliveries } from './deliveries.svelte';
import { disc } from './disc.svelte';
import { library } from './library.svelte';
import { links } from './links.svelte';
import { notices } from './notices.svelte';
import { papers } from './papers.svelte';
import { passportFile } from './passport.svelte';
import { player } from './player.svelte';
import { remedy } from './remedy';
import { router } from './router.svelte';
import { session } from './session.svelte';
import { settings } from './settings.svelte';

export const start = async (): Promise<void> => {
  settings.take(settings.now);
  try {
    const state = await core.appState();
    settings.take(state.settings);
    session.listen();
    session.take(state);
    disc.listen();
    core.on('notice', tellNotice);
    core.on('goTo', (place) => void follow(place));
    if (state.passport === 'none' || state.passport === 'needsPassphrase') router.swap('welcome');
    await Promise.all([
      papers.listen(),
      player.listen(),
      cart.listen(),
      deliveries.listen(),
      library.listen(state.libraryTracks),
      links.look(),
    ]);
  } catch (thrown) {
    session.failure = Failure.from(thrown);
  }
};

const tellNotice = ({ level, what }: Notice): void => {
  const words = t().notices[what.code];
  notices.say(words ? words(what.data) : explainLine(what), remedy(Failure.of(what)), level);
};

/** A link or a file was opened from outside. */
const follow = async (place: GoTo): Promise<void> => {
  if (place.page === 'album') router.go('album', place.albumId);
  else if (place.page === 'downloads') router.go('downloads');
  else if (place.page === 'unlock') await session.open();
  else if (place.page === 'link') await links.look();
  else if (place.page === 'play') {
    router.go('library');
    await player.play([place.trackId]);
  }
  else {
    passportFile.offered = place.path;
    router.go('passport');
  }
};
