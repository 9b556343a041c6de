/// What of the window is open: the panel, the sheets, the search.
export type PanelTab = 'lyrics' | 'notes' | 'credits' | 'queue';

const wide = matchMedia('(min-width: 1181px)');

class View {
  wide = $state(wide.matches);
  panel = $state(false);
  tab = $state<PanelTab>('lyrics');
  full = $state(false);
  search = $state(false);
  keys = $state(false);

  constructor() {
    wide.addEventListener('change', () => {
      this.wide = wide.matches;
      this.panel = wide.matches && this.#wanted;
    });
  }
  /** Whether the panel stands beside the page where there is room: from the first music on, until it is closed. */
  #wanted = true;

  /** Something plays for the first time. */
  welcomeMusic(): void {
    if (this.wide && this.#wanted) this.panel = true;
  }

  togglePanel(): void {
    this.panel = !this.panel;
    this.#wanted = this.panel;
  }

  show(tab: PanelTab): void {
    this.tab = tab;
    this.panel = true;
  }
}

export const view = new View();
