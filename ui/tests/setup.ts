/// The invented core, which answers at once, and what the test environment lacks of a browser.
import { connect } from '../src/ipc/client';
import { core } from '../src/ipc/fake';
import { pace } from '../src/ipc/fake/world';

connect(core);
pace.answerMs = 0;
pace.tickMs = 5;
Element.prototype.scrollIntoView ??= () => undefined;
HTMLElement.prototype.showPopover ??= () => undefined;
HTMLElement.prototype.hidePopover ??= () => undefined;
