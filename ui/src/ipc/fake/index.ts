/// An invented core with the same door as the real one: for a browser, tests and screenshots.
/// The build of the program never reaches this folder (vite.config.ts).
import type { Core } from '../client';
import type { AudioDevice, Settings } from '../bindings';
import { disc } from './disc';
import { library } from './library';
import { passport } from './passport';
import { playback } from './playback';
import { store } from './store';
import { answer, appState, on, watchPosition, world } from './world';

const devices: AudioDevice[] = [
  { id: 'default', name: 'Built-in speakers', isDefault: true },
  { id: 'usb', name: 'Studio interface (USB)', isDefault: false },
];

export const core: Core = {
  ...disc, ...library, ...passport, ...playback, ...store,
  appState: () => answer(appState),
  settings: () => answer(() => world.settings),
  setSettings: (settings: Settings) => answer(() => (world.settings = settings)),
  devices: () => answer(() => devices),
  pickFolder: () => answer(() => '/home/ada/Music/Discs'),
  pickFile: () => answer(() => '/home/ada/Documents/ada.cadpassport'),
  pickSave: (_kind, name) => answer(() => `/home/ada/Documents/${name}`),
  on,
  watchPosition,
};
