/** A wait that can be cut short. */
export class Alarm {
  #wake: () => void = () => {};

  /** Ends the wait that is on. */
  wake(): void {
    this.#wake();
  }

  async wait(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => {};
  }
}
