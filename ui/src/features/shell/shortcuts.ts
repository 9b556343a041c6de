/// The keys that work everywhere. A field, a dialog or a list may take a key first.
import { typing } from '../../elements/contextMenu';
import { player } from '../../state/player.svelte';
import { router, type Page } from '../../state/router.svelte';
import { view } from '../../state/view.svelte';

const pages: Page[] = ['store', 'library', 'downloads', 'disc'];

const withControl: Record<string, () => void> = {
  k: () => (view.search = true),
  f: () => (view.search = true),
  a: () => undefined, // nobody means the whole page as text; a list takes the key for itself
  ArrowRight: () => void player.next(),
  ArrowLeft: () => void player.previous(),
  ArrowUp: () => void player.louder(1),
  ArrowDown: () => void player.louder(-1),
  ',': () => router.go('settings'),
  ...Object.fromEntries(pages.map((page, i) => [String(i + 1), () => router.go(page)])),
};

const alone: Record<string, () => void> = {
  ' ': () => void player.playPause(),
  '?': () => (view.keys = true),
  '/': () => (view.search = true),
  m: () => void player.setMuted(!player.now.muted),
  l: () => view.togglePanel(),
  f: () => (view.full = !view.full),
};

const withShift: Record<string, () => void> = {
  ArrowRight: () => void player.skip(1),
  ArrowLeft: () => void player.skip(-1),
};

/** What was pressed with the pointer last: it has the focus and keeps it, though nobody means it by the next key. */
let pointed: EventTarget | null = null;
addEventListener('pointerdown', (event) => (pointed = event.target), true);
addEventListener('keydown', (event) => event.key !== ' ' && (pointed = null), true);

/** A control that was reached by the keyboard has its own use for Space. */
const pressable = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  target.matches('button, a, summary, input, [role=option], [role=menuitem]') &&
  !(target.matches('button, a') && pointed instanceof Node && target.contains(pointed));

export const shortcut = (event: KeyboardEvent): void => {
  if (event.defaultPrevented) return;
  const control = event.ctrlKey || event.metaKey;
  const dialog = document.querySelector<HTMLDialogElement>('dialog[open]');
  if (dialog && !dialog.hasAttribute('data-player')) return;
  if (typing(event.target) && !(control && event.key === 'k')) return;
  if (event.altKey) {
    if (event.key === 'ArrowLeft' && !event.defaultPrevented) router.back();
    return;
  }
  if (event.key === ' ' && pressable(event.target)) return;
  const run = control
    ? withControl[event.key]
    : event.shiftKey && withShift[event.key]
      ? withShift[event.key]
      : alone[event.key];
  if (!run) return;
  event.preventDefault();
  run();
};
