/// Where the keyboard goes on after a refusal: to the first field that is wrong, else to the message.
export const toFault = (form: Element): void =>
  void requestAnimationFrame(() =>
    (
      form.querySelector<HTMLElement>('[aria-invalid=true]') ?? form.querySelector<HTMLElement>('[role=alert]')
    )?.focus(),
  );
