// M6: 100,000 tracks stay fluid: only what is in view is drawn
import { fireEvent, render, screen } from '@testing-library/svelte';
import { expect, it, vi } from 'vitest';
import { core } from '../../ipc/client';
import SongGrid from './SongGrid.svelte';

const open = async (more: Record<string, unknown> = {}) => {
  const { tracks } = await core.libraryTracks(
    { text: null, albumId: null, artist: null, offset: 0, limit: 1 },
    { by: 'title', descending: false },
  );
  const play = vi.fn();
  render(SongGrid, { label: 'Songs', total: 100_000, row: () => tracks[0], play, menu: () => [], ...more });
  const grid = screen.getByRole('grid', { name: 'Songs' });
  grid.focus();
  return { grid, play };
};

it('draws a screenful of a hundred thousand rows, and says how many there are', async () => {
  const { grid } = await open();
  expect(grid.querySelectorAll('.row').length).toBeLessThan(60);
  expect(grid.getAttribute('aria-rowcount')).toBe('100001');
});

it('plays the row that the arrow keys have reached', async () => {
  const { grid, play } = await open();
  await fireEvent.keyDown(grid, { key: 'ArrowDown' });
  await fireEvent.keyDown(grid, { key: 'ArrowDown' });
  await fireEvent.keyDown(grid, { key: 'Enter' });
  expect(play).toHaveBeenCalledWith(2);
});

it('removes what was selected with Shift', async () => {
  const remove = vi.fn();
  const { grid } = await open({ remove });
  await fireEvent.keyDown(grid, { key: 'ArrowDown' });
  await fireEvent.keyDown(grid, { key: 'ArrowDown', shiftKey: true });
  await fireEvent.keyDown(grid, { key: 'Delete' });
  expect(remove).toHaveBeenCalledWith([1, 2]);
});

it('moves a row with Alt and the arrow keys where the list has an order', async () => {
  const move = vi.fn();
  const { grid } = await open({ move });
  await fireEvent.keyDown(grid, { key: 'ArrowDown', altKey: true });
  expect(move).toHaveBeenCalledWith(0, 1);
});
