/// A button that does its step once when pressed, and again and again while it is held down.
const HELD_MS = 400;
const AGAIN_MS = 250;

export const scan = (button: HTMLElement, step: () => void): { destroy: () => void } => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let scanned = false;
  const again = (): void => {
    scanned = true;
    step();
    timer = setTimeout(again, AGAIN_MS);
  };
  const press = (event: PointerEvent): void => {
    if (event.button) return;
    scanned = false;
    timer = setTimeout(again, HELD_MS);
  };
  const release = (): void => clearTimeout(timer);
  /** The click that ends a scan is no step of its own. */
  const click = (): void => {
    if (!scanned) step();
    scanned = false;
  };
  button.addEventListener('pointerdown', press);
  button.addEventListener('click', click);
  for (const end of ['pointerup', 'pointercancel', 'pointerleave']) button.addEventListener(end, release);
  return { destroy: release };
};
