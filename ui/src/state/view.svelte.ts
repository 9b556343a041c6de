/// What of the window is open: the panel, the sheets, the search.
export type PanelTab = 'lyrics' | 'notes' | 'credits' | 'queue';

const wide = matchMedia('(min-width: 1181px)');

class View {
  wide = $state(wide.matches);
  panel = $state(wide.matches);
  tab = $state<PanelTab>('lyrics');
  full = $state(false);
  search = $state(false);
  keys = $state(false);

  constructor() {
    wide.addEventListener('change', () => {
      this.wide = wide.matches;
      this.panel = wide.matches;
    });
  }

  show(tab: PanelTab): void {
    this.tab = tab;
    this.panel = true;
  }
}

export const view = new View();
