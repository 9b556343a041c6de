/// Arrow keys in a list of rows: up and down go from a button of a row to the same one of the next,
/// left and right through the buttons of one row. The Tab key reaches them all as ever.
const stops = (row: HTMLElement | undefined): HTMLElement[] =>
  row ? [...row.querySelectorAll<HTMLElement>('button:not(:disabled), a[href]')] : [];

export const rows = (list: HTMLElement): { destroy: () => void } => {
  const press = (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const target = event.target as HTMLElement;
    const row = target.closest<HTMLElement>('[data-row]');
    if (!row || target.matches('select, input')) return;
    const all = [...list.querySelectorAll<HTMLElement>('[data-row]')];
    const here = all.indexOf(row);
    const inRow = stops(row);
    const at = inRow.indexOf(target);
    const beside = (other: HTMLElement | undefined): HTMLElement | undefined => {
      const there = stops(other);
      return there[Math.min(at, there.length - 1)];
    };
    const to: Record<string, HTMLElement | undefined> = {
      ArrowDown: beside(all[here + 1]),
      ArrowUp: beside(all[here - 1]),
      Home: stops(all[0])[0],
      End: stops(all.at(-1))[0],
      ArrowRight: inRow[at + 1],
      ArrowLeft: inRow[at - 1],
    };
    if (!(event.key in to)) return;
    event.preventDefault();
    event.stopPropagation();
    to[event.key]?.focus();
    to[event.key]?.scrollIntoView({ block: 'nearest' });
  };
  list.addEventListener('keydown', press);
  return { destroy: () => list.removeEventListener('keydown', press) };
};
