/// What the test environment lacks of a browser.
import { pace } from '../src/ipc/fake/world';

pace.answerMs = 0;
pace.tickMs = 5;
Element.prototype.scrollIntoView ??= () => undefined;
HTMLElement.prototype.showPopover ??= () => undefined;
HTMLElement.prototype.hidePopover ??= () => undefined;
