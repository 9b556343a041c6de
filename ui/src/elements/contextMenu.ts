/// The right button: the menu of the row under the pointer, never the web view's own.
type Open = (x: number, y: number) => void;

const menus = new WeakMap<Element, Open>();

/** Makes a menu's button known, and how its menu is opened elsewhere. */
export const hasMenu = (button: Element, open: Open): void => void menus.set(button, open);

/** Whether text is typed there: such a field keeps the system's own menu and keys. */
export const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches('input:not([type=radio]):not([type=checkbox]), textarea, select');

export const contextMenu = (event: MouseEvent): void => {
  if (typing(event.target)) return;
  event.preventDefault();
  const row = event.target instanceof Element ? event.target.closest('[role=row], [data-row], li') : null;
  const button = row?.querySelector('[aria-haspopup=menu]');
  if (button) menus.get(button)?.(event.clientX, event.clientY);
};
